import { expect, test } from 'vitest';
import { applyOverrides, parseOverride } from '../../src/model/systems/load.ts';
import { announce, secondsOf } from '../../src/sweep/estimate.ts';
import { layOut } from '../../src/sweep/layout.ts';
import { checkReplay, replayCount, replayInGroups, replayStructures } from '../../src/sweep/replays.ts';
import { WHOLE, workOf } from '../../src/sweep/run.ts';
import { planOf, presets, workload } from './sweeps.ts';

/** What is said of a sweep before and while it works. */

const trace = await workload('workload:services?cpus=1&instructions=20K');
const summary = trace.summary()!;
const laid = (vary: readonly string[]) =>
  layOut(
    planOf(vary),
    [{ name: 'trace', identity: 'x', header: trace.header, systems: presets('irix', 'disco') }],
    { mostCells: 1e6, model: '', check: checkReplay },
  );

test('structures that one replay serves are said to be served by one', async () => {
  const said = async (vary: readonly string[]): Promise<string> => {
    const layout = await laid(vary);
    return announce(layout, await workOf(layout, null, WHOLE), [1e6]);
  };
  expect(await said(['machine.tlb.entries=16,32'])).toMatch(/^2 cells, 4 rows, 4 replays, 4 price points; /);
  // Eight sizes of a cache of either system.
  expect(await said(['machine.l2.size=64K..8M*2'])).toContain('16 structures in 2 replays');
  expect(await said(['machine.l2.size=64K..8M*2', 'machine.tlb.entries=16,32'])).toContain(
    '32 structures in 4 replays',
  );
  expect(replayCount([], trace.header)).toBe(0);
});

test('files of many rows take their time, too', async () => {
  const layout = await laid(['prices.local_ns=1..1000+1', 'prices.remote_ns=1..500+1']);
  const work = { units: [], structures: [] };
  expect(announce(layout, work, [0])).toMatch(/1,000,000 rows, .*; less than a second$/);
  const said = announce(layout, work, [0], ['csv', 'parquet']);
  const seconds = Number(/about (\d+) seconds$/.exec(said)?.[1]);
  expect(seconds).toBeGreaterThan(5);
  expect(announce(layout, work, [0], ['csv'])).not.toBe(said);
});

test('progress never goes back, ends at the whole, and every structure comes once', async () => {
  const { structures } = await laid(['machine.l2.size=256K..1M*2', 'machine.tlb.entries=16..26+2']);
  const systems = structures.map(({ system }) => system);
  const shares: number[] = [];
  const options = {
    warmup: 0,
    progress: (done: number, total: number) => void shares.push(done / total),
  };
  const found = new Map<number, unknown>();
  for await (const { at, result } of replayInGroups(trace, summary, systems, options)) {
    expect(found.has(at)).toBe(false);
    found.set(at, result);
  }
  expect(shares).toEqual([...shares].sort((a, b) => a - b));
  expect(shares.at(-1)).toBeCloseTo(1, 9);
  const alone = await replayStructures(trace, summary, systems, { warmup: 0 });
  expect(systems.map((_, at) => found.get(at))).toEqual(alone);
});

test('time: by how much is replayed, where recordings go faster than descriptions', async () => {
  const layout = await laid(['machine.tlb.entries=16,32']);
  const work = { ...(await workOf(layout, null, WHOLE)), units: [] };
  const seconds = secondsOf(layout, work, [10e6]);
  expect(secondsOf(layout, work, [20e6])).toBeCloseTo(2 * seconds);
  const [known] = layout.traces;
  const recorded = { ...layout, traces: [{ ...known!, header: { ...known!.header, format: 'lackey' } }] };
  expect(secondsOf(recorded, work, [10e6])).toBeLessThan(seconds);
  expect(secondsOf(recorded, work, [null])).toBe(0);
});

test('time: prices take longer where contention is solved, the more so the more CPUs meet', async () => {
  const seconds = async (cpus: number, contention: string): Promise<number> => {
    const many = await workload(`workload:services?cpus=${cpus}&instructions=10K`);
    const layout = await layOut(
      planOf(['prices.local_ns=100..1100+10']),
      [
        {
          name: 'trace',
          identity: 'x',
          header: many.header,
          systems: applyOverrides(presets('disco'), [parseOverride(`machine.contention=${contention}`)]),
        },
      ],
      { mostCells: 1e6, model: '', check: checkReplay },
    );
    const work = await workOf(layout, null, WHOLE);
    return secondsOf(layout, { ...work, structures: [] }, [0]);
  };
  const free = await seconds(8, 'none');
  expect(free).toBeCloseTo(await seconds(2, 'none'), 12);
  const [two, eight] = [await seconds(2, 'deterministic'), await seconds(8, 'deterministic')];
  expect(two).toBeGreaterThan(free);
  expect((eight - free) / (two - free)).toBeCloseTo(16, 6);
});
