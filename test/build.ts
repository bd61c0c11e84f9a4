import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { filesBelow, ROOT } from './sources.ts';

/**
 * Builds dist before the tests where a source is newer than it, so that tests of the command line never run
 * an old program. Once per run of vitest: test files that built it themselves would do so under each other's
 * feet.
 */
export function setup(): void {
  const made = ['dist/cli/main.js', 'dist/report/live/bundle.js'].map(
    (path) => statSync(`${ROOT}${path}`, { throwIfNoEntry: false })?.mtimeMs ?? 0,
  );
  const newest = Math.max(...filesBelow('src').map((path) => statSync(`${ROOT}src/${path}`).mtimeMs));
  if (newest < Math.min(...made)) return;
  for (const step of [
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
    ['scripts/bundle.mjs'],
  ])
    execFileSync(process.execPath, step, { cwd: ROOT, stdio: 'inherit' });
}
