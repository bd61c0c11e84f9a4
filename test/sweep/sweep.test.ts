import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { elapsedPs } from '../../src/model/pricing/actions.ts';
import { sumBy } from '../../src/model/pricing/breakdown.ts';
import { pricingColumns } from '../../src/model/pricing/compiled.ts';
import { compareSystems } from '../../src/model/run.ts';
import { applyOverrides, parseOverride } from '../../src/model/systems/load.ts';
import type { System } from '../../src/model/systems/schema.ts';
import { sumCounter } from '../../src/model/tally.ts';
import { layOut } from '../../src/sweep/layout.ts';
import { OUTPUTS } from '../../src/sweep/outputs.ts';
import { checkReplay, replayStructures } from '../../src/sweep/replays.ts';
import { workOf } from '../../src/sweep/run.ts';
import { sweepTrace } from '../../src/sweep/sweep.ts';
import type { Design, Plan, SweepResult } from '../../src/sweep/types.ts';
import { InputError } from '../../src/trace/errors.ts';
import type { Trace } from '../../src/trace/types.ts';
import { analysed } from './analysed.ts';
import { planOf, presets, workload } from './sweeps.ts';

const one = await workload('workload:services?cpus=1&instructions=2K');
const four = await workload('workload:services?cpus=4&instructions=3K');

/** Cells of a sweep that are run alone, too. */
const MOST_ALONE = 5;

/** What `vmtax run` would say of a row: the systems with the row's values, by the rules of `--set`. */
async function alone(
  trace: Trace,
  systems: readonly System[],
  plan: Plan,
  result: SweepResult,
): Promise<void> {
  const cells = groupBy(result.rows, (row) => row.cell);
  const step = Math.ceil(cells.length / MOST_ALONE);
  for (const rows of cells.filter((_, at) => at % step === 0)) {
    const overrides = plan.axes.flatMap(({ path }) => {
      const bare = path.slice(path.indexOf(':') + 1);
      const mine = rows.find(({ system }) => bare === path || system === path.slice(0, path.indexOf(':')))!;
      const value = mine.values[bare] ?? rows.find((row) => row.values[bare] !== null)?.values[bare] ?? null;
      return [parseOverride(`${path}=${value}`)];
    });
    const set = [...plan.set.map(parseOverride), ...overrides];
    const { runs } = await compareSystems(trace, applyOverrides(systems, set), {
      warmup: plan.warmup,
      baseline: null,
      seeds: 1,
    });
    expect(rows.map(({ system }) => system)).toEqual(runs.map(({ name }) => name));
    for (const [at, { breakdown, tally }] of runs.entries()) {
      const { outputs, ...row } = rows[at]!;
      expect(row).toMatchObject({
        instructions: tally.instructions,
        total_ps: breakdown.total_ps,
        elapsed_ps: elapsedPs(breakdown),
      });
      const expected = Object.fromEntries(OUTPUTS.slice(3).map(({ key }) => [key, 0]));
      for (const [category, ps] of sumBy(breakdown, (part) => part.category))
        expected[`category.${category}`] = ps;
      for (const [cause, ps] of sumBy(breakdown, (part) => part.cause)) expected[`cause.${cause}`] = ps;
      for (const key of Object.keys(expected)) if (key.startsWith('count.')) expected[key] = outputs[key]!;
      expect(outputs).toEqual(expected);
      expect(outputs['count.l2_misses']).toBe(
        (['l2_fetch_misses', 'l2_load_misses', 'l2_store_misses'] as const).reduce(
          (sum, counter) => sum + sumCounter(tally, counter),
          0,
        ),
      );
      expect(outputs['count.l2tlb_hits']).toBe(sumCounter(tally, 'count', (row) => row.layer === 'l2tlb'));
    }
  }
}

function groupBy<K, V>(values: readonly V[], key: (value: V) => K): V[][] {
  const groups = new Map<K, V[]>();
  for (const value of values) groups.set(key(value), [...(groups.get(key(value)) ?? []), value]);
  return [...groups.values()];
}

