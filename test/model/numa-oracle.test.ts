import fc from 'fast-check';
import { expect, test } from 'vitest';
import { systemSchema } from '../../src/model/systems/schema.ts';
import { fromReferences, nonZero, onCpus, references, runs } from './coherence-runs.ts';
import { type NumaCounts, numaOracle } from './numa-oracle.ts';
import { countsOf, numaMachine, talliesOf } from './numa-runs.ts';
import type { Reference } from './oracle.ts';

const tidy = (counts: NumaCounts): NumaCounts => ({
  ...counts,
  rows: counts.rows.map((layers) =>
    Object.fromEntries(Object.entries(layers).map(([layer, row]) => [layer, nonZero(row)])),
  ),
});

/** The same references, none by the unmapped segment. */
const mappedOnly = (list: readonly Reference[]): Reference[] =>
  list.map((r) => (r.space < 0 ? { ...r, space: 0, mapped: true, page: 2 * r.physicalPage } : r));

test('pages that move: agrees with the slow oracle to the last count on random machines and traces', async () => {
  await fc.assert(
    fc.asyncProperty(
      numaMachine,
      references(250),
      fc.integer({ min: 1, max: 300 }),
      fc.boolean(),
      async ({ input, cpus }, list, perChunk, withKernel) => {
        const mine = onCpus(withKernel ? list : mappedOnly(list), cpus);
        const expected = tidy(numaOracle(systemSchema.parse(input), mine, cpus, perChunk));
        const [tally] = await talliesOf([input], fromReferences(mine, cpus, perChunk));
        expect(countsOf(tally!)).toEqual(expected);
      },
    ),
    runs(250),
  );
});
