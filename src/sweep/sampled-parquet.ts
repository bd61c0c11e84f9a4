import { ByteWriter, type ColumnSource, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import type { SampledRow } from './sampled-l2.ts';
import { COLUMNS, FIELDS, type Head, SCHEMA, sampleNote } from './sampled-outputs.ts';

/** Sampled sizes of L2s as a Parquet file; what they are is in its metadata. */
export async function* sampledParquet(
  rows: readonly SampledRow[],
  { layout, sampling, tool }: Head,
): AsyncGenerator<Uint8Array> {
  const bytes = new ByteWriter();
  const writer = new ParquetWriter({
    writer: bytes,
    schema: [
      { name: 'root', num_children: COLUMNS.length },
      ...COLUMNS.map(
        ({ name, type }): SchemaElement =>
          type === 'text'
            ? { name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' }
            : { name, type: 'DOUBLE', repetition_type: 'REQUIRED' },
      ),
    ],
    createdBy: `${tool.name} version ${tool.version}`,
    kvMetadata: [
      { key: 'vmtax.schema', value: SCHEMA },
      { key: 'vmtax.plan', value: JSON.stringify(layout.plan) },
      { key: 'vmtax.columns', value: JSON.stringify(COLUMNS) },
      { key: 'vmtax.sample', value: JSON.stringify({ ...sampling, note: sampleNote(sampling) }) },
    ],
  });
  writer.write({
    columnData: FIELDS.map(
      ({ name, type, of }): ColumnSource => ({
        name,
        data: type === 'text' ? rows.map(of) : Float64Array.from(rows, (row) => of(row) as number),
      }),
    ),
    rowGroupSize: Math.max(1, rows.length),
  });
  writer.finish();
  yield bytes.getBytes();
}