/** Axes of every kind; each list is a path with choices. */
const AXES: readonly (readonly [path: string, values: readonly string[]])[] = [
  ['machine.l2.size', ['256K', '512K', '2M']],
  ['machine.tlb.entries', ['16', '64', '128']],
  ['machine.tlb.replacement', ['lru', 'random']],
  ['monitor.l2tlb.entries', ['0', '64', '1024']],
  ['monitor.patched_hal', ['true', 'false']],
  ['machine.placement', ['first-touch', 'round-robin']],
  ['machine.contention', ['none', 'deterministic', 'exponential']],
  ['machine.disks', ['0', '1', '3']],
  ['os.jobs', ['1', '4']],
  ['prices.remote_ns', ['600', '900', '1234.5']],
  ['disco:prices.emulate_cycles', ['0', '170']],
  ['prices.refill_cycles', ['14', '33']],
  ['prices.hop_ns', ['0', '50']],
];

const axes = fc
  .uniqueArray(fc.nat(AXES.length - 1), { minLength: 1, maxLength: 3 })
  .chain((picked) =>
    fc.tuple(
      ...picked.map((at) =>
        fc.subarray([...AXES[at]![1]], { minLength: 1 }).map((values) => [at, values] as const),
      ),
    ),
  )
  .map((list) => list.map(([at, values]) => `${AXES[at]![0]}=${values.join(',')}`));

describe('every cell equals the same configuration run alone', () => {
  test.each([
    ['one CPU', one, 5],
    ['four CPUs', four, 5],
  ] as const)('random sweeps, %s', async (_, trace, numRuns) => {
    const systems = presets('irix', 'disco');
    await fc.assert(
      fc.asyncProperty(axes, fc.constantFrom(null, 0, 777), async (vary, warmup) => {
        const plan = planOf(vary, { warmup, set: ['prices.cycle_ns=2'] });
        const result = await sweepTrace(trace, systems, plan);
        const cells = plan.axes.reduce((product, { values }) => product * values.length, 1);
        expect(result.failures).toEqual([]);
        expect(result.rows.length).toBe(cells * systems.length);
        expect(new Set(result.rows.map(({ cell, system }) => `${cell} ${system}`)).size).toBe(
          result.rows.length,
        );
        await alone(trace, systems, plan, result);
      }),
      { numRuns },
    );
  });

  test('other designs', async () => {
    const systems = presets('disco', 'irix');
    const designs: Design[] = [{ kind: 'one-at-a-time' }, { kind: 'latin-hypercube', points: 5, seed: 3 }];
    for (const design of designs) {
      const vary = ['machine.l2.size=256K,512K', 'prices.local_ns=100..500+100', 'disco:os.jobs=1,2'];
      const plan = planOf(vary, { design });
      const result = await sweepTrace(one, systems, plan);
      expect(result.rows.length).toBe(2 * (design.kind === 'one-at-a-time' ? 10 : 5));
      await alone(one, systems, plan, result);
    }
  });

  test('rows say what the system has: its own value where an axis is not for it, null where it has none', async () => {
    const plan = planOf(['disco:prices.local_ns=111', 'monitor.l2tlb.entries=8']);
    const { rows } = await sweepTrace(one, presets('irix', 'disco'), plan);
    expect(rows.map(({ system, values }) => [system, values])).toEqual([
      ['irix', { 'prices.local_ns': 300, 'monitor.l2tlb.entries': null }],
      ['disco', { 'prices.local_ns': 111, 'monitor.l2tlb.entries': 8 }],
    ]);
  });

  test('what is asked beyond the rows is answered, as on the command line', async () => {
    const plan = planOf(['prices.trap_cycles=0..200+100', 'machine.tlb.entries=16,64']);
    const request = {
      breakEven: [
        { path: 'prices.trap_cycles', low: null, high: null },
        { path: 'machine.tlb.entries', low: null, high: null },
      ],
      sensitivity: { samples: 100, seed: 3 },
    };
    const systems = presets('irix', 'disco');
    const { rows, analysis } = await sweepTrace(one, systems, plan, { ask: request });
    const view = await analysed(one, systems, plan, { request });
    expect(analysis.breakEven.length).toBe(2 + 3);
    expect(analysis.sensitivity.length).toBe(1);
    expect(JSON.stringify(analysis)).toBe(
      JSON.stringify(view.analysis).replaceAll(
        '"trace":"trace"',
        `"trace":${JSON.stringify(plan.traces[0])}`,
      ),
    );
    const plain = await sweepTrace(one, systems, plan);
    expect(plain.rows).toEqual(rows);
    expect(plain.analysis).toEqual({ breakEven: [], sensitivity: [] });
    const unknown = { breakEven: [{ path: 'machine.l2.size', low: null, high: null }] };
    await expect(sweepTrace(one, systems, plan, { ask: unknown })).rejects.toThrow('vary it, too');
  });
});

