import { defineConfig } from 'vitest/config';
import { ROOT } from '../sources.ts';

/** The test on a real Slurm, which the others do without: npx vitest run --config test/slurm/vitest.config.ts */
export default defineConfig({
  test: {
    root: ROOT,
    include: ['test/slurm/*.slurm.ts'],
    globalSetup: ['test/build.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
});
