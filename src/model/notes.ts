import type { TraceHeader } from '../trace/types.ts';
import { coherenceOf } from './hardware/kernel.ts';
import { elapsedPs } from './pricing/actions.ts';
import type { Breakdown } from './pricing/breakdown.ts';
import type { System } from './systems/schema.ts';
import { checkIntervals } from './systems/schema-pages.ts';
import type { CountedTally } from './tally.ts';

/** What was assumed of several CPUs, virtual machines and nodes in a run, and what it cannot show. */
export function notesOnMachines(
  system: System,
  header: TraceHeader,
  tally: CountedTally,
  total_ps: number,
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
    });
    if (warning !== null) notes.push(`${warning}.`);
  }
  if (monitor?.vms.memory === 0 && monitor.memory.balancing)
    notes.push('Balancing does nothing: monitor.vms.memory is 0, as much memory as every machine wants.');
  return notes;
}

/** A system with another number of CPUs than the baseline: its sums of time do not compare as they stand. */
export function notesOnSize(tally: CountedTally, breakdown: Breakdown, baselineCpus: number): string[] {
  if (tally.cpus === baselineCpus) return [];
  const longest = (elapsedPs(breakdown) / 1e9).toFixed(1);
  return [
    `Runs on ${tally.cpus} CPUs and the baseline on ${baselineCpus}: times are sums over CPUs, which is not how long ` +
      `a run takes; the CPU that takes longest here needs ${longest} ms.`,
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
