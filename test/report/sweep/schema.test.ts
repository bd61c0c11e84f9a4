import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseSweepResult, sweepResultJsonSchema } from '../../../src/report/sweep/schema.ts';
import { inProcess, SMALL, workplace } from '../../cli/cli.ts';

const place = workplace();

test('schema/sweep-result.schema.json is what the schema says', async () => {
  const text = `${JSON.stringify(sweepResultJsonSchema(), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot('../../../schema/sweep-result.schema.json');
});

const ASKED = ['--sensitivity', '--samples', '100'];
const TLB = ['--vary', 'machine.tlb.entries=32,64'];

test.each([
  ['rows alone', [...TLB, '--design', 'one-at-a-time']],
  ['what is asked beyond them', [...TLB, '--break-even', 'machine.tlb.entries', ...ASKED]],
  ['prices alone', ['--break-even', 'prices.trap_cycles=0..100', ...ASKED, '--prices-only']],
])('%s: the JSON of a sweep is valid and comes out of it unchanged', async (_, asked) => {
  const path = place.path('sweep.json');
  const { status } = await inProcess(
    ['sweep', SMALL, '--systems', 'irix,disco', ...asked, '--json', path],
    place,
  );
  expect(status).toBe(0);
  const written = JSON.parse(readFileSync(path, 'utf8'));
  expect(parseSweepResult(written)).toEqual(written);
  expect(() => parseSweepResult({ ...written, more: 1 })).toThrow();
  if (written.sensitivity === undefined) return;
  const without = { ...written, sensitivity: [{ ...written.sensitivity[0], monteCarlo: undefined }] };
  expect(() => parseSweepResult(without)).toThrow();
});