test('outputs are the columns of compiled pricing, with counts after them', () => {
  const priced = pricingColumns(1).slice(0, -1);
  const mine = OUTPUTS.slice(1, 1 + priced.length).map(
    ({ key, unit }) => `${key}${/^(total|elapsed)$/.test(key) ? `_${unit}` : ''}`,
  );
  expect(mine).toEqual(priced);
});

describe('the plan of the work', () => {
  const laid = (vary: readonly string[], systems = presets('irix', 'disco'), trace = one) =>
    layOut(planOf(vary), [{ name: 'trace', identity: 'x', header: trace.header, systems }], {
      mostCells: 1e6,
      model: 'test',
      check: checkReplay,
    });
  const work = async (vary: readonly string[]) => workOf(await laid(vary), null, { index: 1, of: 1 });

  test('prices need no replay of their own, and a system only those that concern it', async () => {
    const { structures, units } = await work(['prices.local_ns=1..1000+1', 'machine.disks=0..9+1']);
    expect(structures.length).toBe(2);
    expect(units.reduce((sum, { cells }) => sum + cells.length, 0)).toBe(20_000);
    expect((await work(['monitor.l2tlb.entries=0,64,1024', 'prices.local_ns=1,2'])).structures.length).toBe(
      4,
    );
    expect((await work(['machine.l2.size=1M,2M', 'monitor.l2tlb.entries=0,64'])).structures.length).toBe(6);
    expect((await work(['disco:machine.l2.size=1M,2M,4M'])).structures.length).toBe(4);
  });

  test('the order of axes changes no id', async () => {
    const ids = async (vary: readonly string[]) => (await work(vary)).units.map(({ id }) => id).sort();
    const axis = ['machine.l2.size=1M,2M', 'monitor.l2tlb.entries=0,64'];
    expect(await ids(axis)).toEqual(await ids([...axis].reverse()));
  });

  test('ids change with trace, model, warm-up, systems and values', async () => {
    const systems = presets('irix', 'disco');
    const of = async (
      plan: Partial<Plan>,
      trace: { identity?: string; systems?: System[] } = {},
      model = 'test',
    ): Promise<string> => {
      const full = { ...planOf(['prices.local_ns=1,2']), ...plan };
      const { units, cellId } = await layOut(
        full,
        [{ name: 'trace', identity: 'x', header: one.header, systems, ...trace }],
        { mostCells: 10, model, check: checkReplay },
      );
      return `${units[0]!.id} ${cellId(0, 0)}`;
    };
    const all = [
      await of({}),
      await of({ warmup: 5 }),
      await of({}, {}, 'other'),
      await of({}, { identity: 'y' }),
      await of({}, { systems: applyOverrides(systems, [parseOverride('irix:prices.remote_ns=5')]) }),
      await of(planOf(['prices.local_ns=3,2'])),
      await of(planOf(['prices.remote_ns=1,2'])),
    ];
    expect(new Set(all.flatMap((id) => id.split(' '))).size).toBe(2 * all.length);
    expect(await of({})).toBe(all[0]);
  });

  test('shards are disjoint and together are everything, whatever their number', async () => {
    for (const vary of [
      ['machine.l2.size=1M,2M,4M', 'prices.local_ns=1,2'],
      ['prices.local_ns=1..40000+1'],
    ]) {
      const layout = await laid(vary);
      const whole = await workOf(layout, null, { index: 1, of: 1 });
      for (const of of [1, 2, 3, 7, 50]) {
        const parts = await Promise.all(
          Array.from({ length: of }, (_, i) => workOf(layout, null, { index: i + 1, of })),
        );
        expect(parts.flatMap(({ units }) => units.map(({ id }) => id)).sort()).toEqual(
          whole.units.map(({ id }) => id).sort(),
        );
        const structures = parts.flatMap(({ structures }) => structures);
        if (layout.structures.length >= of) expect(structures).toEqual(whole.structures);
        // As evenly as it goes.
        const sizes = parts.map((part) =>
          layout.structures.length >= of ? part.structures.length : part.units.length,
        );
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }
    }
  });

  test('a shard has all systems of its points, but where a point lies between two shards', async () => {
    for (const [vary, of] of [
      [['machine.l2.size=256K..8M*2', 'machine.tlb.entries=32,64'], 3],
      [['machine.l2.size=256K..8M*2', 'prices.local_ns=1,2'], 4],
      [['prices.local_ns=1..60000+1'], 4],
    ] as const) {
      const layout = await laid(vary);
      const split = new Set<number>();
      for (let index = 1; index <= of; index++) {
        const systems = new Map<number, Set<number>>();
        for (const { group, cells } of (await workOf(layout, null, { index, of })).units)
          systems.set(cells[0]!, (systems.get(cells[0]!) ?? new Set()).add(group.base));
        const alone = [...systems].filter(([, bases]) => bases.size < 2).map(([cell]) => cell);
        expect(alone.length).toBeLessThanOrEqual(2);
        expect(alone.length).toBeLessThan(systems.size);
        for (const cell of alone) split.add(cell);
      }
      expect(split.size).toBeLessThan(of);
    }
  });
});

