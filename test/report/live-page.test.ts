import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { compareWithTallies } from '../../src/model/run.ts';
import { applyOverrides, parseOverride } from '../../src/model/systems/load.ts';
import { systemSchema } from '../../src/model/systems/schema.ts';
import { factsOf } from '../../src/report/facts.ts';
import { renderHtml } from '../../src/report/html.ts';
import { PRICE_GROUPS } from '../../src/report/live/groups.ts';
import { mostOf } from '../../src/report/live/settings.ts';
import { verdictParts } from '../../src/report/verdict.ts';
import { openTrace } from '../../src/trace/formats/registry.ts';
import { ingest } from '../../src/trace/ingest.ts';
import { inChromium, setEach, violations } from './chromium.ts';
import { everything, type LiveResult, optionsOf, replayed, resultOf, totalWith } from './live-run.ts';
import { dataOf, textOf } from './page.ts';

/** Prices moved in the page, in a real browser: what it shows is what the command line gives with `--set`. */

const NAMES = PRICE_GROUPS.flatMap(({ prices }) => prices);
const TRACE = 'traces/user/true.lackey.gz';
const SYSTEMS = ['linux-mips', 'disco-linux-mips-unmodified'];

inChromium((pages) => {
  const address = pages.address('all.html');
  const single = pages.address('one.html');
  let all: LiveResult;
  let one: LiveResult;

  beforeAll(async () => {
    const small = await replayed(TRACE, SYSTEMS, [], 3);
    all = resultOf([await everything(), small]);
    one = resultOf([small]);
    const written = async (name: string, live: LiveResult): Promise<void> => {
      const { html } = await renderHtml(live.result, { ...optionsOf(live), commandLine: 'vmtax run' });
      pages.write(name, html);
    };
    await written('all.html', all);
    await written('one.html', one);
  });

  const open = (url: string, options: Parameters<typeof pages.open>[1] = {}) =>
    pages.open(url, { viewport: { width: 1280, height: 900 }, ...options });

  const settled = (page: Page): Promise<void> =>
    page.locator('html[data-live=settled]').waitFor({ state: 'attached' });

  /** Totals as the page has them: by comparison and system. */
  const shown = (page: Page): Promise<number[][]> => page.evaluate(`(${TOTALS})()`);

  const totals = (live: LiveResult, sets: readonly string[]): number[][] =>
    live.result.comparisons.map(({ runs }, i) => runs.map((_, k) => totalWith(live, i, k, sets)));

  const set = async (page: Page, name: string, value: string): Promise<void> => {
    await page.locator(`#p-${name}`).fill(value);
    await settled(page);
  };

  test('every price: the number that the command line gives, to the last digit', async () => {
    const { page, problems, close } = await open(address);
    await page.locator('#what-if').click();
    await settled(page);
    expect(await shown(page)).toEqual(totals(all, []));
    const values = NAMES.map(
      (name, i) => [name, mostOf(name) === 1 ? '0.37' : `${37 * i + 1}.${i}7`] as const,
    );
    const found: [string, number[][]][] = await page.evaluate(
      `(${setEach(TOTALS)})(${JSON.stringify(values)})`,
    );
    expect(found.map(([name]) => name)).toEqual(NAMES);
    for (const [i, [name, now]] of found.entries()) {
      expect(now, name).toEqual(totals(all, [`prices.${name}=${values[i]![1]}`]));
      expect(now, name).not.toEqual(totals(all, []));
    }
    await settled(page);
    // All are back where they were.
    expect(await shown(page)).toEqual(totals(all, []));
    expect(problems).toEqual([]);
    await close();
  });

  test('the whole page says what a run with --set says', async () => {
    const { page, problems, close } = await open(single);
    await page.locator('#what-if').click();
    await set(page, 'emulate_cycles', '5');
    await set(page, 'cycles_per_instruction', '1.5');
    const sets = ['prices.emulate_cycles=5', 'prices.cycles_per_instruction=1.5'];
    const trace = await ingest(await openTrace(TRACE));
    const systems = applyOverrides(
      one.result.comparisons[0]!.runs.map(({ system }) => system),
      sets.map(parseOverride),
    );
    const { comparison, tallies } = await compareWithTallies(trace, systems, {
      warmup: null,
      baseline: null,
      seeds: 3,
    });
    await trace.close();
    const again = resultOf([{ comparison, tallies }]);
    const expected = await open('about:blank');
    await expected.page.setContent((await renderHtml(again.result, optionsOf(again))).html);
    expect(await shown(page)).toEqual(totals(one, sets));
    expect(await page.locator('#answer').textContent()).toBe(
      await expected.page.locator('#answer').textContent(),
    );
    for (const id of [
      'effects',
      'trace-1-time-table',
      'trace-1-change-1-table',
      'trace-1-owner-table',
      'trace-1-services-table',
    ])
      expect(await page.locator(`#${id}`).innerHTML(), id).toBe(
        await expected.page.locator(`#${id}`).innerHTML(),
      );
    for (const id of ['time', 'change-1', 'owner', 'services']) {
      const words = `#trace-1-${id} svg text, #trace-1-${id} svg title, #trace-1-${id}-h`;
      const sorted = async (from: Page): Promise<string[]> =>
        (await from.locator(words).allTextContents()).sort();
      expect(await sorted(page), id).toEqual(await sorted(expected.page));
    }
    await expected.close();
    expect(problems).toEqual([]);
    await close();
  });

  test('specifications that the page does not hold are made in it, as they were', async () => {
    const { tallies: _, ...options } = optionsOf(all);
    const still = dataOf((await renderHtml(all.result, options)).html).specs;
    const held = dataOf(readFileSync(pages.path('all.html'), 'utf8')).specs;
    const left = Object.keys(still).filter((id) => !(id in held));
    expect(left.length).toBeGreaterThan(10);
    expect(left).toContain('trace-1-time-svg');
    const { page, problems, close } = await open(address);
    await page.locator('#what-if').waitFor();
    const made: Record<string, object> = await page.evaluate(
      `(async (ids) => Object.fromEntries(await Promise.all(ids.map(async (id) => [id, await vmtax.spec(id)]))))(${JSON.stringify(left)})`,
    );
    for (const id of left) expect(made[id], id).toEqual(still[id]);
    expect({ ...held, ...made }).toEqual(still);
    expect(problems).toEqual([]);
    await close();
  });

  test('a browser that cannot unpack the panel says so, and shows the page', async () => {
    const { page, close } = await open('about:blank');
    await page.addInitScript('delete globalThis.DecompressionStream');
    await page.goto(single);
    const button = page.locator('#what-if');
    await button.waitFor();
    expect(await button.textContent()).toBe('Prices cannot be changed in this browser');
    expect(await button.isDisabled()).toBe(true);
    expect(await page.locator('svg.chart:visible').count()).toBeGreaterThan(2);
    await close();
  });

  test('on a phone the button is a bar below the page, not on its figures', async () => {
    const { page, close } = await open(single, { viewport: { width: 360, height: 740 } });
    const button = page.locator('#what-if');
    await button.waitFor();
    expect(await button.boundingBox()).toMatchObject({ x: 0, width: 360 });
    await page.evaluate('scrollTo(0, document.body.scrollHeight)');
    const [footer, bar] = [await page.locator('footer').boundingBox(), await button.boundingBox()];
    expect(footer!.y + footer!.height).toBeLessThan(bar!.y);
    expect(await violations(page)).toEqual([]);
    await close();
  });

  test('a slider: times, the change against the start, what flips, and the address; reset undoes all', async () => {
    const { page, problems, close } = await open(single);
    const before = await page.locator('#answer').textContent();
    const chart = (): Promise<string> => page.locator('#trace-1-time-svg').innerHTML();
    await page.locator('#what-if').click();
    await settled(page);
    const start = await chart();
    for (const name of [
      'trap_cycles',
      'emulate_cycles',
      'kernel_tlb_cycles',
      'backing_cycles',
      'l2tlb_cycles',
    ]) {
      await page.locator(`#r-${name}`).focus();
      await page.keyboard.press('Home');
      await settled(page);
    }
    expect(new URL(page.url()).hash).toBe(
      '#~prices=l2tlb_cycles:0,trap_cycles:0,emulate_cycles:0,kernel_tlb_cycles:0,backing_cycles:0',
    );
    const facts = factsOf(one.result.comparisons[0]!);
    const note = (await page.locator('#live-note').textContent())!;
    expect(note).toContain(`emulate_cycles ${systemSchema.parse({}).prices.emulate_cycles} → 0 cycles`);
    expect(note).toContain('--set prices.emulate_cycles=0');
    expect(note.replaceAll('\u00A0', ' ')).toContain(verdictParts([facts]).answer);
    expect(note).toMatch(/conclusions? flips?/);
    expect(note).toContain('What adds most under disco-linux-mips-unmodified on');
    expect(await page.locator('#answer').textContent()).not.toBe(before);
    expect(await page.locator('#live-said').textContent()).toContain('Flipped: ');
    expect(await chart()).not.toBe(start);
    expect(await page.locator('#live-times li li').last().textContent()).toMatch(
      /−[\d.]+\s% against the start/,
    );
    expect(await page.locator('[data-start]:visible').count()).toBeGreaterThan(1);
    await page.locator('#panel-reset').click();
    await settled(page);
    expect(await page.locator('#answer').textContent()).toBe(before);
    expect(await chart()).toBe(start);
    expect(new URL(page.url()).hash).toBe('');
    expect(await page.locator('#live-note').isVisible()).toBe(false);
    expect(await page.locator('[data-start]:visible').count()).toBe(0);
    expect(problems).toEqual([]);
    await close();
  });

  test('an address restores prices and fields, and another one replaces them', async () => {
    const { page, problems, close } = await open(
      `${single}#trace-1-time~theme=dark~prices=emulate_cycles:20.5,local_ns:777`,
    );
    await settled(page);
    expect(await shown(page)).toEqual(totals(one, ['prices.emulate_cycles=20.5', 'prices.local_ns=777']));
    expect(await page.locator('#p-emulate_cycles').inputValue()).toBe('20.5');
    expect(await page.locator('#r-local_ns').inputValue()).toBe('777');
    expect(await page.locator('#theme').textContent()).toBe('Theme: dark');
    expect(new URL(page.url()).hash).toBe('#trace-1-time~theme=dark~prices=local_ns:777,emulate_cycles:20.5');
    await page.evaluate("location.hash = '#~prices=local_ns:1'");
    await page
      .locator('#r-local_ns')
      .evaluate('(range) => range.value')
      .catch(() => null);
    await expect.poll(() => shown(page)).toEqual(totals(one, ['prices.local_ns=1']));
    // A link within the page leaves prices alone.
    await page.locator('.toc a').first().click();
    await expect.poll(() => new URL(page.url()).hash).toBe('#legend~theme=dark~prices=local_ns:1');
    expect(await shown(page)).toEqual(totals(one, ['prices.local_ns=1']));
    await page.locator('#p-local_ns').fill('');
    await expect.poll(() => shown(page)).toEqual(totals(one, []));
    expect(problems).toEqual([]);
    await close();
  });

  test('an address that holds no prices, or wrong ones, says which are ignored, until prices are moved', async () => {
    const { page, problems, close } = await open(
      `${single}#~prices=local_ns:-5,emulate_cycles:20.5,nosuch:3,remote_ns:<b>1</b>`,
    );
    await settled(page);
    expect(await shown(page)).toEqual(totals(one, ['prices.emulate_cycles=20.5']));
    const note = page.locator('#live-note');
    const said =
      'Ignored in the link, because there is no such price or it cannot have this value: local_ns:-5, nosuch:3, remote_ns:<b>1</b>.';
    expect((await note.textContent())!.replaceAll('\u00A0', ' ')).toContain(said);
    expect((await page.locator('#live-said').textContent())!.replaceAll('\u00A0', ' ')).toContain(said);
    expect(new URL(page.url()).hash).toBe('#~prices=emulate_cycles:20.5');
    await page.locator('#p-local_ns').fill('1');
    await settled(page);
    expect(await note.textContent()).not.toContain('Ignored');
    await page.evaluate("location.hash = '#~prices=bogus'");
    await expect.poll(() => note.textContent()).toContain('Ignored in the link');
    await settled(page);
    expect(await note.isVisible()).toBe(true);
    expect(await shown(page)).toEqual(totals(one, []));
    expect(problems).toEqual([]);
    await close();
  });

  test.each([
    ['#~structure=0123abcd', 'The structure that the link names is not in this page'],
    ['#prices=local_ns:1', 'it is neither a place, a structure nor prices: prices=local_ns:1.'],
    ['#~bogus~price=local_ns:1', 'it is neither a place, a structure nor prices: bogus, price=local_ns:1.'],
  ])('%s names nothing of a run’s page, which says so', async (hash, says) => {
    const { page, problems, close } = await open(`${single}${hash}`);
    await settled(page);
    const text = async (): Promise<string> =>
      (await page.locator('#live-note').textContent())!.replaceAll('\u00A0', ' ');
    expect(await text()).toContain(says);
    expect(await shown(page)).toEqual(totals(one, []));
    expect(new URL(page.url()).hash).toBe('');
    await page.locator('#p-local_ns').fill('1');
    await settled(page);
    expect(await text()).not.toContain(says);
    expect(problems).toEqual([]);
    await close();
  });

  test('options to copy break between them, not within `--set`', async () => {
    const { page, close } = await open(`${single}#~prices=local_ns:1,remote_ns:2,emulate_cycles:3`, {
      viewport: { width: 380, height: 800 },
    });
    await settled(page);
    expect(await page.locator('#live-options').textContent()).toBe(
      '--set prices.local_ns=1 --set prices.remote_ns=2 --set prices.emulate_cycles=3',
    );
    const heights: number[] = await page
      .locator('#live-options .option')
      .evaluateAll((options) => options.map((one) => one.getClientRects()[0].height));
    expect(heights).toHaveLength(3);
    // Each is one line high: the narrowest screen has room for it.
    expect(Math.max(...heights)).toBeLessThan(1.5 * Math.min(...heights));
    expect(Math.max(...heights)).toBeLessThan(30);
    await close();
  });

  test('what no system accepts changes nothing and is marked', async () => {
    const { page, close } = await open(single);
    await page.locator('#what-if').click();
    await settled(page);
    await page.locator('#p-cycle_ns').fill('0');
    expect(await page.locator('#p-cycle_ns').getAttribute('aria-invalid')).toBe('true');
    expect(await shown(page)).toEqual(totals(one, []));
    await page.locator('#p-local_ns').focus();
    expect(await page.locator('#p-cycle_ns').inputValue()).toBe('2.5');
    // So long that it is no whole number of picoseconds any more.
    await page.locator('#p-local_ns').fill('1e15');
    await page.locator('#live-error:visible').waitFor();
    expect(await page.locator('#live-error').textContent()).toContain('sums exactly');
    await page.locator('[data-back=local_ns]').click();
    await settled(page);
    expect(await page.locator('#live-error').isVisible()).toBe(false);
    await close();
  });

  test('a link whose prices are too large: it is said beside the figures, which are those of the start', async () => {
    const { page, problems, close } = await open(`${single}#~prices=local_ns:1e300`);
    await settled(page);
    const note = page.locator('#live-note:visible');
    expect(await note.textContent()).toContain('not at the prices that were set');
    expect(await note.textContent()).toContain('sums exactly');
    await note.locator('[data-reset]').click();
    await settled(page);
    await page.locator('#live-note').waitFor({ state: 'hidden' });
    expect(await shown(page)).toEqual(totals(one, []));
    expect(problems).toEqual([]);
    await close();
  });

  test('without script: charts as ever, no panel, no controls', async () => {
    const { page, problems, close } = await open(`${single}#~prices=local_ns:1`, {
      javaScriptEnabled: false,
    });
    expect(await page.locator('svg.chart:visible').count()).toBe(4);
    expect(await page.locator('button:visible, input:visible, #panel:visible').count()).toBe(0);
    expect(textOf((await page.locator('#answer').innerHTML())!)).toContain('longer than linux-mips');
    expect(problems).toEqual([]);
    await close();
  });

  test.each([
    ['light', 1280],
    ['dark', 380],
  ] as const)(
    '%s, %d wide: no request, no complaint, no accessibility violation',
    async (colorScheme, width) => {
      const { page, problems, requests, close } = await open(address, {
        colorScheme,
        viewport: { width, height: 760 },
      });
      await page.locator('#what-if').click();
      await set(page, 'local_ns', '12');
      await page
        .locator('details.rest > summary')
        .evaluateAll('(list) => list.forEach((one) => one.click())');
      expect(await violations(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      expect(requests).toEqual([address]);
      expect(problems).toEqual([]);
      await close();
    },
  );

  test('keyboard: opens, moves, closes, and the focus is where it was', async () => {
    const { page, close } = await open(single);
    const focused = (): Promise<string> => page.evaluate('document.activeElement.id');
    await page.locator('#what-if').focus();
    await page.keyboard.press('Enter');
    expect(await focused()).toBe('panel-h');
    await settled(page);
    await page.locator('#r-local_ns').focus();
    await page.keyboard.press('ArrowRight');
    await settled(page);
    expect(Number(await page.locator('#p-local_ns').inputValue())).toBeGreaterThan(300);
    await page.keyboard.press('Escape');
    expect(await focused()).toBe('what-if');
    expect(await page.locator('#what-if').textContent()).toBe('Prices: 1 changed');
    await close();
  });

  test('printed: the note and the charts at these prices, no panel', async () => {
    const { page, close } = await open(`${single}#~prices=local_ns:12`);
    await settled(page);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('#panel:visible, #what-if:visible, input:visible').count()).toBe(0);
    expect(await page.locator('#live-note').isVisible()).toBe(true);
    await close();
  });

  test('downloads are of what is shown', async () => {
    const { page, close } = await open(`${single}#~prices=local_ns:12`, { acceptDownloads: true });
    await settled(page);
    const [started] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('#trace-1-time button[data-get=csv]').click(),
    ]);
    const file = pages.path('live.csv');
    await started.saveAs(file);
    const last = readFileSync(file, 'utf8').trim().split('\n').at(-1)!.split(',');
    expect([Number(last[1]), Number(last[3])]).toEqual(totals(one, ['prices.local_ns=12'])[0]);
    await close();
  });
});

/** In the page: the totals by comparison and system. */
const TOTALS = `() => {
  const found = [];
  for (const { dataset } of document.querySelectorAll('#live-times [data-ps]'))
    (found[dataset.trace] ??= []).push(Number(dataset.ps));
  return found;
}`;
