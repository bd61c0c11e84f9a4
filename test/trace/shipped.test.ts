import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../src/trace/store/read.ts';
import { traceTotals } from '../../src/trace/totals.ts';

const FOLDER = join(import.meta.dirname, '../../traces');
const SUFFIX = '.expected.json';
const names = readdirSync(FOLDER)
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length));

// The published totals of each recording, beside what its store gives.
describe.each(names)('the shipped trace %s', (name) => {
  it('has the published totals, every one of them', async () => {
    const expected: Record<string, number> = JSON.parse(readFileSync(join(FOLDER, name + SUFFIX), 'utf8'));
    const trace = await openStore(join(FOLDER, `${name}.vmt`));
    const totals = await traceTotals(trace);
    await trace.close();
    expect(Object.keys(expected).length).toBeGreaterThanOrEqual(67);
    expect(totals).toMatchObject(expected);
    // All traps of RDHWR are set aside; runs follow from each other; nothing came too late.
    expect(totals).toMatchObject({
      'rdhwr.traps': expected['exceptions.cause10'],
      'flow.runs.wrong': 0,
      'file.unresolved': 0,
    });
    expect(trace.summary()?.refill?.count).toBe(expected['exceptions.refill']);
  });
});

it('malta64-pmake begins 37,833 of its refills with a failed attempt, 3,761 of them with the branch before', async () => {
  const trace = await openStore(join(FOLDER, 'malta64-pmake.vmt'));
  const summary = trace.summary();
  await trace.close();
  expect(summary?.totals).toMatchObject({
    'refill.failedAttempts': 37_833,
    'refill.failedBranches': 3761,
    // Where the branch is the last instruction of a page, it stands in a record of its own.
    'refill.failedBranchesBefore': 4,
    'refill.fetchBranches': 31,
  });
});

it('the system traces are shipped', () => {
  expect(names).toEqual(expect.arrayContaining(['malta32x2-pmake', 'malta64-db', 'malta64-pmake']));
});
