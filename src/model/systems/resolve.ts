import type { RefillEpisodes, TraceHeader, TraceSummary } from '../../trace/types.ts';
import { PRIVILEGED_OPS } from '../tally.ts';
import type { Prices, System } from './schema.ts';

/** Prices with every number known: what `recorded` stands for has been read off the trace. */
export type ResolvedPrices = { [K in keyof Prices]: number };

/**
 * Where a trace has no refill episodes but the system asks for `recorded`: the handler of 64-bit Linux 6.1
 * on MIPS as counted in the shipped recordings (30 instructions, 5 loads, 8 privileged operations).
 */
const LINUX_64: RefillEpisodes = {
  count: 1,
  instructions: 30,
  loads: 5,
  stores: 0,
  privileged: [0, 0, 4, 2, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0],
};

/** The system on a trace: a node for each CPU where it says so; a bus has one. */
export function withNodes(system: System, header: Pick<TraceHeader, 'cpus'>): System {
  const { machine } = system;
  if (machine.nodes !== 0) return system;
  const cpus = machine.cpus === 0 ? header.cpus : machine.cpus;
  // At most 64 nodes: then several CPUs on each.
  let nodes = machine.interconnect === 'bus' ? 1 : Math.min(cpus, 64);
  while (cpus % nodes !== 0) nodes--;
  return { ...system, machine: { ...machine, nodes } };
}

/** The same with what `coherence: auto` comes to where virtual machines share pages: a directory, on one CPU too. */
export function systemFor(system: System, header: Pick<TraceHeader, 'cpus' | 'vms'>): System {
  const placed = withNodes(system, header);
  const { machine, monitor } = placed;
  const machines = Math.max(monitor?.vms.count ?? 1, header.vms?.length ?? 1);
  if (machine.coherence !== 'auto' || !machine.l2?.inclusive || !monitor?.memory.sharing || machines === 1)
    return placed;
  return { ...placed, machine: { ...machine, coherence: 'directory' } };
}

const mean = (total: number, episodes: RefillEpisodes): number => Math.round(total / episodes.count);

/** What a TLB refill handler of the guest does, besides executing instructions. */
export interface RefillTemplate {
  readonly loads: number;
  /** Op codes, in order (see PRIVILEGED_OPS). */
  readonly privileged: readonly number[];
}

/** The guest's refill handler, from the system or, where it says `recorded`, from the trace's episodes. */
export function resolveRefill(system: System, summary: TraceSummary): RefillTemplate {
  const episodes = summary.refill ?? LINUX_64;
  const { refill_loads: loads, refill_privileged: operations } = system.os;
  const perOp =
    operations === 'recorded'
      ? episodes.privileged.map((total) => mean(total, episodes))
      : PRIVILEGED_OPS.map((name) => operations[name] ?? 0);
  return {
    loads: loads === 'recorded' ? mean(episodes.loads, episodes) : loads,
    privileged: perOp.flatMap((times, op) => new Array<number>(times).fill(op)),
  };
}

/** Prices in numbers; a recorded refill handler takes a cycle an instruction. */
export function resolvePrices(system: System, summary: TraceSummary): ResolvedPrices {
  const { prices } = system;
  if (prices.refill_cycles !== 'recorded') return { ...prices, refill_cycles: prices.refill_cycles };
  const episodes = summary.refill ?? LINUX_64;
  return {
    ...prices,
    refill_cycles: (episodes.instructions / episodes.count) * prices.cycles_per_instruction,
  };
}
