import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { renderSweepPage } from '../../../src/report/sweep/page.ts';
import { priceBands } from '../../../src/report/sweep/price-bands.ts';
import type { SweepView } from '../../../src/report/sweep/view.ts';
import { analysed } from '../../sweep/analysed.ts';
import { planOf, presets, workload } from '../../sweep/sweeps.ts';

/** The page of a sweep claims no difference, at the top or part by part, that its own band leaves open. */

const folder = mkdtempSync(join(tmpdir(), 'vmtax-sweep-shown-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const view = await analysed(
  await workload('workload:services?cpus=1&instructions=4K'),
  presets('irix', 'disco'),
  planOf(['machine.tlb.entries=64,128']),
  { directory: folder, request: { sensitivity: { samples: 200, seed: 1 } } },
);

/** The same with bands that reach so far below and above. */
function widened(low: number, high: number): SweepView {
  const [first] = view.analysis.sensitivity;
  const systems = first!.monteCarlo.systems.map((one) =>
    one.ratio === null
      ? one
      : {
          ...one,
          difference: { p5: Math.sign(low - 1), p50: 0, p95: Math.sign(high - 1) },
          ratio: { p5: low, p50: one.ratio.p50, p95: high },
        },
  );
  const sensitivity = [{ ...first!, monteCarlo: { ...first!.monteCarlo, systems } }];
  return { ...view, analysis: { ...view.analysis, sensitivity } };
}

const pageOf = async (of: SweepView): Promise<string> => {
  const html = await renderSweepPage(of, { tool: { name: 'vmtax', version: 'test' } });
  return html.split('<script', 1)[0]!.replaceAll(/<[^>]*>/g, '');
};

test('the band is around the difference of the systems as they are', () => {
  const now = view.analysis.sensitivity[0]!.tornado[1]!.ratio!.now;
  const [[none, band]] = priceBands(widened(0.9, 5)) as [[null, { below: number; above: number }]];
  expect(none).toBe(null);
  expect(now + band.below / 100).toBeCloseTo(0.9, 10);
  expect(now + band.above / 100).toBeCloseTo(5, 10);
});

test('a band with zero in it: nothing in the page says longer or less time', async () => {
  const text = await pageOf(widened(0.9, 5));
  expect(text.match(/No difference is shown between/g)!.length).toBeGreaterThanOrEqual(3);
  expect(text).toContain('(no difference is shown)');
  expect(text).toContain(
    'disco takes longer than irix in 0 of 2 structures, and in 2 no difference is shown.',
  );
  expect(text).not.toMatch(/disco takes [\d.]+ (%|times)|[\d.]+ % (more|less)\b/);
});

test('a band without zero: the same places say by how much', async () => {
  const text = await pageOf(view);
  expect(text).not.toMatch(/no difference is shown/i);
  expect(text).toMatch(/disco takes [\d.]+ % longer than irix|disco takes [\d.]+ times as long as irix/);
});
