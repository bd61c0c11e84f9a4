import { ByteWriter, type ColumnSource, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import type { Layout } from './laid.ts';
import { OUTPUTS } from './outputs.ts';
import { type Column, columnsOf, type Finished, rowsOf, type TableRows } from './table.ts';

/** Rows of a row group: what a reader skips or reads as a whole, and what is in memory at a time. */
const GROUP_ROWS = 65_536;
/** A column of a group is one page. */
const WHOLE_GROUPS = { rowGroupSize: GROUP_ROWS, pageSize: 0 };

/**
 * A sweep as a Parquet file, piece by piece: numbers are DOUBLE (whole numbers below 2^53 are exact in it), names of
 * columns end in their units, and the file's metadata have the columns' descriptions and the plan as JSON.
 */
export async function* sweepParquet(
  layout: Layout,
  units: AsyncIterable<Finished>,
  { tool }: { readonly tool: { readonly name: string; readonly version: string } },
): AsyncGenerator<Uint8Array> {
  const columns = columnsOf(layout);
  const bytes = new ByteWriter(1 << 20);
  const writer = new ParquetWriter({
    writer: bytes,
    schema: schemaOf(columns),
    createdBy: `${tool.name} version ${tool.version}`,
    kvMetadata: [
      { key: 'vmtax.schema', value: 'vmtax.sweep/1' },
      { key: 'vmtax.plan', value: JSON.stringify(layout.plan) },
      { key: 'vmtax.columns', value: JSON.stringify(columns) },
    ],
  });
  const taken = (): Uint8Array => {
    const piece = bytes.getBytes().slice();
    // The writer's offset in the file goes on, its buffer begins anew.
    bytes.index = 0;
    return piece;
  };
  const group = createRowGroup(columns);
  for await (const { unit, block } of units) {
    const rows = rowsOf(layout, columns, unit, block);
    for (let from = 0; from < rows.count; ) {
      from += group.add(rows, from);
      if (group.rows() === GROUP_ROWS) {
        writer.write({ columnData: group.take(), ...WHOLE_GROUPS });
        yield taken();
      }
    }
  }
  if (group.rows() > 0) writer.write({ columnData: group.take(), ...WHOLE_GROUPS });
  writer.finish();
  yield taken();
}

function schemaOf(columns: readonly Column[]): SchemaElement[] {
  return [
    { name: 'root', num_children: columns.length },
    ...columns.map(({ name, type, nullable }): SchemaElement => {
      const repetition_type = nullable ? 'OPTIONAL' : 'REQUIRED';
      if (type === 'text') return { name, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type };
      return { name, type: type === 'number' ? 'DOUBLE' : 'BOOLEAN', repetition_type };
    }),
  ];
}

/** The column of the cells' ids. */
const CELL = 0;

/** Rows of units put together. Numbers that no row may lack are in typed arrays. */
function createRowGroup(columns: readonly Column[]) {
  let rows = 0;
  // What a row group spans of an input lets readers pass it over; hashes and outputs span the same in nearly all.
  const firstOutput = columns.length - OUTPUTS.length;
  const make = ({ type, nullable }: Column): Float64Array | unknown[] =>
    type === 'number' && !nullable ? new Float64Array(GROUP_ROWS) : [];
  const data = columns.map(make);
  /** Whether all rows so far have the same value. */
  const constant = columns.map(() => true);
  return {
    rows: () => rows,
    /** Takes rows from number `from` on, as many as fit; gives how many. */
    add: ({ count, columns: given }: TableRows, from: number): number => {
      const taken = Math.min(GROUP_ROWS - rows, count - from);
      for (const [at, values] of given.entries()) {
        const into = data[at]!;
        if (typeof values !== 'object' || values === null) {
          if (into instanceof Float64Array) into.fill(values as number, rows, rows + taken);
          else for (let i = 0; i < taken; i++) into.push(values);
          if (rows > 0 && into[0] !== values) constant[at] = false;
        } else {
          if (into instanceof Float64Array && values instanceof Float64Array)
            into.set(values.subarray(from, from + taken), rows);
          else for (let i = 0; i < taken; i++) into[rows + i] = values[from + i] as never;
          constant[at] = false;
        }
      }
      rows += taken;
      return taken;
    },
    take: (): ColumnSource[] => {
      const sources = columns.map(({ name }, at): ColumnSource => {
        const source: ColumnSource = {
          name,
          data: data[at]!.slice(0, rows) as never,
          statistics: at > CELL && at < firstOutput,
          // Hashes have nothing that could be pressed out of them.
          ...(at === CELL && { codec: 'UNCOMPRESSED', encoding: 'PLAIN' }),
        };
        // A dictionary serves columns that repeat themselves; numbers that all differ are written as they are.
        return data[at] instanceof Float64Array && !constant[at] ? { ...source, encoding: 'PLAIN' } : source;
      });
      for (const [at, column] of columns.entries()) {
        data[at] = make(column);
        constant[at] = true;
      }
      rows = 0;
      return sources;
    },
  };
}
