import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { filesBelow, ROOT } from './sources.ts';

/**
 * Builds dist before the tests where a source is newer than it, so that tests of the command line never run
 * an old program. Once per run of vitest: test files that built it themselves would do so under each other's
 * feet.
 */
export function setup(): void {
  const built = statSync(`${ROOT}dist/cli/main.js`, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const newest = Math.max(...filesBelow('src').map((path) => statSync(`${ROOT}src/${path}`).mtimeMs));
  if (newest < built) return;
  execFileSync(process.execPath, [`${ROOT}node_modules/typescript/bin/tsc`, '-p', 'tsconfig.build.json'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
}
