import type { TraceHeader } from '../../trace/types.ts';
import type { System } from './schema.ts';

/**
 * Inputs that cannot have an effect, as far as a system and what a trace says of itself tell: what concerns several nodes
 * where there is one, a page policy where there is none. What a run alone tells is for those who look at runs.
 */

type Rule = (system: System, header: Pick<TraceHeader, 'level' | 'vms'>) => boolean;

const oneNode: Rule = ({ machine }) => machine.nodes === 1;
const recordedKernel: Rule = (_, { level }) => level === 'system';
const oneMachine: Rule = ({ monitor }, { vms }) => (monitor?.vms.count ?? 1) === 1 && vms === undefined;
const withoutFootprint: Rule = ({ monitor }) => monitor?.footprint !== true;

/** Rules by path or by the beginning of one; the first that fits decides. */
const RULES: readonly (readonly [prefix: string, unused: Rule])[] = [
  ['machine.placement_node', ({ machine }) => machine.placement !== 'fixed'],
  ['machine.node_memory', ({ machine }) => machine.placement !== 'contiguous'],
  ['machine.placement', oneNode],
  ['machine.tlb.seed', ({ machine }) => machine.tlb?.replacement !== 'random'],
  ['os.overlay', recordedKernel],
  ['os.first_load', recordedKernel],
  ['os.timer_instructions', recordedKernel],
  ['os.entry_', recordedKernel],
  ['os.rdhwr', (_, { level }) => level === 'user'],
  ['pages.policy', oneNode],
  ['pages.disco.', ({ pages }) => pages.policy !== 'disco'],
  ['pages.numa-balancing.', ({ pages }) => pages.policy !== 'numa-balancing'],
  ['pages.', ({ pages }) => pages.policy === 'none'],
  ['monitor.code_bytes_per_cycle', withoutFootprint],
  ['monitor.routine_bytes', withoutFootprint],
  ['monitor.table_entry_bytes', withoutFootprint],
  ['monitor.machine_lines', withoutFootprint],
  ['monitor.request_gap', ({ monitor }) => monitor?.drivers !== 'monitor-call'],
  ['monitor.vms.', oneMachine],
  ['monitor.schedule.', oneMachine],
  ['monitor.memory.', oneMachine],
  ['prices.hop_ns', oneNode],
];

/** Whether an input cannot matter to a system (its nodes known) on such a trace; null: nothing is known of it. */
export function isUnused(
  path: string,
  system: System,
  header: Pick<TraceHeader, 'level' | 'vms'>,
): boolean | null {
  const rule = RULES.find(([prefix]) => path.startsWith(prefix))?.[1];
  return rule === undefined ? null : rule(system, header);
}
