import type { TraceHeader } from '../trace/types.ts';
import { coherenceOf } from './hardware/kernel.ts';
import type { Numa } from './numa.ts';
import type { Waiting } from './pricing/waiting.ts';
import type { System } from './systems/schema.ts';
import { checkIntervals } from './systems/schema-pages.ts';
import { type CountedTally, sumCounter } from './tally.ts';

/** What was assumed of several CPUs, virtual machines and nodes in a run, and what it cannot show. */
export function notesOnMachines(
  system: System,
  header: TraceHeader,
  tally: CountedTally,
  total_ps: number,
  warmup: number,
): string[] {
  const { monitor } = system;
  const vms = header.vms?.length ?? monitor?.vms.count ?? 1;
  const coherent = tally.state.lost_lines.length > 0;
  const notes: string[] = [];
  if (header.cpus > 1) {
    notes.push(
      tally.schedule === null
        ? 'CPUs interleave as recorded or composed: where stretches are long, coherence misses are a lower bound.'
        : `${header.cpus} virtual CPUs are scheduled on ${tally.cpus}, in slices of ` +
            `${monitor!.schedule.slice_instructions} instructions; warm-up ends in this order, not at the recorded place.`,
    );
    if (!coherent && tally.cpus > 1) notes.push('Cache coherence between the CPUs is not modelled.');
  }
  if (monitor !== null && vms > 1) notes.push(sharingOf(system, vms, tally));
  if (system.pages.policy !== 'none' && tally.pages === null)
    notes.push(
      `Page policy ${system.pages.policy} does nothing: pages move only between several nodes whose caches are coherent.`,
    );
  if (tally.pages !== null) {
    const { warning } = checkIntervals(system.pages, {
      cpus: tally.cpus,
      instructions: tally.instructions,
      elapsed_ns: total_ps / 1000 / tally.cpus,
      replayed: tally.instructions + warmup,
    });
    if (warning !== null) notes.push(`${warning}.`);
  }
  if (monitor?.vms.memory === 0 && monitor.memory.balancing)
    notes.push('Balancing does nothing: monitor.vms.memory is 0, as much memory as every machine wants.');
  return notes;
}

/** A system with another number of CPUs than the baseline: its sums of time do not compare as they stand. */
export function notesOnSize(tally: CountedTally, baselineCpus: number): string[] {
  if (tally.cpus === baselineCpus) return [];
  return [
    `Runs on ${tally.cpus} CPUs and the baseline on ${baselineCpus}: headlines compare times from start to end (of the CPU ` +
      'that takes longest); bars, tables and percentages are sums over CPUs.',
  ];
}

/** Nodes that so small a part of all misses goes to count as unused. */
const UNUSED = 0.01;

/**
 * Nodes, disks and placement that are not what a setting seems to say. `declared`: `machine.nodes` as it was set; 0: a
 * node for each CPU.
 */
export function notesOnNodes(
  { machine, monitor }: System,
  declared: number,
  { cpus }: CountedTally,
  numa: Numa | null,
  vms: number,
): string[] {
  const { nodes, disks } = machine;
  const notes: string[] = [];
  if (declared === 0 && nodes < cpus && machine.interconnect !== 'bus')
    notes.push(
      `machine.nodes is 0, a node for each CPU but at most 64: ${cpus} CPUs are on ${nodes} nodes, ${cpus / nodes} on each.`,
    );
  if (monitor !== null && disks > 0 && disks < monitor.vms.count)
    notes.push(
      `machine.disks is ${disks}, less than the ${monitor.vms.count} virtual machines: each has a disk all the same ` +
        `(--set machine.disks=${monitor.vms.count}).`,
    );
  const homes = numa?.nodes.map(({ homed }) => homed) ?? [];
  const all = homes.reduce((sum, homed) => sum + homed, 0);
  const used = homes.filter((homed) => homed > all * UNUSED).length;
  if (machine.placement === 'contiguous' && nodes > vms && all > 0 && used <= vms)
    notes.push(
      `Placement contiguous is as good as fixed here: what is used fits into the ${machine.node_memory} bytes of ` +
        `${used === 1 ? 'one node' : `${used} nodes`} of ${nodes}; a smaller --set machine.node_memory spreads it.`,
    );
  return notes;
}

/** What requests to the network wait for; nothing where the trace has none. */
export function notesOnServer({ os }: System, tally: CountedTally, waiting: Waiting | null): string[] {
  const server = waiting?.server ?? null;
  if (server !== null)
    return [
      `Waiting for the server is computed, not recorded: ${server.requests} requests of ${server.machines} ` +
        `${server.machines === 1 ? 'machine' : 'machines'}, served one at a time, with ${os.jobs} ` +
        `${os.jobs === 1 ? 'job' : 'jobs'} for each CPU. What it does for them is on no CPU of the run.`,
    ];
  const sent = sumCounter(tally, 'network_requests');
  if (sent === 0) return [];
  return [
    `${sent} network ${sent === 1 ? 'request is' : 'requests are'} counted, and nobody waits for ` +
      `${sent === 1 ? 'it' : 'them'}: --set os.server=network (or all) gives them a server.`,
  ];
}

/** What virtual machines share, and how far that goes. */
function sharingOf({ machine, monitor }: System, vms: number, tally: CountedTally): string {
  if (!monitor!.memory.sharing)
    return `${vms} virtual machines share no memory (monitor.memory.sharing is off).`;
  const what = monitor!.relocated_kernel ? 'kernel text and disk blocks' : 'disk blocks';
  if (coherenceOf(machine, tally.cpus) === 'directory')
    return `${vms} virtual machines share ${what}: kernel text by page of the recording, blocks by number.`;
  return (
    `${vms} virtual machines share ${what} in the accounts only: without an inclusive L2 and its directory ` +
    'no page is moved or copied, and stores are seen where they miss in the TLB.'
  );
}
