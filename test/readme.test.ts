import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

test('the README’s program runs as it stands', () => {
  const program = /```js\n([\s\S]*?)```/.exec(readFileSync(`${ROOT}README.md`, 'utf8'))![1]!;
  // Inside the package, so that its own name resolves as it does for a user.
  const path = `${ROOT}dist/readme-example-${process.pid}.mjs`;
  writeFileSync(path, program);
  try {
    const output = execFileSync(process.execPath, [path], { cwd: ROOT, encoding: 'utf8' });
    expect(output).toContain('disco');
    expect(output).toMatch(/total +\d/);
  } finally {
    rmSync(path);
  }
});
