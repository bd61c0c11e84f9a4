import type { Cause } from '../../model/pricing/breakdown.ts';
import { groupOf, partOf } from '../../paper/keys.ts';
import type { Verdict } from '../../paper/reproduction.ts';
import type { Exhibit, NumberKey } from '../../paper/types.ts';
import { DASH, grouped, MINUS } from '../numbers.ts';
import { cleanText } from '../words.ts';

/** Names, figures and colours of the reproduction: one vocabulary for the terminal, the page and its charts. */

export interface ExhibitWords {
  readonly name: string;
  readonly about: string;
}

export const EXHIBIT_WORDS: Readonly<Record<Exhibit, ExhibitWords>> = {
  table1: { name: 'Table 1', about: 'run times under IRIX on one CPU' },
  table2: { name: 'Table 2', about: 'kernel services of pmake on one CPU' },
  table3: { name: 'Table 3', about: 'page migrations and replications' },
  figure5: { name: 'Figure 5', about: 'overhead of virtualization on one CPU' },
  figure6: { name: 'Figure 6', about: 'memory of pmake in virtual machines' },
  figure7: { name: 'Figure 7', about: 'pmake and radix on eight CPUs' },
  figure8: { name: 'Figure 8', about: 'page migration and replication on a NUMA machine' },
};

const SYSTEMS: Readonly<Record<string, string>> = {
  irix: 'IRIX',
  disco: 'Disco',
  '1vm': '1 VM',
  '2vm': '2 VMs',
  '4vm': '4 VMs',
  '8vm': '8 VMs',
  '8vm_nfs': '8 VMs, NFS',
  splashos_on_disco: 'SplashOS on Disco',
  irix_numa: 'IRIX, NUMA',
  disco_numa: 'Disco, pages move',
  irix_uma: 'IRIX, UMA',
};

export const systemName = (system: string): string => SYSTEMS[system] ?? cleanText(system);

const SERVICES: Readonly<Record<string, string>> = {
  demand_zero: 'DEMAND_ZERO',
  quick_fault: 'QUICK_FAULT',
  utlb_miss: 'UTLB_MISS',
};

/** A group of quantities: a service of Table 2, a kind of footprint of Figure 6. */
export const groupName = (key: NumberKey): string => SERVICES[groupOf(key)] ?? groupOf(key);

const PARTS: Readonly<Record<string, string>> = {
  misses_local: 'local misses',
  total_printed: 'total, as printed',
  tlb_write_emulation: 'TLB-write emulation',
  other_privileged: 'other privileged instructions',
  kernel_tlb_faults: 'kernel TLB faults',
};

export const partName = (part: string): string => PARTS[part] ?? part.replaceAll('_', ' ');

/** A number in words: `figure 5, pmake, Disco: kernel`. */
export function numberName(key: NumberKey): string {
  const group = groupName(key);
  const place = `${EXHIBIT_WORDS[key.exhibit].name}, ${key.workload}, ${systemName(key.system)}`;
  return `${place}: ${group === '' ? '' : `${group} `}${partName(partOf(key))}`;
}

/** The colour that a part of a bar has in every chart, by the cause that is nearest to it. */
export const PART_COLOURS: Readonly<Record<string, Cause>> = {
  user: 'execution',
  execution: 'execution',
  execution_time: 'execution',
  user_stall: 'stall_l2_data',
  local_stall: 'stall_local_data',
  misses_local: 'stall_local_data',
  remote_stall: 'stall_remote_data',
  kernel: 'tlb_refill',
  kernel_execution: 'tlb_refill',
  share_of_system_time: 'tlb_refill',
  kernel_data: 'page_fault',
  kernel_text: 'timer',
  buffer_cache: 'stall_l2_instruction',
  synchronization: 'synchronisation',
  monitor: 'privileged_emulation',
  tlb_write_emulation: 'tlb_write_emulation',
  other_privileged: 'interrupt_delivery',
  monitor_calls_and_page_faults: 'monitor_call',
  kernel_tlb_faults: 'kernel_tlb_fault',
  idle: 'idle',
  migrations: 'page_move',
  migration_time: 'page_move',
  replications: 'page_sharing',
  replication_time: 'page_sharing',
};

export const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  goal: 'goal met',
  floor: 'floor reached',
  missed: 'missed',
  unjudged: 'not judged',
};

/** Decimals by unit; others have three significant figures. */
const DECIMALS: Readonly<Record<string, number>> = { s: 2, MB: 1, ratio: 2, '1/s': 0, points: 1, '%': 1 };

function decimals(value: number, unit: string): number {
  if (DECIMALS[unit] !== undefined) return DECIMALS[unit];
  if (unit.startsWith('percent')) return 1;
  if (unit.startsWith('fraction')) return 2;
  const size = Math.abs(value);
  return size >= 100 || size === 0 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3;
}

/** A number in its unit, with as many decimals as the unit bears; a dash for null. `like`: whose decimals to take. */
export function figure(value: number | null, unit: string, like: number = value ?? 0): string {
  if (value === null) return DASH;
  const text = grouped(Math.abs(value).toFixed(decimals(like, unit)));
  return value < 0 && /[1-9]/.test(text) ? MINUS + text : text;
}

/** As `figure`, with a plus where it is above zero. */
export function signedFigure(value: number | null, unit: string, like?: number): string {
  const text = figure(value, unit, like);
  return value !== null && value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

/** The unit as a head of columns and axes. */
export const unitName = (unit: string): string =>
  unit === 'us' ? 'µs' : unit === '1/s' ? 'per second' : unit;
