import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sweepCsv } from '../../src/sweep/csv.ts';
import { type Journal, openJournal } from '../../src/sweep/journal.ts';
import { sweepJson } from '../../src/sweep/json.ts';
import type { Layout } from '../../src/sweep/laid.ts';
import { layOut } from '../../src/sweep/layout.ts';
import { OUTPUTS } from '../../src/sweep/outputs.ts';
import { sweepParquet } from '../../src/sweep/parquet.ts';
import type { Block } from '../../src/sweep/price-cells.ts';
import { checkReplay } from '../../src/sweep/replays.ts';
import { runWork, WHOLE, workOf } from '../../src/sweep/run.ts';
import { failedCells } from '../../src/sweep/sweep.ts';
import { type Column, collectRows, columnsOf, finishedUnits } from '../../src/sweep/table.ts';
import type { Leaf } from '../../src/sweep/types.ts';
import { planOf, presets, workload } from './sweeps.ts';

const TOOL = { name: 'vmtax', version: '9.9.9' };

let directory = '';
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'vmtax-test-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

async function bytesOf(pieces: AsyncIterable<string | Uint8Array>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(Buffer.from(piece as Uint8Array));
  return Buffer.concat(all);
}

const fileOf = ({ buffer, byteOffset, byteLength }: Buffer): ArrayBuffer =>
  buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;

async function layoutOf(vary: readonly string[], names = ['irix', 'disco']): Promise<Layout> {
  const trace = await workload('workload:services?cpus=1&instructions=2K');
  const named = { name: 'a "trace", odd', identity: 'x', header: trace.header, systems: presets(...names) };
  return layOut(planOf(vary), [named], { mostCells: 1e6, model: 'test', check: checkReplay });
}

/** As objects by column, from each format. */
async function read(layout: Layout, journal: Pick<Journal, 'read' | 'failure' | 'done'>) {
  const units = () => finishedUnits(layout, journal);
  const failed = await failedCells(layout, journal);
  const json = JSON.parse((await bytesOf(sweepJson(layout, units(), { tool: TOOL, failed }))).toString()) as {
    readonly columns: readonly Column[];
    readonly rows: readonly (readonly Leaf[])[];
    readonly failures: unknown;
  };
  const csv = parse(await bytesOf(sweepCsv(layout, units())), { columns: true }) as Record<string, string>[];
  const bytes = await bytesOf(sweepParquet(layout, units(), { tool: TOOL }));
  const file = fileOf(bytes);
  return {
    json,
    rows: json.rows.map((row) => Object.fromEntries(row.map((value, at) => [json.columns[at]!.name, value]))),
    csv,
    parquet: await parquetReadObjects({ file }),
    metadata: parquetMetadata(file),
  };
}

