import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe } from 'vitest';

/** Pages in a real browser: Debian's Chromium, or the one that CHROMIUM_PATH names; without any the tests are skipped. */
const executablePath = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';
const missing = !existsSync(executablePath);
const HOW = 'install it with "apt-get install chromium", or set CHROMIUM_PATH to a Chromium or Chrome';
if (missing) console.warn(`Browser tests are skipped: there is no ${executablePath}; ${HOW}.`);

const ARGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** A page that was opened, with what it asked for and what went wrong in it. */
export interface Opened {
  readonly page: Page;
  /** Addresses. */
  readonly requests: readonly string[];
  /** What it wrote to the console, and what it threw. */
  readonly problems: readonly string[];
  readonly close: () => Promise<void>;
}

export interface Pages {
  /** Where a file of this name is; the folder is removed after the tests. */
  readonly path: (name: string) => string;
  /** The same as an address. */
  readonly address: (name: string) => string;
  /** Writes a page and gives its address. */
  readonly write: (name: string, html: string) => string;
  readonly open: (address: string, options?: BrowserContextOptions) => Promise<Opened>;
}

/** A group of tests with pages in a browser of its own. */
export function inChromium(tests: (pages: Pages) => void): void {
  const name = missing ? `in Chromium (SKIPPED: no ${executablePath}; ${HOW})` : 'in Chromium';
  describe.skipIf(missing)(name, () => {
    let browser: Browser | undefined;
    // Known before the tests are, so that tables of tests can name addresses.
    const folder = missing ? '' : mkdtempSync(join(tmpdir(), 'vmtax-page-'));
    beforeAll(async () => {
      browser = await chromium.launch({ executablePath, args: ARGS });
    });
    afterAll(async () => {
      await browser?.close();
      rmSync(folder, { recursive: true, force: true });
    });
    const path = (file: string): string => join(folder, file);
    const address = (file: string): string => pathToFileURL(path(file)).href;
    tests({
      path,
      address,
      write: (file, html) => {
        writeFileSync(path(file), html);
        return address(file);
      },
      open: async (address, options = {}) => {
        const context = await browser!.newContext({ viewport: { width: 1100, height: 900 }, ...options });
        const page = await context.newPage();
        const requests: string[] = [];
        const problems: string[] = [];
        page.on('request', (request) => requests.push(request.url()));
        page.on('console', (message) => problems.push(message.text()));
        page.on('pageerror', (error) => problems.push(error.message));
        await page.goto(address);
        return { page, requests, problems, close: () => context.close() };
      },
    });
  });
}

export const openAll = (page: Page): Promise<void> =>
  page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true");

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core finds wrong with the page as it is. What is right it need not list, which takes time. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(
    "axe.run({ resultTypes: ['violations'] }).then((r) => r.violations.map((v) => v.id + ': ' + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 150)).join(' | ')))",
  );
}

/** Labels of charts outside their chart, or overlapping by more than a pixel each way. */
export const wrongLabels = (page: Page): Promise<string[]> => page.evaluate(LABELS);

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

/**
 * In the page: sets one price after the other, as typing does, each alone, and gives what `totals`, a function of the page, then
 * finds there.
 */
export const setEach = (totals: string): string => `async (values) => {
  const drawn = () => performance.getEntriesByName('vmtax-draw').length;
  const type = (input, value) => {
    input.value = value;
    input.dispatchEvent(new Event('input', { bubbles: true }));
  };
  const found = [];
  let back = () => {};
  for (const [name, value] of values) {
    const input = document.getElementById('p-' + name);
    const start = input.value;
    const before = drawn();
    back();
    type(input, value);
    while (drawn() === before) await new Promise(requestAnimationFrame);
    found.push([name, (${totals})()]);
    back = () => type(input, start);
  }
  back();
  return found;
}`;
