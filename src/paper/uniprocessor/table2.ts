import type { Part } from '../../model/pricing/breakdown.ts';
import type { Tally } from '../../model/tally.ts';

/** A service of Table 2: what `published.csv` calls it and what the trace does. */
export const TABLE_2_SERVICES = {
  demand_zero: 'DEMAND_ZERO',
  quick_fault: 'QUICK_FAULT',
  open: 'open',
  utlb_miss: 'UTLB_MISS',
  write: 'write',
  read: 'read',
  execve: 'execve',
} as const;

/** Columns of Table 2, as fractions of the service's time under IRIX. */
export const TABLE_2_COLUMNS = [
  'kernel_execution',
  'tlb_write_emulation',
  'other_privileged',
  'monitor_calls_and_page_faults',
  'kernel_tlb_faults',
] as const;
export type Table2Column = (typeof TABLE_2_COLUMNS)[number];

/** Clearing a page is a service of its own in the trace; Table 2 has it in the service that asked for it. */
const CLEARING = 'ZERO_PAGE';

/** Shares of all cleared pages, by the service that had them cleared. */
export function clearedBy(
  times: ReadonlyMap<string, number>,
  execvePages: number,
  writeChance: number,
): ReadonlyMap<string, number> {
  const of = (service: string): number => times.get(service) ?? 0;
  const pages = new Map([
    ['DEMAND_ZERO', of('DEMAND_ZERO')],
    ['execve', of('execve') * execvePages],
    ['write', of('write') * writeChance],
  ]);
  const all = [...pages.values()].reduce((sum, count) => sum + count, 0);
  return new Map([...pages].map(([service, count]) => [service, count / Math.max(1, all)]));
}

/** Time of one kind of service, in ps: all of it, and by column. */
export interface ServiceTime {
  readonly total_ps: number;
  readonly columns: Readonly<Record<Table2Column, number>>;
}

const NOTHING: Readonly<Record<Table2Column, number>> = {
  kernel_execution: 0,
  tlb_write_emulation: 0,
  other_privileged: 0,
  monitor_calls_and_page_faults: 0,
  kernel_tlb_faults: 0,
};

/** The column that a part of a breakdown belongs to. */
function columnOf(part: Part): Table2Column {
  if (part.category !== 'monitor') return 'kernel_execution';
  switch (part.cause) {
    case 'l2tlb_reload':
    case 'tlb_write_emulation':
      return 'tlb_write_emulation';
    case 'kernel_tlb_fault':
      return 'kernel_tlb_faults';
    case 'page_fault':
    case 'page_sharing':
    case 'monitor_call':
      return 'monitor_calls_and_page_faults';
    default:
      return 'other_privileged';
  }
}

/** Time by service. Waiting is nobody's; clearing pages is theirs who had it done (`clears`: their shares of it). */
export function serviceTimes(
  parts: readonly Part[],
  clears: ReadonlyMap<string, number>,
): Map<string, ServiceTime> {
  const found = new Map<string, { total_ps: number; columns: Record<Table2Column, number> }>();
  const add = (service: string, column: Table2Column, ps: number): void => {
    let time = found.get(service);
    if (time === undefined) {
      time = { total_ps: 0, columns: { ...NOTHING } };
      found.set(service, time);
    }
    time.total_ps += ps;
    time.columns[column] += ps;
  };
  for (const part of parts) {
    if (part.category === 'user' || part.category === 'idle') continue;
    const column = columnOf(part);
    if (part.context !== CLEARING) add(part.context, column, part.ps);
    else for (const [service, share] of clears) add(service, column, part.ps * share);
  }
  return found;
}

/**
 * How often each service ran, by the exceptions and interrupts that the monitor delivered: natively nobody counts
 * them, and both systems run the same trace. UTLB_MISS differs between systems and is counted in each.
 */
export function invocations(tally: Tally): Map<string, number> {
  const found = new Map<string, number>();
  for (const { context, layer, counters } of tally.rows) {
    const counts =
      context === TABLE_2_SERVICES.utlb_miss
        ? layer === 'refill' || layer === 'l2tlb'
        : layer === 'trap' || layer === 'interrupt';
    if (counts) found.set(context, (found.get(context) ?? 0) + (counters.count ?? 0));
  }
  return found;
}
