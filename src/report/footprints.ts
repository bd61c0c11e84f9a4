import { type MemoryFacts, PAGE_CLASSES, type PageClass } from '../model/tally-memory.ts';
import type { Facts, RunFacts } from './facts.ts';
import { figure } from './numa.ts';
import { count } from './numbers.ts';
import { EMPTY_CELL, type Table, type TableCell, type TableRow } from './table.ts';

/** Memory under a monitor with several virtual machines: what it would take, and what it takes as pages are shared. */

const NAMES: Readonly<Record<PageClass, string>> = {
  kernel_text: 'kernel text',
  kernel_data: 'kernel data',
  buffer_cache: 'buffer cache',
  process_data: 'process data',
  monitor: 'monitor',
};
const KB_PER_PAGE = 4;

interface MemoryRun {
  readonly facts: RunFacts;
  readonly memory: MemoryFacts;
}

/** Runs with several virtual machines, or with limited memory. */
export function memoryRuns(facts: Facts): MemoryRun[] {
  const composed = (facts.comparison.trace.header.vms?.length ?? 1) > 1;
  return facts.runs.flatMap((run): MemoryRun[] => {
    const { memory } = run.run.tally;
    const { monitor } = run.run.system;
    if (memory === null || monitor === null) return [];
    return composed || monitor.vms.count > 1 || memory.balance !== null ? [{ facts: run, memory }] : [];
  });
}

const sum = (pages: Readonly<Record<PageClass, number>>): number =>
  PAGE_CLASSES.reduce((all, name) => all + pages[name], 0);

/** Footprints at the end of the run by class, and what sharing and lending did. Null where there is nothing to tell. */
export function footprintTable(facts: Facts): Table | null {
  const runs = memoryRuns(facts);
  if (runs.length === 0) return null;
  const kb = (pages: number): TableCell => ({
    text: figure(pages * KB_PER_PAGE),
    value: pages * KB_PER_PAGE,
  });
  const number = (value: number): TableCell => ({ text: count(value), value });
  const row = (label: string, cells: (run: MemoryRun) => readonly TableCell[]): TableRow => ({
    kind: 'part',
    label,
    path: label,
    cells: runs.flatMap((run) => [...cells(run)]),
  });
  const balance = ({ memory }: MemoryRun, of: 'page_ins' | 'page_outs' | 'borrowed_pages'): number =>
    (memory.balance ?? []).reduce((all, vm) => all + vm[of], 0);
  const counted = (label: string, of: (run: MemoryRun) => number): TableRow[] =>
    runs.some((run) => of(run) > 0) ? [row(label, (run) => [EMPTY_CELL, number(of(run))])] : [];
  return {
    caption: `Memory on ${facts.short} at the end: virtual, as if nothing were shared, and machine memory.`,
    corner: 'memory, KB',
    groups: runs.map(({ facts: { name } }) => ({
      name,
      columns: [
        { head: 'virtual, KB', raw: 'virtual_kb' },
        { head: 'machine, KB', raw: 'machine_kb' },
      ],
    })),
    rows: [
      ...PAGE_CLASSES.filter((name) => runs.some(({ memory }) => memory.virtual[name] > 0)).map((name) =>
        row(NAMES[name], ({ memory }) => [kb(memory.virtual[name]), kb(memory.machine[name])]),
      ),
      row('all', ({ memory }) => [kb(sum(memory.virtual)), kb(sum(memory.machine))]),
      ...counted('pages copied on a store', ({ memory }) => memory.counts.copies),
      ...counted('disk reads saved', ({ memory }) => memory.counts.reads_saved),
      ...counted('pages borrowed', (run) => balance(run, 'borrowed_pages')),
      ...counted('pages to disk', (run) => balance(run, 'page_outs')),
      ...counted('pages from disk', (run) => balance(run, 'page_ins')),
    ],
  };
}
