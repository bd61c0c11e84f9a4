import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderReproductionPage } from '../../../src/report/reproduction/page.ts';
import { resultOf } from './fixture.ts';

/** The page in a real browser; skipped, as all such tests, where there is none. */

const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const folder = mkdtempSync(join(tmpdir(), 'vmtax-reproduction-'));
const addressOf = (name: string): string => pathToFileURL(join(folder, name)).href;
const whole = addressOf('page.html');
/** Of two exhibits: checking accessibility takes long where tables are. */
const part = addressOf('part.html');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!existsSync(executablePath))('in Chromium', () => {
  let browser: Browser;

  beforeAll(async () => {
    const page = await renderReproductionPage(await resultOf(), { commandLine: 'vmtax reproduce' });
    writeFileSync(join(folder, 'page.html'), page);
    const few = await resultOf({ exhibits: ['figure5', 'table3'] });
    writeFileSync(join(folder, 'part.html'), await renderReproductionPage(few));
    browser = await chromium.launch({
      executablePath,
      args: ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-sync'],
    });
  });

  afterAll(async () => {
    await browser?.close();
  });

  async function open(options: BrowserContextOptions, address = whole) {
    const context = await browser.newContext({ viewport: { width: 1100, height: 900 }, ...options });
    const page = await context.newPage();
    const heard: string[] = [];
    page.on('request', (request) => heard.push(request.url()));
    page.on('console', (message) => heard.push(message.text()));
    page.on('pageerror', (error) => heard.push(error.message));
    await page.goto(address);
    return { page, heard, close: () => context.close() };
  }

  test('charts: no label is clipped, none lies on another; the page is silent', async () => {
    const { page, heard, close } = await open({});
    expect(await page.evaluate("document.querySelectorAll('svg.chart text').length")).toBeGreaterThan(300);
    expect(await page.evaluate(LABELS)).toEqual([]);
    expect(heard).toEqual([whole]);
    await close();
  });

  test.each(['light', 'dark'] as const)('%s: accessible', async (colorScheme) => {
    const { page, close } = await open({ colorScheme }, part);
    await page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true");
    await page.evaluate(axe);
    const found =
      "axe.run().then((r) => r.violations.map((v) => v.id + ': ' + v.nodes[0].html.slice(0, 150)))";
    expect(await page.evaluate(found)).toEqual([]);
    await close();
  });

  test('360 pixels wide it does not scroll sideways, with every table open', async () => {
    const { page, close } = await open({ viewport: { width: 360, height: 740 } });
    await page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true");
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await close();
  });

  test('without script it is complete; printed it is light with every table open', async () => {
    const { page, close } = await open({ javaScriptEnabled: false, colorScheme: 'dark' });
    expect(await page.locator('svg.chart:visible').count()).toBe(11);
    expect(await page.locator('button:visible').count()).toBe(0);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('#every').isVisible()).toBe(true);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    await close();
  });
});

/** In the page: labels of charts outside their chart, or overlapping by more than a pixel each way. */
const LABELS = `(() => {
  const wrong = [];
  for (const svg of document.querySelectorAll('svg.chart')) {
    const frame = svg.getBoundingClientRect();
    const boxes = [...svg.querySelectorAll('text')].map((t) => [t.textContent, t.getBoundingClientRect()]);
    for (const [text, box] of boxes)
      if (box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1)
        wrong.push(svg.id + ' clips ' + text);
    for (const [i, [a, p]] of boxes.entries())
      for (const [b, q] of boxes.slice(i + 1))
        if (Math.min(p.right, q.right) - Math.max(p.left, q.left) > 1 && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 3)
          wrong.push(svg.id + ': ' + a + ' on ' + b);
  }
  return wrong.slice(0, 10);
})()`;
