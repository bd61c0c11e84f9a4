import { fieldDoc } from '../model/systems/ledger.ts';
import type { Journal } from './journal.ts';
import type { LaidAxis, Layout, Unit } from './laid.ts';
import { concerns, leafOf } from './leaves.ts';
import { OUTPUTS } from './outputs.ts';
import type { Block } from './price-cells.ts';
import type { Failure, Leaf, Row } from './types.ts';

/** The results of a sweep as one table: a row for each cell and system, a column for each input and output. */

export interface Column {
  /** With its unit at the end, where it has one. */
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly type: 'text' | 'number' | 'boolean';
  /** Whether a row may have no value. */
  readonly nullable: boolean;
}

/** The rows of a unit, by column: a value for each row, or (not an array) one that all share. */
export interface TableRows {
  readonly count: number;
  readonly columns: readonly (Leaf | readonly Leaf[] | Float64Array)[];
}

/** A varied path, and the axes that vary it (for different systems). */
interface Input {
  readonly path: string;
  readonly keys: readonly string[];
  readonly axes: readonly { readonly axis: LaidAxis; readonly at: number }[];
}

function inputsOf({ axes }: Pick<Layout, 'axes'>): Input[] {
  const byPath = new Map<string, Input & { readonly axes: { axis: LaidAxis; at: number }[] }>();
  for (const [at, axis] of axes.entries()) {
    const { path, keys } = axis.place;
    const input = byPath.get(path) ?? { path, keys, axes: [] };
    input.axes.push({ axis, at });
    byPath.set(path, input);
  }
  return [...byPath.values()];
}

/** `machine.l2.size` in bytes → `machine.l2.size_bytes`; a name that ends in its unit stays. */
function withUnit(path: string, unit: string): string {
  const suffix = unit.replaceAll('/', '_per_').replaceAll(/\W+/g, '_');
  return suffix === '' || path.endsWith(suffix) ? path : `${path}_${suffix}`;
}

/** The columns of a sweep, in order. */
export function columnsOf(layout: Layout): Column[] {
  const text = (name: string, description: string): Column => ({
    name,
    unit: '',
    description,
    type: 'text',
    nullable: false,
  });
  const inputs = inputsOf(layout).map(({ path, keys, axes }): Column => {
    const { unit, description } = fieldDoc(path);
    const values = new Set<Leaf>();
    for (const { axis } of axes) for (const value of axis.values) values.add(value);
    for (const { group } of layout.units) values.add(leafOf(group.system, keys));
    const nullable = values.delete(null);
    const types = new Set([...values].map((value) => typeof value));
    const [only] = types;
    const type = types.size === 1 && (only === 'number' || only === 'boolean') ? only : 'text';
    return { name: withUnit(path, type === 'text' ? '' : unit), unit, description, type, nullable };
  });
  return [
    text('cell', 'id of the cell: a hash of the trace, the systems and the values'),
    text('trace', 'the trace as it was named'),
    text('system', 'name of the system'),
    ...inputs,
    ...OUTPUTS.map(
      ({ key, unit, description }): Column => ({
        name: unit === 'ps' ? `${key}_ps` : key,
        unit,
        description,
        type: 'number',
        nullable: false,
      }),
    ),
  ];
}

/** The rows of a unit that could be priced. */
export function rowsOf(layout: Layout, columns: readonly Column[], unit: Unit, block: Block): TableRows {
  const { group, cells } = unit;
  const { name, systems } = layout.traces[group.trace]!;
  const inputs = inputsOf(layout).map(({ keys, axes }): Leaf | readonly Leaf[] => {
    const own = leafOf(group.system, keys);
    const varied = axes.find(({ axis }) => axis.price && concerns(axis.place, group.system));
    if (varied === undefined) return own;
    const { axis, at } = varied;
    return Array.from(cells, (cell) => {
      const value = layout.cells.index[cell * layout.axes.length + at]!;
      return value < 0 ? own : axis.values[value]!;
    });
  });
  const all = [
    Array.from(cells, (cell) => layout.cellId(group.trace, cell)),
    name,
    systems[group.base]!.name,
    ...inputs.map((values, at) => (columns[3 + at]!.type === 'text' ? asText(values) : values)),
    ...block.columns,
  ];
  if (block.failures.length === 0) return { count: block.rows, columns: all };
  const failed = new Set(block.failures.map(({ row }) => row));
  const kept = <T>(values: ArrayLike<T>): T[] => Array.from(values).filter((_, row) => !failed.has(row));
  return {
    count: block.rows - failed.size,
    columns: all.map((values) =>
      values instanceof Float64Array || Array.isArray(values) ? kept<Leaf>(values) : values,
    ),
  };
}

const asText = (values: Leaf | readonly Leaf[]): Leaf | readonly Leaf[] => {
  const text = (value: Leaf): string | null => (value === null ? null : String(value));
  return typeof values === 'object' && values !== null ? values.map(text) : text(values);
};

/** The cells of a unit that have no results. */
export function failuresOf(layout: Layout, unit: Unit, block: Block): Failure[] {
  return block.failures.map(({ row, message }) => failureOf(layout, unit, row, message));
}

export function failureOf(layout: Layout, { group, cells }: Unit, row: number, message: string): Failure {
  const { name, systems } = layout.traces[group.trace]!;
  const cell = cells[row]!;
  const values = layout.axes.flatMap((axis, at) => {
    const value = layout.cells.index[cell * layout.axes.length + at]!;
    return value < 0 ? [] : [[axis.path, axis.values[value]!] as const];
  });
  return {
    cell: layout.cellId(group.trace, cell),
    trace: name,
    system: systems[group.base]!.name,
    values: Object.fromEntries(values),
    message,
  };
}

/** A finished unit. */
export interface Finished {
  readonly unit: Unit;
  readonly block: Block;
}

/** The finished units of a sweep, in order. Throws when interrupted. */
export async function* finishedUnits(
  layout: Layout,
  journal: Pick<Journal, 'read'>,
  signal?: AbortSignal,
): AsyncGenerator<Finished> {
  for (const unit of layout.units) {
    signal?.throwIfAborted();
    const block = await journal.read(unit.id);
    if (block !== null) yield { unit, block };
  }
}

/** Rows one by one, for sweeps that fit in memory. */
export async function collectRows(layout: Layout, units: AsyncIterable<Finished>): Promise<Row[]> {
  const columns = columnsOf(layout);
  const inputs = inputsOf(layout);
  const rows: Row[] = [];
  for await (const { unit, block } of units) {
    const { count, columns: data } = rowsOf(layout, columns, unit, block);
    const at = (column: number, row: number): Leaf => {
      const values = data[column]!;
      return typeof values === 'object' && values !== null ? values[row]! : values;
    };
    const first = 3 + inputs.length;
    for (let row = 0; row < count; row++) {
      const outputs = Object.fromEntries(OUTPUTS.map(({ key }, i) => [key, at(first + i, row) as number]));
      const { instructions, total, elapsed, ...others } = outputs;
      rows.push({
        cell: at(0, row) as string,
        trace: at(1, row) as string,
        system: at(2, row) as string,
        values: Object.fromEntries(inputs.map(({ path }, i) => [path, at(3 + i, row)])),
        instructions: instructions!,
        total_ps: total!,
        elapsed_ps: elapsed!,
        outputs: others,
      });
    }
  }
  return rows;
}
