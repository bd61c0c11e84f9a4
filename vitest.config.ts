import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/build.ts'],
    // By default vitest leaves one core to itself, which on two cores means one file at a time.
    maxWorkers: '100%',
    // For what hangs, also where everything takes several times as long.
    testTimeout: 180_000,
    hookTimeout: 180_000,
  },
});
