import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { CAUSES, type Cause, sumBy } from '../../src/model/pricing/breakdown.ts';
import { fieldDoc } from '../../src/model/systems/ledger.ts';
import { presetSystem } from '../../src/model/systems/load.ts';
import { systemSchema } from '../../src/model/systems/schema.ts';
import { factsOf } from '../../src/report/facts.ts';
import { changeContent, groupContents, timeContent } from '../../src/report/html/contents.ts';
import { numaContents } from '../../src/report/html/numa.ts';
import { renderHtml } from '../../src/report/html.ts';
import { renderJson } from '../../src/report/json.ts';
import { liveScript } from '../../src/report/live/asset.ts';
import { carriedTallies } from '../../src/report/live/carried.ts';
import { priceFields } from '../../src/report/live/fields.ts';
import { flips } from '../../src/report/live/flips.ts';
import { PRICE_GROUPS } from '../../src/report/live/groups.ts';
import { paint } from '../../src/report/live/paint.ts';
import { type LiveComparison, liveComparison, reprice } from '../../src/report/live/reprice.ts';
import {
  formatSettings,
  isPriceValue,
  mostOf,
  type PriceName,
  parseSettings,
  settingsAsOptions,
} from '../../src/report/live/settings.ts';
import { type CarriedTally, packWindows, unpackWindows } from '../../src/report/live/windows.ts';
import { verdictParts } from '../../src/report/verdict.ts';
import { everything, type LiveResult, optionsOf, replayed, resultOf, totalWith } from './live-run.ts';
import { liveOf } from './page.ts';

const NAMES = PRICE_GROUPS.flatMap(({ prices }) => prices);

describe('settings', () => {
  test('the panel has every price of a system, each once', () => {
    expect([...NAMES].sort()).toEqual(Object.keys(presetSystem('disco').prices).sort());
  });

  test.each([0, -1, 1e-9, 1e300, Number.NaN, Number.POSITIVE_INFINITY])(
    'accepts what a system accepts: %d',
    (value) => {
      for (const name of NAMES)
        expect(isPriceValue(name, value), name).toBe(
          systemSchema.safeParse({ prices: { [name]: value } }).success,
        );
    },
  );

  test('an address gives back what went into it', () => {
    const value = fc.double({ min: 1e-12, noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), value), { selector: ([n]) => n }),
        (list) => {
          const settings = new Map<PriceName, number>(
            list.filter(([name, price]) => isPriceValue(name, price)),
          );
          const text = formatSettings(settings, NAMES);
          expect(parseSettings(text, NAMES)).toEqual({ settings, ignored: [] });
          expect(text).toMatch(/^[\w:,.+-]*$/);
        },
      ),
    );
  });

  test('an address may hold anything', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const { settings, ignored } = parseSettings(text, NAMES);
        const written = text.split(',').filter((part) => part !== '');
        expect(ignored.every((part) => written.includes(part))).toBe(true);
        expect(ignored.length + settings.size).toBeLessThanOrEqual(written.length);
      }),
    );
    const nothing = [
      'local_ns:-1',
      'remote_ns:x',
      'nothing:3',
      'cycle_ns:0',
      'hop_ns:',
      'disk_ns:1:2',
      '__proto__:1',
    ];
    expect(parseSettings(`l2_hit_ns:7,${nothing.join(',')},`, NAMES)).toEqual({
      settings: new Map([['l2_hit_ns', 7]]),
      ignored: nothing,
    });
  });

  test('as options of the command line', () => {
    expect(
      settingsAsOptions(
        new Map([
          ['local_ns', 1.5],
          ['hop_ns', 0],
        ]),
      ),
    ).toEqual(['--set prices.local_ns=1.5', '--set prices.hop_ns=0']);
  });
});

