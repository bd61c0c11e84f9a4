import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { DESIGNS, parsePlan, planSchema } from '../../src/sweep/plan.ts';
import { PRICED_PATHS } from '../../src/sweep/structure.ts';
import { ROOT } from '../sources.ts';

const page = readFileSync(`${ROOT}docs/sweeps.md`, 'utf8');
const block = (language: string): string =>
  new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page)![1]!;

test('docs/sweeps.md names all designs, all prices outside prices, and every field of a plan', () => {
  for (const word of [...DESIGNS, ...PRICED_PATHS]) expect(page).toContain(`\`${word}\``);
  const { written, ...plan } = parsePlan(block('yaml'), 'docs/sweeps.md');
  expect([...written!.keys()]).toEqual(plan.axes!.map(({ path }) => path));
  expect(Object.values(plan)).not.toContain(undefined);
  expect(Object.keys(plan).length).toBe(Object.keys(planSchema.shape).length);
});

test('its program runs as it stands', () => {
  // Inside the package, so that its own name resolves as it does for a user.
  const path = `${ROOT}dist/sweeps-example-${process.pid}.mjs`;
  writeFileSync(path, block('js'));
  try {
    expect(execFileSync(process.execPath, [path], { cwd: ROOT, encoding: 'utf8' })).toBe(
      "18 0\n[ 'disco: 0', 'disco: 0', 'disco: 0' ]\ntrue\n",
    );
  } finally {
    rmSync(path);
  }
});
