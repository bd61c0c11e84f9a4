import type { Cause } from '../model/pricing/breakdown.ts';
import { type Footprint, type MemoryFacts, PAGE_CLASSES, type PageClass } from '../model/tally-memory.ts';
import type { Facts, RunFacts } from './facts.ts';
import { percentInWords } from './finding.ts';
import { figure } from './numa.ts';
import { count, percentOf } from './numbers.ts';
import { EMPTY_CELL, type Table, type TableCell, type TableRow } from './table.ts';

/** Memory under a monitor with several virtual machines: what it would take, and what it takes as pages are shared. */

export const CLASS_NAMES: Readonly<Record<PageClass, string>> = {
  kernel_text: 'kernel text',
  kernel_data: 'kernel data',
  buffer_cache: 'buffer cache',
  process_data: 'process data',
  monitor: 'monitor',
};
export const KB_PER_PAGE = 4;

/** Whose colour a class has: the family of who uses it (green the guest’s kernel, blue user code, purple the monitor). */
export const CLASS_CAUSES: Readonly<Record<PageClass, Cause>> = {
  kernel_text: 'page_fault',
  kernel_data: 'tlb_refill',
  buffer_cache: 'timer',
  process_data: 'execution',
  monitor: 'tlb_write_emulation',
};

export interface MemoryRun {
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

export const pagesOf = (pages: Readonly<Record<PageClass, number>>): number =>
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
        row(CLASS_NAMES[name], ({ memory }) => [kb(memory.virtual[name]), kb(memory.machine[name])]),
      ),
      row('all', ({ memory }) => [kb(pagesOf(memory.virtual)), kb(pagesOf(memory.machine))]),
      ...counted('pages copied on a store', ({ memory }) => memory.counts.copies),
      ...counted('disk reads saved', ({ memory }) => memory.counts.reads_saved),
      ...counted('pages borrowed', (run) => balance(run, 'borrowed_pages')),
      ...counted('pages to disk', (run) => balance(run, 'page_outs')),
      ...counted('pages from disk', (run) => balance(run, 'page_ins')),
    ],
  };
}

/** Runs whose memory is known over time. */
export const sampledRuns = (facts: Facts): MemoryRun[] =>
  memoryRuns(facts).filter(({ memory }) => memory.samples.length > 0);

type Sample = Footprint & { readonly instructions: number };

/** Memory over a run, its end included; instructions are counted from the beginning of the trace. */
export function samplesOf({ comparison }: Facts, { facts: { run }, memory }: MemoryRun): readonly Sample[] {
  const end = run.tally.instructions + comparison.warmup.instructions;
  const before = memory.samples.filter(({ instructions }) => instructions < end);
  return [...before, { instructions: end, virtual: memory.virtual, machine: memory.machine }];
}

/** Systems named one by one in a title. */
const NAMED = 3;

/** Title of the memory over time: what sharing saves at the end. */
export function footprintFinding(facts: Facts): string {
  const runs = sampledRuns(facts);
  const each = runs.slice(0, NAMED).map(({ facts: { name }, memory }) => {
    const [machine, virtual] = [pagesOf(memory.machine), pagesOf(memory.virtual)];
    const saved = percentOf(virtual - machine, virtual) ?? 0;
    const kb = machine * KB_PER_PAGE;
    const size = kb >= 10 * 1024 ? `${figure(kb / 1024)} MB` : `${figure(kb)} KB`;
    return saved > 0 ? `${name} ${size}, ${percentInWords(saved)} saved by sharing` : `${name} ${size}`;
  });
  return `Machine memory at the end: ${each.join('; ')}${runs.length > NAMED ? ` and ${runs.length - NAMED} more systems` : ''}`;
}

/** Machine memory at each sample by class, in KB. */
export function footprintsTable(facts: Facts): Table {
  const kb = (pages: number): TableCell => ({
    text: figure(pages * KB_PER_PAGE),
    value: pages * KB_PER_PAGE,
  });
  return {
    caption: `Machine memory on ${facts.short} over the run, in KB; unshared: if nothing were shared.`,
    corner: 'instructions',
    groups: [
      {
        name: '',
        columns: [
          ...PAGE_CLASSES.map((name) => ({ head: CLASS_NAMES[name], raw: `${name}_kb` })),
          { head: 'all', raw: 'machine_kb' },
          { head: 'unshared', raw: 'virtual_kb' },
        ],
      },
    ],
    rows: sampledRuns(facts).flatMap((run): TableRow[] => [
      { kind: 'group', label: run.facts.name, path: run.facts.name, cells: [] },
      ...samplesOf(facts, run).map(
        ({ instructions, machine, virtual }): TableRow => ({
          kind: 'part',
          label: count(instructions),
          path: `${run.facts.name}: ${instructions}`,
          cells: [
            ...PAGE_CLASSES.map((name) => kb(machine[name])),
            kb(pagesOf(machine)),
            kb(pagesOf(virtual)),
          ],
        }),
      ),
    ]),
  };
}
