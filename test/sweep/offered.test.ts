import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { price } from '../../src/model/pricing/price.ts';
import { resolvePrices } from '../../src/model/systems/resolve.ts';
import { countedOffers, keeper } from '../../src/sweep/kept.ts';
import { layOut } from '../../src/sweep/layout.ts';
import { evenly, keptStructures, offersOf } from '../../src/sweep/offered.ts';
import { checkReplay } from '../../src/sweep/replays.ts';
import type { Plan } from '../../src/sweep/types.ts';
import { analysed } from './analysed.ts';
import { planOf, presets, workload } from './sweeps.ts';

const trace = await workload('workload:services?cpus=2&instructions=4K');
const folder = mkdtempSync(join(tmpdir(), 'vmtax-kept-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const systems = presets('irix', 'disco');
const laid = (plan: Plan) =>
  layOut(plan, [{ name: 'trace', identity: 'trace', header: trace.header, systems }], {
    mostCells: 1e6,
    model: '',
    check: checkReplay,
  });

test('evenly: so many, in order, with both ends and the one that has to be there', () => {
  const cases = fc
    .tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 60 }))
    .chain(([count, most]) => fc.tuple(fc.constant(count), fc.constant(most), fc.nat(count - 1)));
  fc.assert(
    fc.property(cases, ([count, most, always]) => {
      const picked = evenly(count, most, always);
      expect(picked).toEqual([...new Set(picked)].sort((a, b) => a - b));
      expect(picked.length).toBe(Math.min(count, most));
      expect(picked).toContain(always);
      expect(picked.every((at) => at >= 0 && at < count)).toBe(true);
      if (most > 3) expect(picked).toEqual(expect.arrayContaining([0, count - 1]));
      const gaps = picked.slice(1).map((at, i) => at - picked[i]!);
      if (most > 3) expect(Math.max(1, ...gaps)).toBeLessThanOrEqual(2 + (2 * count) / most);
    }),
  );
});

describe('offers', () => {
  test('combinations of structure, without prices, and the one nearest to the systems as they are', async () => {
    const [offer] = offersOf(
      await laid(
        planOf(['machine.tlb.entries=16,48,256', 'prices.local_ns=1..5+1', 'monitor.l2tlb.entries=0,1024']),
      ),
    );
    expect(offer!.of).toBe(6);
    expect(offer!.combinations.map(({ values }) => Object.values(values))).toEqual([
      [16, 0],
      [16, 1024],
      [48, 0],
      [48, 1024],
      [256, 0],
      [256, 1024],
    ]);
    // A TLB of 64 entries, a second-level one of 1024.
    expect(offer!.start).toBe(3);
    expect(new Set(offer!.combinations.map(({ id }) => id)).size).toBe(6);
    for (const { groups } of offer!.combinations)
      expect(groups.map(({ system }) => system.name)).toEqual(['irix', 'disco']);
  });

  test('prices alone: one; many structures: some of them', async () => {
    const [one] = offersOf(await laid(planOf(['prices.local_ns=1..5+1'])));
    expect([one!.of, one!.combinations.length, one!.combinations[0]!.values]).toEqual([1, 1, {}]);
    const layout = await laid(planOf(['machine.tlb.entries=1..120+1']));
    const [many] = offersOf(layout);
    expect([many!.of, many!.combinations.length]).toEqual([120, 48]);
    expect(many!.combinations[many!.start]!.values).toEqual({ 'machine.tlb.entries': 64 });
    expect(keptStructures(layout).size).toBe(96);
  });

  test('ids say what a structure is, wherever it stands', async () => {
    const idOf = async (vary: string, at: number): Promise<string> =>
      offersOf(await laid(planOf([vary])))[0]!.combinations[at]!.id;
    expect(await idOf('machine.tlb.entries=32,64', 1)).toBe(await idOf('machine.tlb.entries=64,16', 0));
    expect(await idOf('machine.tlb.entries=32,64', 0)).not.toBe(await idOf('machine.tlb.entries=64,16', 0));
  });
});

test('what is kept comes back, prices to the rows of the sweep, and is not believed when it is damaged', async () => {
  const plan = planOf(['machine.tlb.entries=32,64', 'monitor.l2tlb.entries=0,1024']);
  const view = await analysed(trace, systems, plan, { directory: folder });
  const [offer] = view.offers;
  expect(offer!.combinations.length).toBe(4);
  for (const [at, { tallies, systems }] of offer!.combinations.entries())
    for (const [i, tally] of tallies.entries()) {
      const prices = resolvePrices(systems[i]!, offer!.summary);
      expect(price(tally, prices, systems[i]!).breakdown.total_ps).toBe(view.totals[0]![i]![at]);
    }
  // Six replays: the second-level TLB is nothing to the system without a monitor.
  const names = readdirSync(folder).filter((name) => name.endsWith('.tally'));
  expect(names.length).toBe(6);
  const file = join(folder, names[0]!);
  const bytes = readFileSync(file);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(file, bytes);
  const [rest] = await countedOffers(view.layout, folder);
  expect(rest!.combinations.length).toBeLessThan(4);
  expect(await countedOffers(view.layout, mkdtempSync(join(folder, 'empty-')))).toEqual([null]);
  // Written again, by whoever replays it.
  const keep = keeper(view.layout, folder);
  for (const { groups, tallies } of offer!.combinations)
    for (const [i, { structure }] of groups.entries()) await keep(structure, tallies[i]!, offer!.summary);
  expect(await countedOffers(view.layout, folder)).toEqual(view.offers);
});
