import { csvField } from './csv.ts';
import type { Layout } from './laid.ts';
import type { SampledRow, Sampling } from './sampled-l2.ts';
import type { Column } from './table.ts';

/** Sampled sizes of L2s as files. That they are estimates is in their schema's name and in every row: its bound. */

export const SCHEMA = 'vmtax.sweep-sampled-l2/1';

interface Field extends Column {
  readonly of: (row: SampledRow) => string | number;
}

const field = (
  name: string,
  unit: string,
  description: string,
  of: Field['of'],
  type: 'text' | 'number' = 'number',
): Field => ({ name, unit, description, type, nullable: false, of });

const text = (name: string, description: string, of: Field['of']): Field =>
  field(name, '', description, of, 'text');

const ESTIMATE = 'estimated from the sampled lines for a fully associative LRU cache';

export const FIELDS: readonly Field[] = [
  text('cell', 'id of the cell: a hash of the trace, the systems and the values', (row) => row.cell),
  text('trace', 'the trace as it was named', (row) => row.trace),
  text('system', 'name of the system', (row) => row.system),
  field('machine.l2.size_bytes', 'bytes', 'size of the L2', ({ size }) => size),
  field('l2_accesses', 'events', 'fetches, loads and stores that reach the L2: exact', (row) => row.accesses),
  field('l2_misses', 'events', `those that miss, ${ESTIMATE}`, ({ misses }) => misses[0]),
  field('l2_misses_low', 'events', 'lower end of the 95 % bound', ({ misses }) => misses[1]),
  field('l2_misses_high', 'events', 'upper end of the 95 % bound', ({ misses }) => misses[2]),
  field('l2_miss_ratio', '', `misses ÷ accesses, ${ESTIMATE}`, ({ ratio }) => ratio[0]),
  field('l2_miss_ratio_low', '', 'lower end of the 95 % bound', ({ ratio }) => ratio[1]),
  field('l2_miss_ratio_high', '', 'upper end of the 95 % bound', ({ ratio }) => ratio[2]),
  field('sampled_accesses', 'events', 'accesses of sampled lines', (row) => row.sampledAccesses),
  field('sampled_lines', 'lines', 'lines that were followed', (row) => row.sampledLines),
];

export const COLUMNS: readonly Column[] = FIELDS.map(({ of: _, ...column }) => column);

/** What the numbers are, for whoever reads them without the documentation. */
export const sampleNote = ({ rate, seed }: Sampling): string =>
  `estimates: ${rate} of all lines were followed (fixed-rate SHARDS, seed ${seed}); misses are those of a fully associative ` +
  'LRU cache, with a 95 % bound that is about the sample alone, not about ways; they are no tally and have no times';

export interface Head {
  readonly layout: Layout;
  readonly sampling: Sampling;
  readonly tool: { readonly name: string; readonly version: string };
}

export function sampledJson(rows: readonly SampledRow[], { layout, sampling, tool }: Head): string {
  const head = {
    schema: SCHEMA,
    tool,
    plan: layout.plan,
    sample: { ...sampling, model: 'fully associative LRU', confidence: 0.95 },
    note: sampleNote(sampling),
    columns: COLUMNS,
    rows: rows.map((row) => FIELDS.map(({ of }) => of(row))),
  };
  return `${JSON.stringify(head, null, 1)}\n`;
}

export function sampledCsv(rows: readonly SampledRow[]): string {
  const lines = [
    COLUMNS.map(({ name }) => name),
    ...rows.map((row) => FIELDS.map(({ of }) => csvField(String(of(row))))),
  ];
  return lines.map((line) => `${line.join(',')}\n`).join('');
}
