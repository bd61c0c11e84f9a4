import { beforeAll, expect, test } from 'vitest';
import { renderReproductionPage } from '../../../src/report/reproduction/page.ts';
import { inChromium, openAll, violations, wrongLabels } from '../chromium.ts';
import { resultOf } from './fixture.ts';

/** The page in a real browser. */

inChromium((pages) => {
  const whole = pages.address('page.html');
  /** Of two exhibits: checking accessibility takes long where tables are. */
  const part = pages.address('part.html');

  beforeAll(async () => {
    const page = await renderReproductionPage(await resultOf(), { commandLine: 'vmtax reproduce' });
    pages.write('page.html', page);
    const few = await resultOf({ exhibits: ['figure5', 'table3'] });
    pages.write('part.html', await renderReproductionPage(few));
  });

  test('charts: no label is clipped, none lies on another; the page is silent', async () => {
    const { page, problems, requests, close } = await pages.open(whole);
    expect(await page.evaluate("document.querySelectorAll('svg.chart text').length")).toBeGreaterThan(300);
    expect(await wrongLabels(page)).toEqual([]);
    expect(requests).toEqual([whole]);
    expect(problems).toEqual([]);
    await close();
  });

  test.each(['light', 'dark'] as const)('%s: accessible', async (colorScheme) => {
    const { page, close } = await pages.open(part, { colorScheme });
    await openAll(page);
    expect(await violations(page)).toEqual([]);
    await close();
  });

  test('360 pixels wide it does not scroll sideways, with every table open', async () => {
    const { page, close } = await pages.open(whole, { viewport: { width: 360, height: 740 } });
    await openAll(page);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
    await close();
  });

  test('without script it is complete; printed it is light with every table open', async () => {
    const { page, close } = await pages.open(whole, { javaScriptEnabled: false, colorScheme: 'dark' });
    expect(await page.locator('svg.chart:visible').count()).toBe(11);
    expect(await page.locator('button:visible').count()).toBe(0);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('#every').isVisible()).toBe(true);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    await close();
  });
});
