import {
  type Counter,
  isMonitorLayer,
  type Layer,
  PRIVILEGED_OPS,
  type PrivilegedOp,
  sumCounter,
  type Tally,
  type TallyRow,
} from '../model/tally.ts';
import type { Facts } from './facts.ts';
import { count, ratioFigure } from './numbers.ts';
import type { Table, TableRow } from './table.ts';

/** What the replay counted, as tables: counts and their ratio to the baseline's, side by side. */

interface CountRow {
  readonly label: string;
  readonly of: (tally: Tally) => number;
}

interface CountGroup {
  readonly title: string;
  readonly rows: readonly CountRow[];
}

const total =
  (...counters: Counter[]) =>
  (tally: Tally): number =>
    counters.reduce((sum, counter) => sum + sumCounter(tally, counter), 0);

const times =
  (layer: Layer) =>
  (tally: Tally): number =>
    sumCounter(tally, 'count', (row) => row.layer === layer);

const GROUPS: readonly CountGroup[] = [
  {
    title: 'instructions',
    rows: [
      { label: 'of the trace', of: (tally) => tally.instructions },
      {
        label: 'run by the guest',
        of: (tally) => sumCounter(tally, 'instructions', (row) => !isMonitorLayer(row.layer)),
      },
      {
        label: 'run by the monitor',
        of: (tally) => sumCounter(tally, 'instructions', (row) => isMonitorLayer(row.layer)),
      },
    ],
  },
  {
    title: 'TLB',
    rows: [
      { label: 'misses on fetches', of: total('tlb_fetch_misses') },
      { label: 'misses on loads', of: total('tlb_load_misses') },
      { label: 'misses on stores', of: total('tlb_store_misses') },
      { label: 'refills by the guest', of: times('refill') },
      { label: 'second-level TLB hits', of: times('l2tlb') },
      { label: 'on the relocated kernel', of: times('kernel_tlb') },
    ],
  },
  {
    title: 'caches',
    rows: [
      { label: 'accesses', of: total('fetch_accesses', 'load_accesses', 'store_accesses') },
      { label: 'uncached accesses', of: total('uncached_accesses') },
      { label: 'L1 instruction misses', of: total('l1i_misses') },
      { label: 'L1 data misses', of: total('l1d_load_misses', 'l1d_store_misses') },
      { label: 'L2 misses on fetches', of: total('l2_fetch_misses') },
      { label: 'L2 misses on data', of: total('l2_load_misses', 'l2_store_misses') },
      {
        label: 'L2 misses, remote node',
        of: total('remote_fetch_misses', 'remote_load_misses', 'remote_store_misses'),
      },
      { label: 'write-backs from L1', of: total('l1_writebacks') },
      { label: 'write-backs from L2', of: total('l2_writebacks') },
    ],
  },
  {
    title: 'events',
    rows: [
      { label: 'traps delivered', of: times('trap') },
      { label: 'interrupts delivered', of: times('interrupt') },
      { label: 'privileged ops emulated', of: times('privileged') },
      { label: 'TLB writes emulated', of: times('tlb_write') },
      { label: 'monitor calls', of: times('call') },
      { label: 'device accesses trapped', of: times('device') },
      { label: 'pages backed by the monitor', of: times('backing') },
      { label: 'demand-zero faults', of: times('demand_zero') },
      { label: 'file-page faults', of: times('file_page') },
      { label: 'timer interrupts added', of: times('timer') },
    ],
  },
];

/** Sum of a privileged operation over the rows that `where` accepts. */
export function sumPrivileged(tally: Tally, op: PrivilegedOp, where: (row: TallyRow) => boolean): number {
  let sum = 0;
  for (const row of tally.rows) if (where(row)) sum += row.privileged?.[op] ?? 0;
  return sum;
}

function rowsOf(groups: readonly CountGroup[], facts: Facts): TableRow[] {
  const base = facts.baseline.run.tally;
  return groups.flatMap(({ title, rows }) => {
    const used = rows.filter((row) => facts.runs.some((run) => row.of(run.run.tally) !== 0));
    if (used.length === 0) return [];
    return [
      { kind: 'group' as const, label: title, path: title, cells: [] },
      ...used.map((row) => ({
        kind: 'part' as const,
        label: row.label,
        path: `${title}: ${row.label}`,
        cells: facts.runs.flatMap((run) => {
          const value = row.of(run.run.tally);
          const before = row.of(base);
          const figure = { text: count(value), value };
          if (run === facts.baseline) return [figure];
          return [figure, { text: ratioFigure(value, before), value: before === 0 ? null : value / before }];
        }),
      })),
    ];
  });
}

const countGroups = ({ runs, baseline }: Facts) =>
  runs.map((run) => ({
    name: run.name,
    columns: [
      { head: 'count', raw: 'count' },
      ...(run === baseline ? [] : [{ head: '× base', raw: 'ratio' }]),
    ],
  }));

/** Counts of instructions, TLB, caches and events; rows that are zero everywhere are left out. */
export function countsTable(facts: Facts): Table {
  return {
    caption: `Counts on ${facts.short}, warm-up excluded. × base: ratio to ${facts.baseline.name}.`,
    corner: 'counted',
    groups: countGroups(facts),
    rows: rowsOf(GROUPS, facts),
  };
}

/** Privileged operations by kind: those the guest ran itself, and those the monitor emulated. */
export function privilegedTable(facts: Facts): Table {
  const groups = [
    { title: 'run by the guest, natively or as plain loads and stores', monitor: false },
    { title: 'emulated by the monitor', monitor: true },
  ].map(({ title, monitor }) => ({
    title,
    rows: PRIVILEGED_OPS.map((op) => ({
      label: op,
      of: (tally: Tally) => sumPrivileged(tally, op, (row) => isMonitorLayer(row.layer) === monitor),
    })),
  }));
  return {
    caption: `Privileged operations on ${facts.short} by kind. × base: ratio to ${facts.baseline.name}.`,
    corner: 'operation',
    groups: countGroups(facts),
    rows: rowsOf(groups, facts),
  };
}