describe('files of a sweep', () => {
  test('JSON, CSV, Parquet and rows in memory say the same', async () => {
    const layout = await layoutOf([
      'machine.l2.size=512K,1M',
      'monitor.l2tlb.entries=0,64',
      'monitor.patched_hal=true,false',
      'disco:prices.local_ns=100,200.5,1e300',
      'machine.contention=none,deterministic',
    ]);
    const journal = await openJournal(join(directory, 'same'), true);
    const work = await workOf(layout, journal, WHOLE);
    const trace = await workload('workload:services?cpus=1&instructions=2K');
    expect(await runWork(layout, work, journal, { open: async () => trace })).toBe(0);
    const { json, rows, csv, parquet, metadata } = await read(layout, journal);

    // Readers pass row groups over by what they span of an input.
    const spans = metadata.row_groups[0]!.columns.map(({ meta_data }) => meta_data!);
    const spanOf = (name: string) => spans.find(({ path_in_schema: [path] }) => path === name)?.statistics;
    expect(spanOf('prices.local_ns')).toMatchObject({ min_value: 100, max_value: 300 });
    expect(spanOf('total_ps')).toBeUndefined();

    expect(rows.length).toBe(48 + 32);
    expect((json.failures as readonly unknown[]).length).toBe(16);
    expect(parquet).toEqual(rows);
    expect(csv).toEqual(
      rows.map((row) =>
        Object.fromEntries(
          Object.entries(row).map(([name, value]) => [name, value === null ? '' : String(value)]),
        ),
      ),
    );
    const inMemory = await collectRows(layout, finishedUnits(layout, journal));
    expect(inMemory.map(({ cell, total_ps }) => [cell, total_ps])).toEqual(
      rows.map((row) => [row.cell, row.total_ps]),
    );
    expect(rows[0]!.trace).toBe('a "trace", odd');
    expect(
      rows.filter((row) => row.system === 'irix').every((row) => row['monitor.patched_hal'] === null),
    ).toBe(true);

    // Every number has its unit, in every format.
    const names = json.columns.map(({ name }) => name);
    expect(names).toEqual(Object.keys(csv[0]!));
    expect(names).toEqual(columnsOf(layout).map(({ name }) => name));
    expect(names).toEqual(
      expect.arrayContaining([
        'machine.l2.size_bytes',
        'monitor.l2tlb.entries',
        'prices.local_ns',
        'total_ps',
        'cause.tlb_refill_ps',
        'count.l2_misses',
      ]),
    );
    expect(new Set(names).size).toBe(names.length);
    for (const { description } of json.columns) expect(description).not.toBe('');
    const pairs = Object.fromEntries(metadata.key_value_metadata!.map(({ key, value }) => [key, value]));
    expect(JSON.parse(pairs['vmtax.columns']!)).toEqual(json.columns);
    expect(JSON.parse(pairs['vmtax.plan']!)).toEqual(layout.plan);
    expect(metadata.created_by).toBe('vmtax version 9.9.9');
  });

  test('many rows are several row groups, and none is lost between them', async () => {
    const layout = await layoutOf(['prices.local_ns=1..300+1', 'prices.cycle_ns=1..300+1'], ['irix']);
    // Made up, but for the shape: what matters is which row is where.
    let next = 0;
    const blocks = new Map<string, Block>();
    for (const { id, cells } of layout.units) {
      const total = Float64Array.from(cells, () => next++);
      const columns = OUTPUTS.map((_, at) => (at === 1 ? total : at));
      blocks.set(id, { rows: cells.length, columns, failures: [] });
    }
    const journal = { read: async (id: string) => blocks.get(id) ?? null, failure: async () => null };
    expect(layout.units.length).toBeGreaterThan(3);
    const bytes = await bytesOf(sweepParquet(layout, finishedUnits(layout, journal), { tool: TOOL }));
    const file = fileOf(bytes);
    const groups = parquetMetadata(file).row_groups.map(({ num_rows }) => Number(num_rows));
    expect(groups).toEqual([65_536, 90_000 - 65_536]);
    const columns = ['cell', 'total_ps', 'elapsed_ps', 'prices.local_ns', 'prices.cycle_ns', 'system'];
    const rows = await parquetReadObjects({ file, columns });
    expect(rows.every((row, at) => row.total_ps === at && row.elapsed_ps === 2)).toBe(true);
    expect(rows[70_000]).toMatchObject({ 'prices.local_ns': 234, 'prices.cycle_ns': 101, system: 'irix' });
    expect(new Set(rows.map(({ cell }) => cell)).size).toBe(90_000);
  });
});

test('an interrupted output ends as interrupted', async () => {
  const layout = await layoutOf(['prices.local_ns=1..3+1']);
  const journal = { read: async () => null };
  const units = finishedUnits(layout, journal, AbortSignal.abort());
  await expect(bytesOf(sweepCsv(layout, units))).rejects.toMatchObject({ name: 'AbortError' });
});

describe('the journal', () => {
  const block: Block = {
    rows: 3,
    columns: OUTPUTS.map((_, at) => (at % 5 === 0 ? Float64Array.of(at, 0.1, Number.NaN) : at)),
    failures: [{ row: 2, message: 'no\nroom' }],
  };

  test('gives back what was written', async () => {
    const journal = await openJournal(join(directory, 'a'), true);
    expect(await journal.read('0123')).toBe(null);
    await journal.write('0123', block);
    expect(await journal.read('0123')).toEqual(block);
    expect(await journal.done()).toEqual(new Set(['0123']));
    // Under another name it is not what it says.
    writeFileSync(join(directory, 'a/4567.unit'), readFileSync(join(directory, 'a/0123.unit')));
    expect(await journal.read('4567')).toBe(null);
  });

  test('a damaged or truncated file is as good as none', async () => {
    const path = join(directory, 'b');
    const journal = await openJournal(path, false);
    await journal.write('0123', block);
    const file = join(path, '0123.unit');
    const whole = readFileSync(file);
    for (let at = 0; at < whole.length; at += 7) {
      const damaged = Buffer.from(whole);
      damaged[at]! ^= 4;
      writeFileSync(file, damaged);
      expect(await journal.read('0123'), `byte ${at}`).toBe(null);
      truncateSync(file, at);
      expect(await journal.read('0123'), `${at} bytes`).toBe(null);
    }
    writeFileSync(file, whole);
    expect(await journal.read('0123')).toEqual(block);
  });

  test('a failure is noted until the unit is there; what the killed leave is taken away', async () => {
    const path = join(directory, 'c');
    const journal = await openJournal(path, false);
    await journal.fail('0123', 'disk on fire');
    expect(await journal.failure('0123')).toBe('disk on fire');
    writeFileSync(join(path, '0123.unit.tmp-5-x'), 'half');
    writeFileSync(join(path, '4567.unit.tmp-5-x'), 'somebody may be writing this');
    await journal.write('0123', block);
    expect(await journal.failure('0123')).toBe(null);
    await journal.sweepUp();
    expect(readdirSync(path).sort()).toEqual(['0123.unit', '4567.unit.tmp-5-x']);
  });
});
