import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { liveOf } from '../report/page.ts';
import { vmtax, workplace } from './cli.ts';

const place = workplace();

/** What `npm start` writes, with one seed in place of three, whose times are a few hundred bytes. */
test('the page of the shipped traces stays below 500,000 bytes, whole', async () => {
  const { status } = await vmtax(['run', '--shipped', '--seeds', '1', '--html', 'report.html'], place);
  expect(status).toBe(0);
  const page = readFileSync(place.path('report.html'));
  expect(page.length).toBeLessThan(499_000);
  const html = page.toString();
  expect(html.match(/<section id="trace-/g)).toHaveLength(3);
  expect(html.match(/<svg /g)!.length).toBeGreaterThanOrEqual(20);
  expect(html.match(/<table /g)!.length).toBeGreaterThanOrEqual(31);
  expect(liveOf(html).panel).toContain('id="p-local_ns"');
});
