import { readFileSync } from 'node:fs';
import { parquetReadObjects } from 'hyparquet';
import { describe, expect, test } from 'vitest';
import { inProcess, SMALL, workplace } from './cli.ts';

/** `--sample-l2`: misses of L2 sizes by a sample of the lines, with their bound, or a reason why not. */

const place = workplace();
const SYSTEM = ['--systems', 'disco', '--set', 'machine.l2.inclusive=false'];
const SIZES = ['--vary', 'machine.l2.size=32K,64K,128K'];
const sampled = (...args: readonly string[]) => inProcess(['sweep', SMALL, ...SYSTEM, ...args], place);

interface Estimate {
  readonly 'machine.l2.size_bytes': number;
  readonly l2_accesses: number;
  readonly l2_misses: number;
  readonly l2_misses_low: number;
  readonly l2_misses_high: number;
  readonly cell: string;
}

function rowsOf(name: string): Estimate[] {
  const { columns, rows } = JSON.parse(readFileSync(place.path(name), 'utf8')) as {
    readonly columns: readonly { readonly name: string }[];
    readonly rows: readonly (readonly (string | number)[])[];
  };
  return rows.map(
    (row) => Object.fromEntries(columns.map((column, i) => [column.name, row[i]])) as unknown as Estimate,
  );
}

/** Misses of a fully associative cache, counted by a replay. */
async function exact(bytes: number): Promise<number> {
  const { stdout, stderr } = await sampled(
    ...['--set', `machine.l2.ways=${bytes / 128}`, '--vary', `machine.l2.size=${bytes}`, '--csv', '-'],
  );
  const [head, row] = stdout.split('\n').map((line) => line.split(','));
  const at = head!.indexOf('count.l2_misses');
  expect(at, stderr).toBeGreaterThan(0);
  return Number(row![at]);
}

describe('estimates', () => {
  test('a sample of all lines counts what replays count; of a part, the truth is within the bound', async () => {
    const truth: number[] = [];
    for (const bytes of [32768, 65536, 131072]) truth.push(await exact(bytes));
    expect((await sampled(...SIZES, '--sample-l2', '1', '--json', place.path('all.json'))).status).toBe(0);
    for (const [i, row] of rowsOf('all.json').entries()) {
      expect(row.l2_misses).toBeCloseTo(truth[i]!, 6);
      expect([row.l2_misses_low, row.l2_misses_high]).toEqual([row.l2_misses, row.l2_misses]);
    }
    expect((await sampled(...SIZES, '--sample-l2', '0.25', '--json', place.path('part.json'))).status).toBe(
      0,
    );
    for (const [i, row] of rowsOf('part.json').entries()) {
      expect(row.l2_misses_low).toBeLessThan(row.l2_misses_high);
      expect(truth[i]).toBeGreaterThanOrEqual(row.l2_misses_low);
      expect(truth[i]).toBeLessThanOrEqual(row.l2_misses_high);
    }
  });

  test('all files have the same rows, the bound among them; text and files say what they are', async () => {
    const files = ['json', 'csv', 'parquet'].flatMap((kind) => [`--${kind}`, place.path(`a.${kind}`)]);
    const { status, stdout, stderr } = await sampled(...SIZES, '--sample-l2', '0.25', ...files);
    expect(status, stderr).toBe(0);
    expect(stderr).toContain('3 sizes from a sample of 0.25 of all lines');
    expect(stdout).toMatch(/estimated misses[\s\S]*95 % bound[\s\S]*64K +[\d.]+ % +[\d.]+ % to [\d.]+ %/);
    expect(stdout).toContain('no tally and have no times');
    const json = readFileSync(place.path('a.json'), 'utf8');
    expect(json).toContain('"schema": "vmtax.sweep-sampled-l2/1"');
    const rows = rowsOf('a.json');
    const [head, ...lines] = readFileSync(place.path('a.csv'), 'utf8').trimEnd().split('\n');
    expect(head!.split(',')).toEqual(Object.keys(rows[0]!));
    expect(lines.map((line) => line.split(',').map(String))).toEqual(
      rows.map((row) => Object.values(row).map(String)),
    );
    const bytes = readFileSync(place.path('a.parquet'));
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
    expect(await parquetReadObjects({ file: file as ArrayBuffer })).toEqual(rows);
  });

  test('another seed follows other lines', async () => {
    const of = async (seed: string) =>
      (await sampled(...SIZES, '--sample-l2', '0.25', '--seed', seed, '--csv', '-')).stdout;
    expect(await of('1')).toBe(await of('1'));
    expect(await of('1')).not.toBe(await of('2'));
  });
});

test.each([
  [[...SIZES, '--sample-l2', '0'], /--sample-l2 0: expected a part of all lines, above 0 and at most 1/],
  [[...SIZES, '--sample-l2', '1.01'], /--sample-l2 1\.01: expected a part/],
  [[...SIZES, '--sample-l2', 'much'], /--sample-l2 much: expected a part/],
  [[...SIZES, '--sample-l2', '0.005'], /sampling rate 0\.005: must be from 0\.01 to 1/],
  [['--vary', 'machine.l1d.size=16K,32K', '--sample-l2', '0.5'], /machine\.l1d\.size cannot be sampled/],
  [
    [...SIZES, '--vary', 'machine.tlb.entries=32,64', '--sample-l2', '0.5'],
    /machine\.tlb\.entries cannot be sampled.*too few lines/,
  ],
  [
    [...SIZES, '--vary', 'prices.local_ns=100,200', '--sample-l2', '0.5'],
    /prices\.local_ns cannot be sampled.*an estimate is not priced/,
  ],
  [['--sample-l2', '0.5'], /nothing is varied/],
  [[...SIZES, '--set', 'machine.l2.inclusive=true', '--sample-l2', '0.5'], /its L2 is inclusive/],
  [[...SIZES, '--set', 'machine.cpus=2', '--sample-l2', '0.5'], /cannot be sampled: .*2 CPUs/],
  [[...SIZES, '--sample-l2', '0.5', '--out', 'd'], /--sample-l2 goes without --out/],
  [[...SIZES, '--sample-l2', '0.5', '--html', 'p.html'], /--sample-l2 goes without --html/],
])('refused in one line, with nothing written: %j', async (args, message) => {
  const { status, stdout, stderr } = await sampled(...args, '--csv', place.path('never.csv'));
  expect(stderr).toMatch(message);
  expect(
    stderr
      .trimEnd()
      .split('\n')
      .filter((line) => line.startsWith('vmtax:')),
  ).toHaveLength(1);
  expect([status, stdout]).toEqual([2, '']);
  expect(() => readFileSync(place.path('never.csv'))).toThrow();
});