describe('prices of a run moved', () => {
  let live: LiveResult;
  let comparisons: readonly LiveComparison[];

  beforeAll(async () => {
    live = resultOf([
      await everything(),
      // Its refill handler's price is `recorded`, and follows that of an instruction.
      await replayed('traces/user/true.lackey.gz', ['linux-mips', 'disco-linux-mips-unmodified'], [], 3),
    ]);
    // As the page has them: through the JSON that it carries.
    const { comparisons: read } = JSON.parse(renderJson(live.result)) as LiveResult['result'];
    const carried = carriedTallies(live.tallies);
    comparisons = read.map((comparison, i) =>
      liveComparison(comparison, JSON.parse(JSON.stringify(carried[i]!))),
    );
  });

  const totals = (settings: ReadonlyMap<PriceName, number>): number[][] =>
    comparisons.map((one) => reprice(one, settings).runs.map(({ breakdown }) => breakdown.total_ps));

  const expected = (sets: readonly string[]): number[][] =>
    live.result.comparisons.map(({ runs }, i) => runs.map((_, k) => totalWith(live, i, k, sets)));

  test('nothing set: the starting point, which pricing anew gives too', () => {
    const start = comparisons.map((one) => one.start.runs.map(({ breakdown }) => breakdown.total_ps));
    expect(totals(new Map())).toEqual(start);
    expect(expected([])).toEqual(start);
  });

  test.each(NAMES)('%s: as with --set, to the picosecond, and it matters', (name) => {
    const start = totals(new Map());
    const value = mostOf(name) === 1 ? 0.7777 : 777.7777;
    const now = totals(new Map([[name, value]]));
    expect(now).toEqual(expected([`prices.${name}=${value}`]));
    expect(now).not.toEqual(start);
  });

  test('several at once', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), fc.integer({ min: 1, max: 10_000 })), {
          minLength: 2,
          maxLength: 6,
          selector: ([name]) => name,
        }),
        (given) => {
          const list = given.map(([name, value]) => [name, Math.min(value / 8, mostOf(name))] as const);
          const sets = list.map(([name, value]) => `prices.${name}=${value}`);
          expect(totals(new Map(list))).toEqual(expected(sets));
        },
      ),
      { numRuns: 8 },
    );
  });

  test('other seeds keep their distance', () => {
    const before = comparisons[1]!.start.runs[1]!;
    const after = reprice(comparisons[1]!, new Map([['emulate_cycles', 0]])).runs[1]!;
    expect(before.seeds.length).toBe(3);
    expect(after.seeds[0]!.total_ps).toBe(after.breakdown.total_ps);
    for (const [i, { seed, total_ps }] of before.seeds.entries())
      expect(after.seeds[i]).toEqual({
        seed,
        total_ps: total_ps - before.breakdown.total_ps + after.breakdown.total_ps,
      });
  });

  test('without windows: what contention and distance add stays as it is, the rest moves', () => {
    const [{ start }] = comparisons as [LiveComparison];
    const without = live.tallies[0]!.map(({ held }) => ({ windows: null, held }));
    const frozen = liveComparison(start, without);
    const at = (of: LiveComparison, settings: ReadonlyMap<PriceName, number>) => reprice(of, settings).runs;
    // Set to what it is, a price changes nothing.
    const same = new Map<PriceName, number>([['local_ns', start.runs[0]!.system.prices.local_ns]]);
    const sums = (runs: ReturnType<typeof at>, cause: string) =>
      runs.map(({ breakdown }) => sumBy(breakdown, (part) => part.cause).get(cause as Cause) ?? 0);
    for (const [i, run] of at(frozen, same).entries()) {
      expect(run.breakdown.total_ps).toBe(start.runs[i]!.breakdown.total_ps);
      expect(run.actions).toEqual(start.runs[i]!.actions);
    }
    for (const cause of CAUSES)
      expect(sums(at(frozen, same), cause), cause).toEqual(sums([...start.runs], cause));
    const slower = new Map<PriceName, number>([['cycle_ns', 5]]);
    expect(sums(at(frozen, slower), 'queueing')).toEqual(sums([...start.runs], 'queueing'));
    expect(sums(at(comparisons[0]!, slower), 'queueing')).not.toEqual(sums([...start.runs], 'queueing'));
    expect(sums(at(frozen, slower), 'execution')).toEqual(sums(at(comparisons[0]!, slower), 'execution'));
    for (const { breakdown } of at(frozen, slower))
      expect(breakdown.parts.reduce((sum, { ps }) => sum + ps, 0)).toBe(breakdown.total_ps);
    const fields = priceFields([frozen], optionsOf(live).ledger, () => false).flatMap(
      (group) => group.fields,
    );
    expect(fields.filter(({ matters }) => !matters).map(({ name }) => name)).toEqual([
      'hop_ns',
      'controller_ns',
      'memory_ns',
      'message_ns',
      'line_ns',
    ]);
  });

  test('windows come back as they went, and stay behind where they are too many', () => {
    const { windows } = live.tallies[0]![0]!;
    expect(windows.length).toBe(4);
    expect(unpackWindows(packWindows(windows))).toEqual(windows);
    expect(
      carriedTallies(live.tallies)
        .flat()
        .some((one) => one.windows === null),
    ).toBe(false);
    const random = Array.from({ length: 400_000 }, (_, i) => (i * 2654435761) % 4294967291);
    const flows = random.map((count) => [0, 0, 0, 0, count] as const);
    const large = { ...live.tallies[0]![0]!, windows: [{ instructions: 1, work: [], flows }] };
    const [[first, second]] = carriedTallies([[large, live.tallies[1]![0]!]]) as [CarriedTally[]];
    expect([first!.windows, second!.windows]).toEqual([null, []]);
  });

  test('flips: sides, order and largest cause are named when they change, with the traces', () => {
    const at = (settings: ReadonlyMap<PriceName, number>) =>
      comparisons.map((one) => factsOf(reprice(one, settings)));
    const start = at(new Map());
    expect(flips(start, start)).toEqual([]);
    const [trace] = [start[1]!.short];
    const free = new Map<PriceName, number>(
      (PRICE_GROUPS.find(({ name }) => name === 'Monitor')?.prices ?? []).map((name) => [name, 0]),
    );
    const now = at(free);
    const said = flips(start, now);
    expect(said.length).toBeGreaterThan(0);
    const most = said.find((text) => text.startsWith('what adds most under disco-linux-mips-unmodified'))!;
    expect(most).toContain(` on ${trace}: `);
    expect(most).toContain('; at the start: ');
    // Back again, they say the reverse.
    expect(flips(now, start).length).toBe(said.length);
  });

  test('whatever the prices, every part of the page can be written', () => {
    const value = fc.oneof(fc.constant(0), fc.double({ min: 1e-6, max: 1e5, noNaN: true }));
    const some = fc.uniqueArray(fc.tuple(fc.constantFrom(...NAMES), value), { selector: ([name]) => name });
    const free = fc.constant(
      NAMES.map((name): [PriceName, number] => [name, name === 'cycle_ns' ? 1e-9 : 0]),
    );
    fc.assert(
      fc.property(fc.oneof({ weight: 4, arbitrary: some }, { weight: 1, arbitrary: free }), (list) => {
        const settings = new Map(list.filter(([name, price]) => isPriceValue(name, price)));
        const facts = comparisons.map((one) => factsOf(reprice(one, settings)));
        expect(verdictParts(facts).answer).not.toMatch(/NaN|undefined|Infinity/);
        for (const one of facts) {
          const contents = [
            timeContent(one, 'a'),
            ...one.others.map((run, i) => changeContent(one, run, 'a', i)),
            ...numaContents(one, 'a', 'a'),
            ...groupContents(one, 'a'),
          ];
          for (const { finding, chart, table } of contents) {
            expect(finding).not.toMatch(/NaN|undefined|Infinity/);
            expect(paint(chart())).not.toMatch(/NaN|undefined|Infinity/);
            expect(JSON.stringify(table())).not.toMatch(/NaN|undefined|Infinity/);
          }
        }
      }),
      { numRuns: 12, examples: [[NAMES.map((name) => [name, name === 'cycle_ns' ? 1e-9 : 0])]] },
    );
  });

  test('fields: each price with its range, those without effect apart', () => {
    const fields = priceFields(
      comparisons,
      optionsOf(live).ledger,
      (path) => path === 'prices.hop_ns',
    ).flatMap((group) => group.fields);
    expect(fields.map(({ name }) => name)).toEqual(NAMES);
    for (const { name, starts, high, step, description, unit, matters } of fields) {
      expect(starts.length, name).toBeGreaterThan(0);
      expect(high, name).toBeGreaterThanOrEqual(Math.min(mostOf(name), 2.9 * Math.max(...starts)));
      expect(high / step, name).toBeGreaterThanOrEqual(100);
      expect(description, name).not.toBe('');
      expect(unit, name).toBe(fieldDoc(`prices.${name}`).unit);
      expect(matters, name).toBe(name !== 'hop_ns');
    }
    const refill = fields.find(({ name }) => name === 'refill_cycles')!;
    expect(refill.word).toBe('recorded');
    expect(refill.starts).toEqual([systemSchema.parse({}).prices.refill_cycles, 30]);
  });

  test('without tallies a page has no panel and no second script', async () => {
    const { tallies: _, ...options } = optionsOf(live);
    const [still, moving] = [
      await renderHtml(live.result, options),
      await renderHtml(live.result, optionsOf(live)),
    ];
    expect(still.html).not.toContain('id="live"');
    const { panel, script } = liveOf(moving.html);
    expect(panel).toContain('id="panel"');
    expect(script).toBe(liveScript());
    // The policy lets no other script run.
    const [first] = /<script>([\s\S]*?)<\/script>/.exec(moving.html)!.slice(1);
    const hashes = [first!, script].map((text) => createHash('sha256').update(text).digest('base64'));
    expect(/script-src ([^;]*);/.exec(moving.html)![1]).toBe(
      hashes.map((hash) => `'sha256-${hash}'`).join(' '),
    );
    for (const { html } of [still, moving]) expect(html.match(/<script>/g)).toHaveLength(1);
    expect(moving.bytes).toBeLessThan(1_000_000);
  });
});

test('the script holds no schema, no chart compiler, nothing of Node, and nothing that a policy forbids', () => {
  const script = liveScript();
  const foreign = ['"node:', 'require(', 'import(', 'strictObject', 'signalRef', 'eval(', 'new Function'];
  expect(foreign.filter((words) => script.includes(words))).toEqual([]);
  expect(script.length).toBeLessThan(150_000);
  expect(gzipSync(script).length).toBeLessThan(53_000);
});
