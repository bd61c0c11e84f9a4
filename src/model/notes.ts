import type { TraceHeader } from '../trace/types.ts';
import { causes, coherence, type Note, stalls } from './caveat.ts';
import { coherenceOf } from './hardware/kernel.ts';
import type { Numa } from './numa.ts';
import type { Part } from './pricing/breakdown.ts';
import type { Waiting } from './pricing/waiting.ts';
import type { System } from './systems/schema.ts';
import { checkIntervals } from './systems/schema-pages.ts';
import { type CountedTally, sumCounter } from './tally.ts';

/** Touches what depends on where pages are. */
const REMOTE = causes(
  'stall_local_instruction',
  'stall_local_data',
  'stall_remote_instruction',
  'stall_remote_data',
  'queueing',
);

/** Touches what depends on when pages are moved. */
const MOVED = (part: Part): boolean => REMOTE(part) || part.cause === 'page_move';

/** What was assumed of several CPUs, virtual machines and nodes in a run, and what it cannot show. */
export function notesOnMachines(
  system: System,
  header: TraceHeader,
  tally: CountedTally,
  total_ps: number,
  warmup: number,
): Note[] {
  const { monitor } = system;
  const vms = header.vms?.length ?? monitor?.vms.count ?? 1;
  const coherent = tally.state.lost_lines.length > 0;
  const notes: Note[] = [];
  if (header.cpus > 1) {
    notes.push(
      tally.schedule === null
        ? {
            text: 'CPUs interleave as recorded or composed: where stretches are long, coherence misses are a lower bound.',
            touches: coherence,
          }
        : {
            text:
              `${header.cpus} virtual CPUs are scheduled on ${tally.cpus}, in slices of ` +
              `${monitor!.schedule.slice_instructions} instructions; warm-up ends in this order, not at the recorded place.`,
          },
    );
    if (!coherent && tally.cpus > 1)
      notes.push({
        text: 'Cache coherence between the CPUs is not modelled.',
        missing: true,
        touches: stalls,
      });
  }
  if (monitor !== null && vms > 1) notes.push({ text: sharingOf(system, vms, tally) });
  if (system.pages.policy !== 'none' && tally.pages === null)
    notes.push({
      text: `Page policy ${system.pages.policy} does nothing: pages move only between several nodes whose caches are coherent.`,
      touches: REMOTE,
    });
  const { trigger } = system.pages.disco;
  if (tally.pages !== null && system.pages.policy === 'disco' && !anyOf(tally.pages.decisions)) {
    // Shorter intervals, which `checkIntervals` may advise, would leave each still fewer misses.
    if (trigger !== 'infinite')
      notes.push({
        text:
          `Page policy disco decided nothing: no page of another node had ${trigger} misses of one CPU ` +
          '(pages.disco.trigger) in an interval; a longer run or a lower trigger would show it at work.',
        touches: MOVED,
      });
  } else if (tally.pages !== null) {
    const { warning } = checkIntervals(system.pages, {
      cpus: tally.cpus,
      instructions: tally.instructions,
      elapsed_ns: total_ps / 1000 / tally.cpus,
      replayed: tally.instructions + warmup,
    });
    if (warning !== null) notes.push({ text: `${warning}.`, touches: MOVED });
  }
  if (monitor?.vms.memory === 0 && monitor.memory.balancing)
    notes.push({
      text: 'Balancing does nothing: monitor.vms.memory is 0, as much memory as every machine wants.',
    });
  return notes;
}

/** A system with another number of CPUs than the baseline: its sums of time do not compare as they stand. */
export function notesOnSize(tally: CountedTally, baselineCpus: number): Note[] {
  if (tally.cpus === baselineCpus) return [];
  return [
    {
      text:
        `Runs on ${tally.cpus} CPUs and the baseline on ${baselineCpus}: headlines compare times from start to end (of the CPU ` +
        'that takes longest); bars, tables and percentages are sums over CPUs.',
    },
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
): Note[] {
  const { nodes, disks } = machine;
  const notes: Note[] = [];
  if (declared === 0 && nodes < cpus && machine.interconnect !== 'bus')
    notes.push({
      text: `machine.nodes is 0, a node for each CPU but at most 64: ${cpus} CPUs are on ${nodes} nodes, ${cpus / nodes} on each.`,
      touches: REMOTE,
    });
  if (monitor !== null && disks > 0 && disks < monitor.vms.count)
    notes.push({
      text:
        `machine.disks is ${disks}, less than the ${monitor.vms.count} virtual machines: each has a disk all the same ` +
        `(--set machine.disks=${monitor.vms.count}).`,
      touches: causes('idle'),
    });
  const homes = numa?.nodes.map(({ homed }) => homed) ?? [];
  const all = homes.reduce((sum, homed) => sum + homed, 0);
  const used = homes.filter((homed) => homed > all * UNUSED).length;
  if (machine.placement === 'contiguous' && nodes > vms && all > 0 && used <= vms)
    notes.push({
      text:
        `Placement contiguous is as good as fixed here: what is used fits into the ${machine.node_memory} bytes of ` +
        `${used === 1 ? 'one node' : `${used} nodes`} of ${nodes}; a smaller --set machine.node_memory spreads it.`,
      touches: REMOTE,
    });
  return notes;
}

/** What requests to the network wait for; nothing where the trace has none. */
export function notesOnServer({ os }: System, tally: CountedTally, waiting: Waiting | null): Note[] {
  const server = waiting?.server ?? null;
  if (server !== null)
    return [
      {
        text:
          `Waiting for the server is computed, not recorded: ${server.requests} requests of ${server.machines} ` +
          `${server.machines === 1 ? 'machine' : 'machines'}, served one at a time, with ${os.jobs} ` +
          `${os.jobs === 1 ? 'job' : 'jobs'} for each CPU. What it does for them is on no CPU of the run.`,
        touches: causes('network'),
      },
    ];
  const sent = sumCounter(tally, 'network_requests');
  if (sent === 0) return [];
  return [
    {
      text:
        `${sent} network ${sent === 1 ? 'request is' : 'requests are'} counted, and nobody waits for ` +
        `${sent === 1 ? 'it' : 'them'}: --set os.server=network (or all) gives them a server.`,
      missing: true,
    },
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

const anyOf = (counts: Readonly<Record<string, number>>): boolean =>
  Object.values(counts).some((count) => count > 0);
