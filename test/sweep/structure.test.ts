import { describe, expect, test } from 'vitest';
import { replayAll } from '../../src/model/compare.ts';
import { flatten } from '../../src/model/systems/ledger.ts';
import { applyOverrides } from '../../src/model/systems/load.ts';
import type { System } from '../../src/model/systems/schema.ts';
import { leafAt, withLeaf } from '../../src/sweep/leaves.ts';
import { isPrice, PRICED_PATHS, structureKey } from '../../src/sweep/structure.ts';
import { presets, workload } from './sweeps.ts';

/** Another value that a leaf may have. */
function other(path: string, value: unknown): unknown {
  if (path === 'machine.contention') return value === 'none' ? 'exponential' : 'none';
  if (path === 'prices.refill_cycles' && value === 'recorded') return 14;
  if (typeof value === 'number') return value === 0 ? 3 : value * 2;
  if (typeof value === 'boolean') return !value;
  return `${value}x`;
}

const changed = (system: System, path: string): System => {
  const keys = path.split('.');
  return withLeaf(system, keys, other(path, leafAt(system, keys)));
};

describe('structure and prices', () => {
  // Locks, disks, services, virtual machines on few CPUs, page moves: whatever could look at a price.
  const [scheduled] = applyOverrides(presets('disco-2vms'), [
    { system: null, path: ['machine', 'cpus'], value: 2, text: '' },
  ]);
  const cases = [
    ['workload:services?cpus=4&instructions=3K', [scheduled!, ...presets('disco-numa')]],
    ['workload:services?cpus=1&instructions=2K', presets('linux-mips')],
  ] as const;

  test.each(cases)('%s: no price changes a tally', async (spec, systems) => {
    const trace = await workload(spec);
    for (const system of systems) {
      const paths = [...flatten(system).keys()].filter(isPrice);
      expect(paths).toEqual(expect.arrayContaining([...PRICED_PATHS]));
      expect(paths.length).toBe(PRICED_PATHS.length + Object.keys(system.prices).length);
      const variants = paths.map((path) => changed(system, path));
      const { tallies } = await replayAll(trace, trace.summary()!, [system, ...variants], { warmup: 1000 });
      const [own, ...theirs] = tallies;
      expect(own!.instructions).toBeGreaterThan(0);
      const text = JSON.stringify(own);
      expect(theirs.flatMap((tally, at) => (JSON.stringify(tally) === text ? [] : [paths[at]]))).toEqual([]);
    }
  });

  test('the key tells systems apart by every leaf that is no price and no name, and by nothing else', () => {
    for (const system of presets('disco-numa', 'irix')) {
      const key = structureKey(system);
      for (const path of flatten(system).keys()) {
        const same = isPrice(path) || path === 'os.name' || path === 'monitor.name';
        expect(structureKey(changed(system, path)) === key, path).toBe(same);
      }
      expect(structureKey({ ...system, name: 'x', description: 'y', sources: {} })).toBe(key);
    }
  });

  test('windows are structure, though only queues look at them', async () => {
    const trace = await workload(cases[0][0]);
    const [system] = presets('irix-numa');
    const fewer = withLeaf(system!, ['machine', 'contention_windows'], 8);
    const { tallies } = await replayAll(trace, trace.summary()!, [system!, fewer], { warmup: 0 });
    expect(tallies[0]).not.toEqual(tallies[1]);
  });
});
