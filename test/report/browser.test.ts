import { readFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import type { Page } from 'playwright-core';
import { beforeAll, expect, test } from 'vitest';
import { factsOf } from '../../src/report/facts.ts';
import { renderJson } from '../../src/report/json.ts';
import { inChromium, openAll, violations, wrongLabels } from './chromium.ts';
import { fixture } from './fixture.ts';
import { numaResult } from './numa-fixture.ts';
import { pageOf } from './page.ts';

/** The page in a real browser. */

const result = fixture();

inChromium((pages) => {
  const url = pages.address('report.html');
  const [long, numa, many] = ['long.html', 'numa.html', 'many.html'].map(pages.address) as [
    string,
    string,
    string,
  ];

  beforeAll(async () => {
    pages.write('report.html', (await pageOf(result, { commandLine: 'vmtax run --shipped' })).html);
    const names = ['native', ...[1, 2, 3, 4, 5].map((i) => `disco-${'long-name-'.repeat(i * 3)}${i}`)];
    const traces = [{ name: `trace-${'of-a-long-name-'.repeat(8)}`, services: 60 }];
    pages.write('long.html', (await pageOf(fixture(traces, names))).html);
    pages.write('numa.html', (await pageOf(numaResult())).html);
    pages.write('many.html', (await pageOf(numaResult(64, names.slice(0, 3)))).html);
  });

  const open = (options: Parameters<typeof pages.open>[1] = {}, address = url) =>
    pages.open(address, options);

  test.each([
    ['light', 'virtual machine', url],
    ['dark', 'virtual machine', url],
    ['light', 'memory system', numa],
    ['dark', 'memory system', numa],
  ] as const)(
    '%s, %s: no request, no complaint, no accessibility violation',
    async (colorScheme, _, address) => {
      const { page, requests, problems, close } = await open({ colorScheme }, address);
      expect(await violations(page)).toEqual([]);
      await openAll(page);
      expect(await violations(page)).toEqual([]);
      const background = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      expect(background).toBe(colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(20, 23, 26)');
      expect(requests).toEqual([address]);
      expect(problems).toEqual([]);
      await close();
    },
  );

  test('charts follow the scheme without script', async () => {
    const fill = async (colorScheme: 'light' | 'dark'): Promise<unknown> => {
      const { page, close } = await open({ colorScheme, javaScriptEnabled: false });
      const colour = await page.evaluate(FIRST_PIECE);
      await close();
      return colour;
    };
    expect([await fill('light'), await fill('dark')]).toEqual(['rgb(0, 114, 178)', 'rgb(86, 180, 233)']);
  });

  test('with JavaScript off the page is complete and its controls are gone', async () => {
    const { page, problems, close } = await open({ javaScriptEnabled: false });
    expect(await page.locator('h1').textContent()).toContain('longer than linux-mips');
    expect(await page.locator('button:visible').count()).toBe(0);
    expect(await page.locator('svg.chart:visible').count()).toBe(15);
    const table = page.locator('#trace-1-time-table');
    expect(await table.isVisible()).toBe(false);
    await page.locator('#trace-1-time summary').click();
    expect(await table.isVisible()).toBe(true);
    expect(problems).toEqual([]);
    await close();
  });

  /** Clicks a download button and gives the file's name and text. */
  async function download(page: Page, selector: string): Promise<{ name: string; text: string }> {
    const [started] = await Promise.all([
      page.waitForEvent('download'),
      page.locator(selector).first().click(),
    ]);
    const path = pages.path(started.suggestedFilename());
    await started.saveAs(path);
    return { name: started.suggestedFilename(), text: readFileSync(path, 'utf8') };
  }

  test('downloads', async () => {
    const { page, problems, close } = await open({ acceptDownloads: true, colorScheme: 'light' });
    const json = await download(page, 'button[data-get=result]');
    expect(json.name).toBe('vmtax-result.json');
    expect(json.text).toBe(renderJson(result));

    const csv = await download(page, '#trace-1-time button[data-get=csv]');
    expect(csv.name).toBe('vmtax-malta64-pmake-breakdown.csv');
    const rows: Record<string, string>[] = parse(csv.text, { columns: true });
    const facts = factsOf(result.comparisons[0]!);
    const parts = rows.filter((row) => /: /.test(row['category, cause']!));
    for (const run of facts.runs)
      expect(parts.reduce((sum, row) => sum + Number(row[`${run.name} ps`]), 0)).toBe(run.total);

    const svg = await download(page, '#trace-1-time button[data-get=svg]');
    expect(svg.text).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
    expect(svg.text).not.toContain('var(');
    expect(svg.text).toContain('#0072b2');

    const spec = await download(page, '#trace-1-time button[data-get=spec]');
    expect(spec.name).toBe('vmtax-malta64-pmake-breakdown.vl.json');
    expect(spec.text).not.toContain('var(');
    const { compile } = await import('vega-lite');
    expect(compile(JSON.parse(spec.text)).spec.marks!.length).toBeGreaterThan(4);
    expect(problems).toEqual([]);
    await close();
  });

  test('theme and open tables are in the address and come back from it', async () => {
    const { page, close } = await open({ colorScheme: 'light' });
    const background = (): Promise<string> =>
      page.evaluate('getComputedStyle(document.body).backgroundColor');
    await page.locator('#theme').click();
    await page.locator('#theme').click();
    expect(await page.locator('#theme').textContent()).toBe('Theme: dark');
    expect(await background()).toBe('rgb(20, 23, 26)');
    await page.locator('#trace-2-owner .anchor').click();
    await page.locator('#trace-2-owner summary').click();
    await page.waitForFunction("location.hash.includes('open=')");
    expect(new URL(page.url()).hash).toBe('#trace-2-owner~theme=dark~open=trace-2-owner-table-d');
    await page.reload();
    expect(await background()).toBe('rgb(20, 23, 26)');
    expect(await page.locator('#trace-2-owner-table').isVisible()).toBe(true);
    expect(
      await page.evaluate(
        "Math.abs(document.getElementById('trace-2-owner').getBoundingClientRect().top) < 60",
      ),
    ).toBe(true);
    await close();
  });

  test('keyboard: skip link first, controls and tables reachable, focus visible', async () => {
    const { page, close } = await open();
    const focused = (): Promise<string> => page.evaluate('document.activeElement.outerHTML.slice(0, 60)');
    await page.keyboard.press('Tab');
    expect(await focused()).toContain('class="skip"');
    expect(await page.evaluate('document.activeElement.getBoundingClientRect().left >= 0')).toBe(true);
    await page.keyboard.press('Tab');
    expect(await focused()).toContain('id="theme"');
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    await page.keyboard.press('Enter');
    expect(await page.locator('#theme').textContent()).toBe('Theme: light');
    await page.locator('#trace-1-time summary').focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('#trace-1-time-table').isVisible()).toBe(true);
    await close();
  });

  test('print: light, every table open, no controls', async () => {
    const { page, close } = await open({ colorScheme: 'dark', javaScriptEnabled: false });
    await page.emulateMedia({ media: 'print' });
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    expect(await page.locator('button:visible, .anchor:visible, nav li:visible').count()).toBe(0);
    const heights = await page.evaluate(
      "[...document.querySelectorAll('table')].map((t) => t.getBoundingClientRect().height)",
    );
    for (const height of heights as number[]) expect(height).toBeGreaterThan(20);
    expect((await page.pdf({ format: 'A4' })).length).toBeGreaterThan(10_000);
    await close();
  });

  test('before printing the script opens tables and closes them again', async () => {
    const { page, close } = await open();
    const count = (): Promise<number> => page.evaluate("document.querySelectorAll('details[open]').length");
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    expect(await count()).toBeGreaterThan(20);
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    expect(await count()).toBe(0);
    await close();
  });

  test.each([
    ['usual names', url],
    ['long names', long],
    ['memory system', numa],
    ['64 nodes', many],
  ])('360 pixels wide, %s: the page does not scroll sideways', async (_, address) => {
    const { page, close } = await open({ viewport: { width: 360, height: 740 } }, address);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await openAll(page);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    expect(await violations(page)).toEqual([]);
    await close();
  });

  test.each([
    ['usual names', url],
    ['long names', long],
    ['memory system', numa],
    ['64 nodes', many],
  ])('charts, %s: no label is clipped, none lies on another', async (_, address) => {
    const { page, close } = await open({}, address);
    expect(await page.evaluate("document.querySelectorAll('svg.chart text').length")).toBeGreaterThan(100);
    expect(await wrongLabels(page)).toEqual([]);
    await close();
  });

  test('the memory system: keyboard opens its tables, print shows them, its map is there without script', async () => {
    const address = numa;
    const { page, close } = await open({}, address);
    await page.locator('#trace-1-nodes summary').focus();
    await page.keyboard.press('Enter');
    expect(await page.locator('#trace-1-nodes-table').isVisible()).toBe(true);
    await page.locator('#trace-1-actions .scroll').focus();
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    await close();
    const plain = await open({ javaScriptEnabled: false, colorScheme: 'dark' }, address);
    expect(await plain.page.locator('#trace-1-nodes svg.chart').isVisible()).toBe(true);
    await plain.page.emulateMedia({ media: 'print' });
    for (const id of ['served', 'classes', 'nodes', 'latency', 'load', 'pages'])
      expect(await plain.page.locator(`#trace-1-${id}-table`).isVisible()).toBe(true);
    await plain.close();
  });

  test('forced colours: text and charts stay visible', async () => {
    const { page, close } = await open({ forcedColors: 'active', colorScheme: 'dark' });
    expect(await violations(page)).toEqual([]);
    const fill = await page.evaluate(FIRST_PIECE);
    expect(fill).toBe('rgb(86, 180, 233)');
    await close();
  });
});

/** In the page: the colour of the first piece of the first chart. */
const FIRST_PIECE = "getComputedStyle(document.querySelector('#trace-1-time-svg path')).fill";
