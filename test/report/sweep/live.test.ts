import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { price } from '../../../src/model/pricing/price.ts';
import { compareSystems } from '../../../src/model/run.ts';
import { applyOverrides, parseOverride } from '../../../src/model/systems/load.ts';
import { resolvePrices } from '../../../src/model/systems/resolve.ts';
import {
  type StructureTotals,
  structuresFinding,
  structuresTable,
} from '../../../src/report/live/all-structures.ts';
import { PRICE_GROUPS } from '../../../src/report/live/groups.ts';
import { reprice } from '../../../src/report/live/reprice.ts';
import { mostOf } from '../../../src/report/live/settings.ts';
import { type CarriedSweep, structureComparison } from '../../../src/report/live/structures.ts';
import { carriedSweep } from '../../../src/report/sweep/carried.ts';
import { renderSweepPage } from '../../../src/report/sweep/page.ts';
import { analysed } from '../../sweep/analysed.ts';
import { planOf, presets, workload } from '../../sweep/sweeps.ts';
import { inChromium, openAll, setEach, violations, wrongLabels } from '../chromium.ts';

/** Structures and prices chosen in the page of a sweep: what it shows is what the command line gives. */

const NAMES = PRICE_GROUPS.flatMap(({ prices }) => prices);
const folder = mkdtempSync(join(tmpdir(), 'vmtax-sweep-live-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// Several CPUs and nodes: contention is solved anew at each step.
const trace = await workload('workload:services?cpus=4&instructions=8K');
const SYSTEMS = presets('irix-numa', 'disco-numa');
const PLAN = planOf([
  'machine.tlb.entries=16,64,256',
  'monitor.l2tlb.entries=0,1024',
  'prices.local_ns=200,300',
]);
const view = await analysed(trace, SYSTEMS, PLAN, { directory: folder });
const { offers } = view;
const html = await renderSweepPage(view, { tool: { name: 'vmtax', version: 'test' } });

/** What the command line's run of a structure gives, replayed by itself. */
async function totalsOf(sets: readonly string[]): Promise<number[]> {
  const { runs } = await compareSystems(trace, applyOverrides(SYSTEMS, sets.map(parseOverride)), {
    warmup: null,
    baseline: null,
    seeds: 1,
  });
  return runs.map(({ breakdown }) => breakdown.total_ps);
}

/** As it is in the page: through JSON. */
const carriedIn = (room: number): CarriedSweep | null =>
  JSON.parse(JSON.stringify(carriedSweep(offers, room))) as CarriedSweep | null;

const startTotals = (sweep: CarriedSweep): number[][] =>
  sweep.structures.map((one) =>
    structureComparison(sweep, one).start.runs.map(({ breakdown }) => breakdown.total_ps),
  );

describe('what a page carries', () => {
  const all = carriedIn(Number.POSITIVE_INFINITY)!;

  test('every structure, with what they share once', () => {
    expect(all.structures.map(({ short }) => short)).toEqual(
      [16, 64, 256].flatMap((tlb) => ['0', '1,024'].map((l2) => `tlb.entries ${tlb}, l2tlb.entries ${l2}`)),
    );
    // Without a monitor the second-level TLB makes no difference.
    expect(all.counts.length).toBe(9);
    expect(all.systems.length).toBe(9);
    expect(all.structures.find(({ id }) => id === all.traces[0]!.start)!.sets).toEqual([
      'machine.tlb.entries=64',
      'monitor.l2tlb.entries=1024',
    ]);
  });

  test('each gives the rows of the sweep at its own prices, and those of --set at others', () => {
    // Cells with the systems' own price of local memory are every second one.
    const own = view.totals[0]!.map((totals) => [...totals].filter((_, cell) => cell % 2 === 1));
    expect(startTotals(all)).toEqual(all.structures.map((_, at) => own.map((totals) => totals[at])));
    const settings = new Map([
      ['local_ns', 200],
      ['remote_ns', 1234.5],
    ] as const);
    for (const [at, structure] of all.structures.entries()) {
      const now = reprice(structureComparison(all, structure), settings);
      const { tallies, systems } = offers[0]!.combinations[at]!;
      const sets = ['prices.local_ns=200', 'prices.remote_ns=1234.5'].map(parseOverride);
      const expected = applyOverrides(systems, sets).map(
        (system, i) =>
          price(tallies[i]!, resolvePrices(system, offers[0]!.summary), system).breakdown.total_ps,
      );
      expect(now.runs.map(({ breakdown }) => breakdown.total_ps)).toEqual(expected);
    }
  });

  test('as much as there is room for, the start always, contention last', () => {
    const bytes = (sweep: CarriedSweep): number =>
      (deflateRawSync(Buffer.from(JSON.stringify(sweep)), { level: 9 }).length * 4) / 3;
    const totals = new Map(all.structures.map(({ id }, at) => [id, startTotals(all)[at]!]));
    let before = all.structures.length;
    for (let room = Math.ceil(bytes(all) * 1.5); ; room -= 6000) {
      const some = carriedIn(room);
      if (some === null) break;
      expect(bytes(some)).toBeLessThanOrEqual(room);
      expect(some.structures.map(({ id }) => id)).toContain(all.traces[0]!.start);
      expect(startTotals(some)).toEqual(some.structures.map(({ id }) => totals.get(id)));
      const left = some.counts.some(({ windows }) => windows === null);
      if (!left) expect(some.structures.length).toBeLessThanOrEqual(before);
      if (left) expect(before).toBe(1);
      before = left ? 1 : some.structures.length;
    }
    expect(before).toBe(1);
    expect(carriedIn(0)).toBe(null);
    expect(carriedSweep([null], 1e6)).toBe(null);
  });

  test('the page is below 1 MB, the same again, and says what it has; without anything kept it has no panel', async () => {
    expect(Buffer.byteLength(html)).toBeLessThan(1_000_000);
    expect(await renderSweepPage(view, { tool: { name: 'vmtax', version: 'test' } })).toBe(html);
    expect(html).toContain('The page has the counts of all 6 combinations');
    const ids = [...html.split('<script', 1)[0]!.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
    expect(ids.filter((id, i) => ids.indexOf(id) !== i)).toEqual([]);
    const still = await renderSweepPage(
      { ...view, offers: [] },
      { tool: { name: 'vmtax', version: 'test' } },
    );
    expect(still).not.toContain('id="panel"');
    expect(still.match(/<script>/g)).toHaveLength(1);
    const [offer] = offers;
    const some = { ...offer!, of: 900, combinations: offer!.combinations.slice(2, 5), start: 1 };
    const part = await renderSweepPage(
      { ...view, offers: [some] },
      { tool: { name: 'vmtax', version: 'test' } },
    );
    expect(part).toContain('3 of 900 combinations, evenly apart');
  });
});

test('structures side by side: who takes longer, now and at the start', () => {
  const all = [
    { label: 'a', start: [10, 12, 5], now: [10, 8, 5] },
    { label: 'b', start: [10, 12, 5], now: [10, 12, 10] },
  ];
  const names = ['one', 'two', 'three'];
  expect(structuresFinding(names, all)).toBe(
    'two takes longer than one in 1 of 2 structures; at the start in 2. three takes longer than one in 0 of 2 structures.',
  );
  expect(structuresFinding(['one'], all)).toBe('one takes 10 ps to 10 ps in 2 structures.');
  const { rows } = structuresTable(names, all);
  expect(rows.map(({ differs }) => differs)).toEqual([true, true]);
  expect(rows[0]!.cells.map(({ value }) => value)).toEqual([10, 8, -20, 20, 5, -50, -50]);
  expect(structuresTable(names, [{ ...all[0]!, now: all[0]!.start }]).rows[0]!.differs).toBe(false);
});

/** Of cells that differ in the price of local memory: the totals by structure, now and at the start. */
function compared(now: 0 | 1, start: 0 | 1): StructureTotals[] {
  const labels = carriedSweep(offers, Number.POSITIVE_INFINITY)!.structures.map(({ label }) => label);
  const of = (at: number, cell: 0 | 1): number[] => view.totals[0]!.map((totals) => totals[2 * at + cell]!);
  return labels.map((label, at) => ({ label, start: of(at, start), now: of(at, now) }));
}

inChromium((pages) => {
  const address = pages.address('sweep.html');
  const structures = carriedSweep(offers, Number.POSITIVE_INFINITY)!.structures;
  beforeAll(() => void pages.write('sweep.html', html));

  const open = (url = address, options: Parameters<typeof pages.open>[1] = {}) =>
    pages.open(url, { viewport: { width: 1280, height: 900 }, ...options });
  const settled = (page: Page): Promise<void> =>
    page.locator('html[data-live=settled]').waitFor({ state: 'attached' });
  const shown = (page: Page): Promise<number[]> =>
    page.evaluate("[...document.querySelectorAll('#live-times [data-ps]')].map((e) => Number(e.dataset.ps))");

  test('every structure, at some price: what a run of it gives, to the last digit', async () => {
    const { page, problems, requests, close } = await open();
    await page.locator('#what-if').click();
    await settled(page);
    expect(await shown(page)).toEqual(await totalsOf([]));
    for (const [at, { id, sets }] of structures.entries()) {
      await page.locator('#structure').selectOption(id);
      await page.locator('#p-remote_ns').fill(String(700.25 + at));
      await settled(page);
      expect(await shown(page), id).toEqual(await totalsOf([...sets, `prices.remote_ns=${700.25 + at}`]));
      const last = page.locator('#choice-time-table tbody tr').last();
      expect(await last.textContent()).not.toBe('');
    }
    expect(requests).toEqual([address]);
    expect(problems).toEqual([]);
    await close();
  });

  test('every price: the number that --set gives, to the last digit', async () => {
    const { page, close } = await open();
    await page.locator('#what-if').click();
    await settled(page);
    const values = NAMES.map(
      (name, i) => [name, mostOf(name) === 1 ? '0.37' : `${37 * i + 1}.${i}7`] as const,
    );
    const found: [string, number[]][] = await page.evaluate(
      `(${setEach(TOTALS)})(${JSON.stringify(values)})`,
    );
    const start = offers[0]!.combinations[offers[0]!.start]!;
    const expected = values.map(([name, value]) => {
      const systems = applyOverrides(start.systems, [parseOverride(`prices.${name}=${value}`)]);
      const totals = systems.map(
        (system, i) =>
          price(start.tallies[i]!, resolvePrices(system, offers[0]!.summary), system).breakdown.total_ps,
      );
      return [name, totals];
    });
    expect(found).toEqual(expected);
    await close();
  });

  test.each([360, 800, 1200, 1600])('%d px wide, the panel open: nothing is cut off', async (width) => {
    const { page, close } = await open(address, { viewport: { width, height: 900 } });
    await page.locator('#what-if').click();
    await settled(page);
    await openAll(page);
    // Names of the parts of the page that do not fit, but tables behind a disclosure, which may be scrolled.
    const cut: string[] = await page.evaluate(`(() => {
      const panel = document.getElementById('panel').getBoundingClientRect();
      const end = panel.left > 0 ? panel.left : innerWidth;
      const wide = [...document.querySelectorAll('main .scroll')].filter((box) =>
        box.getBoundingClientRect().right > end ||
        (box.querySelector('#effects') && box.scrollWidth > box.clientWidth));
      const page = document.documentElement;
      return [...wide.map((box) => box.firstElementChild.id), ...(page.scrollWidth > innerWidth ? ['page'] : [])];
    })()`);
    expect(cut).toEqual([]);
    await close();
  });

  test('the change against the start, what flips, the address; reset and another address', async () => {
    const { page, problems, close } = await open();
    const answer = (): Promise<string | null> => page.locator('#answer').textContent();
    const before = await answer();
    const lines = await page.locator('#trace-1-lines-svg').innerHTML();
    await page.locator('#what-if').click();
    await settled(page);
    expect(await page.locator('#live-note').isVisible()).toBe(false);
    const { id, label, sets } = structures[0]!;
    await page.locator('#structure').selectOption(id);
    await page.locator('#p-emulate_cycles').fill('0');
    await settled(page);
    const note = (await page.locator('#live-note').textContent())!;
    expect(note).toContain(`→ ${label}`);
    expect(note).toContain('emulate_cycles');
    // The select shows one line of it, the text below all.
    const [chosen] = await page.locator('#structure option:checked').allTextContents();
    expect(await page.locator('#structure-whole').textContent()).toBe(chosen);
    expect(note).toContain(`--set ${sets[0]} --set ${sets[1]} --set prices.emulate_cycles=0`);
    expect(note).toMatch(/conclusions? flips?/);
    expect(await page.locator('#live-times li li').last().textContent()).toContain('against the start');
    expect(await answer()).not.toBe(before);
    expect(new URL(page.url()).hash).toBe(`#~structure=${id}~prices=emulate_cycles:0`);
    expect(await page.locator('#what-if').textContent()).toBe('Another structure, 1 price changed');
    // What was drawn of all cells keeps the prices of the sweep.
    expect(await page.locator('#trace-1-lines-svg').innerHTML()).toBe(lines);

    const again = await open(page.url());
    await settled(again.page);
    expect(await shown(again.page)).toEqual(await shown(page));
    expect(await again.page.locator('#structure').inputValue()).toBe(id);
    expect(await again.page.locator('#p-emulate_cycles').inputValue()).toBe('0');
    await again.page.evaluate("location.hash = '#~structure=nothing~prices=local_ns:200'");
    const local = await totalsOf(['prices.local_ns=200']);
    await expect.poll(() => shown(again.page)).toEqual(local);
    const absent = 'The structure that the link names is not in this page';
    expect(await again.page.locator('#live-note').textContent()).toContain(absent);
    await again.page.locator('#structure').selectOption(id);
    await expect.poll(() => again.page.locator('#live-note').textContent()).not.toContain(absent);
    await again.close();

    await page.locator('#panel-reset').click();
    await settled(page);
    expect(await answer()).toBe(before);
    expect(new URL(page.url()).hash).toBe('');
    expect(problems).toEqual([]);
    await close();
  });

  test('all structures side by side, at the prices of the moment: the rows of the sweep', async () => {
    const { page, problems, close } = await open();
    const finding = page.locator('#structures-finding');
    expect(await finding.textContent()).toBe(structuresFinding(['irix-numa', 'disco-numa'], compared(1, 1)));
    await page.locator('#what-if').click();
    await settled(page);
    await page.locator('#p-local_ns').fill('200');
    await settled(page);
    type Rows = [string, string, string][];
    const exact = (): Promise<Rows | undefined> =>
      page.evaluate('vmtax.tables.structures?.slice(1).map((row) => row.slice(0, 3))');
    const rows = compared(0, 1).map(({ label, now }): Rows[number] => [label, `${now[0]}`, `${now[1]}`]);
    await expect.poll(exact, { timeout: 10_000 }).toEqual(rows);
    expect(await finding.textContent()).toBe(structuresFinding(['irix-numa', 'disco-numa'], compared(0, 1)));
    expect(problems).toEqual([]);
    await close();
  });

  test.each([
    ['light', 1280],
    ['dark', 400],
  ] as const)('%s, %d wide: silent, accessible, nothing sideways', async (colorScheme, width) => {
    const { page, problems, requests, close } = await open(address, {
      colorScheme,
      viewport: { width, height: 800 },
    });
    await page.locator('#what-if').click();
    await settled(page);
    await page.locator('#structure').focus();
    await page.keyboard.press('ArrowUp');
    await page.locator('#p-local_ns').fill('2000');
    await settled(page);
    expect(await violations(page)).toEqual([]);
    expect(await wrongLabels(page)).toEqual([]);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
    expect(requests).toEqual([address]);
    expect(problems).toEqual([]);
    await close();
  });

  test('without script: the charts of the start, no controls', async () => {
    const { page, close } = await open(`${address}#~structure=${structures[0]!.id}`, {
      javaScriptEnabled: false,
    });
    expect(await page.locator('#choice svg.chart:visible').count()).toBe(2);
    expect(await page.locator('button:visible, input:visible, select:visible').count()).toBe(0);
    expect(await page.locator('#choice > .facts').first().textContent()).toContain(
      'machine.tlb.entries 64 entries, monitor.l2tlb.entries 1,024 entries',
    );
    await close();
  });
});

/** In the page: the totals by system. */
const TOTALS = `() => [...document.querySelectorAll('#live-times [data-ps]')].map((e) => Number(e.dataset.ps))`;
