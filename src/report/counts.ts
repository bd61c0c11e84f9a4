import {
  type CountedTally,
  type Counter,
  isManagementLayer,
  isMonitorLayer,
  type Layer,
  PRIVILEGED_OPS,
  type PrivilegedOp,
  sumCounter,
  type TallyRow,
} from '../model/tally.ts';
import type { Facts } from './facts.ts';
import { count, ratioFigure } from './numbers.ts';
import type { Table, TableRow } from './table.ts';

/** What the replay counted, as tables: counts and their ratio to the baseline's, side by side. */

interface CountRow {
  readonly label: string;
  /** `monitor`: whether the system has one. */
  readonly of: (tally: CountedTally, monitor: boolean) => number;
}

interface CountGroup {
  readonly title: string;
  readonly rows: readonly CountRow[];
}

const total =
  (...counters: Counter[]) =>
  (tally: CountedTally): number =>
    counters.reduce((sum, counter) => sum + sumCounter(tally, counter), 0);

const times =
  (layer: Layer) =>
  (tally: CountedTally): number =>
    sumCounter(tally, 'count', (row) => row.layer === layer);

/** Whether the monitor runs a row's layer; what manages memory and CPUs is natively the guest's. */
const isMonitors = ({ layer }: TallyRow, monitor: boolean): boolean =>
  isMonitorLayer(layer) && (monitor || !isManagementLayer(layer));

const GROUPS: readonly CountGroup[] = [
  {
    title: 'instructions',
    rows: [
      { label: 'of the trace', of: (tally) => tally.instructions },
      {
        label: 'run by the guest',
        of: (tally, monitor) => sumCounter(tally, 'instructions', (row) => !isMonitors(row, monitor)),
      },
      {
        label: 'run by the monitor',
        of: (tally, monitor) => sumCounter(tally, 'instructions', (row) => isMonitors(row, monitor)),
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
      {
        label: 'L2 misses, dirty elsewhere',
        of: total('dirty_fetch_misses', 'dirty_load_misses', 'dirty_store_misses'),
      },
      {
        label: 'L2 misses, neighbour cache',
        of: total('neighbour_fetch_misses', 'neighbour_load_misses', 'neighbour_store_misses'),
      },
      { label: 'write-backs from L1', of: total('l1_writebacks') },
      { label: 'write-backs from L2', of: total('l2_writebacks') },
    ],
  },
  {
    title: 'coherence',
    rows: [
      { label: 'cold misses', of: total('cold_misses') },
      { label: 'capacity misses', of: total('capacity_misses') },
      { label: 'true-sharing misses', of: total('true_sharing_misses') },
      { label: 'false-sharing misses', of: total('false_sharing_misses') },
      { label: 'misses on moved pages', of: total('moved_misses') },
      { label: 'stores to shared lines', of: total('upgrades') },
      { label: 'of these, remote home', of: total('remote_upgrades') },
      { label: 'interventions', of: total('interventions') },
      { label: 'lines invalidated', of: total('invalidations') },
      { label: 'messages that found none', of: total('stale_messages') },
      { label: 'sharing write-backs', of: total('sharing_writebacks') },
      { label: 'replacement hints', of: total('replacement_hints') },
    ],
  },
  {
    title: 'memory and CPUs',
    rows: [
      { label: 'hot-page interrupts', of: times('hot_page') },
      { label: 'pages migrated', of: times('migrate') },
      { label: 'pages replicated', of: times('replicate') },
      { label: 'replicas dropped on a store', of: times('collapse') },
      { label: 'TLB entries shot down', of: times('shootdown') },
      { label: 'copies on write', of: times('copy_on_write') },
      { label: 'hint faults', of: times('hint_fault') },
      { label: 'world switches', of: times('world_switch') },
      { label: 'virtual CPUs moved', of: times('vcpu_move') },
      { label: 'of these, to another node', of: total('node_moves') },
      { label: 'and to another cell', of: total('cell_moves') },
      { label: 'pages borrowed', of: times('borrow') },
      { label: 'pages to or from disk', of: times('page_out') },
      { label: 'virtual network messages', of: times('packet') },
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
      { label: 'locks acquired', of: total('lock_acquisitions') },
      { label: 'disk requests', of: total('disk_requests') },
      { label: 'network requests', of: total('network_requests') },
    ],
  },
];

/** Sum of a privileged operation over the rows that `where` accepts. */
export function sumPrivileged(
  tally: CountedTally,
  op: PrivilegedOp,
  where: (row: TallyRow) => boolean,
): number {
  let sum = 0;
  for (const row of tally.rows) if (where(row)) sum += row.privileged?.[op] ?? 0;
  return sum;
}

function rowsOf(groups: readonly CountGroup[], facts: Facts): TableRow[] {
  const countOf = (row: CountRow, { run }: Facts['baseline']): number =>
    row.of(run.tally, run.system.monitor !== null);
  return groups.flatMap(({ title, rows }) => {
    const used = rows.filter((row) => facts.runs.some((run) => countOf(row, run) !== 0));
    if (used.length === 0) return [];
    return [
      { kind: 'group' as const, label: title, path: title, cells: [] },
      ...used.map((row) => ({
        kind: 'part' as const,
        label: row.label,
        path: `${title}: ${row.label}`,
        cells: facts.runs.flatMap((run) => {
          const value = countOf(row, run);
          const before = countOf(row, facts.baseline);
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
      of: (tally: CountedTally) => sumPrivileged(tally, op, (row) => isMonitorLayer(row.layer) === monitor),
    })),
  }));
  return {
    caption: `Privileged operations on ${facts.short} by kind. × base: ratio to ${facts.baseline.name}.`,
    corner: 'operation',
    groups: countGroups(facts),
    rows: rowsOf(groups, facts),
  };
}