describe('what goes wrong', () => {
  const refused = async (
    vary: readonly string[],
    says: string,
    systems = presets('irix', 'disco'),
    trace = four,
  ): Promise<void> => {
    const sweep = sweepTrace(trace, systems, planOf(vary));
    await expect(sweep).rejects.toThrow(InputError);
    await expect(sweep).rejects.toThrow(says);
    await expect(sweep).rejects.not.toThrow('\n');
  };

  test.each([
    [['machine.l3.size=1M'], '--vary machine.l3.size=1000000: no such field in irix, disco'],
    [['nosuch:prices.local_ns=1'], 'no system nosuch in this sweep (irix, disco)'],
    [['prices.local_ns=-1'], '--vary prices.local_ns=-1'],
    [['prices.local_ns=soon'], 'expected a number'],
    [['machine.disks=1..4+0.5'], 'machine.disks'],
    [['machine.disks=1..2000+1'], 'machine.disks'],
    [['machine.l2.size=100000'], 'must be a power of two'],
    [['machine.l2.size=16K,1M', 'machine.l1d.size=32K'], 'do not fit'],
    [
      ['machine.l2.ways=2,4', 'machine.l2.size=1M,256'],
      '(in the cell machine.l2.ways=2, machine.l2.size=256)',
    ],
    [['machine.cpus=2,4'], 'has 2 CPUs and the trace'],
    [['machine.nodes=2,3'], '4 CPUs do not divide evenly over 3 nodes (in the cell machine.nodes=3)'],
    [['monitor.vms.count=2,3'], '3'],
    [['prices.local_ns=1,2', 'disco:prices.local_ns=3'], 'varied twice'],
    [['prices.local_ns=1..1001+1', 'prices.remote_ns=1..1001+1'], '1,002,001 cells are more than 1,000,000'],
  ] as const)('%j is one line before any replay', (vary, says) => refused(vary, says));

  test('a price that cannot be added up fails its rows alone', async () => {
    const plan = planOf(['prices.cycle_ns=1,1e300,2', 'machine.l2.size=1M,2M']);
    const { rows, failures } = await sweepTrace(one, presets('irix', 'disco'), plan);
    expect(rows.length).toBe(8);
    expect(rows.every(({ total_ps, values }) => total_ps > 0 && values['prices.cycle_ns'] !== 1e300)).toBe(
      true,
    );
    expect(failures.map(({ system }) => system)).toEqual(['irix', 'irix', 'disco', 'disco']);
    expect(failures[0]!.message).toContain('lower the prices');
  });

  test('a structure that fails while it is replayed leaves the others alone', async () => {
    const [irix, disco] = presets('irix', 'disco');
    const narrow = applyOverrides(
      [disco!],
      [parseOverride('machine.cpus=2'), parseOverride('monitor.schedule.buffer_bytes=1')],
    )[0]!;
    const options = { warmup: 0 };
    const settled = await replayStructures(four, four.summary()!, [irix!, narrow, disco!], options);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const [first] = await replayStructures(four, four.summary()!, [irix!], options);
    expect(settled[0]).toEqual(first);
  });

  test('an interrupted sweep ends as interrupted', async () => {
    const controller = new AbortController();
    const sweep = sweepTrace(one, presets('irix', 'disco'), planOf(['prices.local_ns=1..100000+1']), {
      signal: controller.signal,
      progress: (what) => {
        if (what.startsWith('pricing')) controller.abort();
      },
    });
    await expect(sweep).rejects.toMatchObject({ name: 'AbortError' });
  });
});
