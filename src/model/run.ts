import { InputError } from '../trace/errors.ts';
import type { Trace, TraceSummary } from '../trace/types.ts';
import { causes, caveatOf, coherence, type Note, type Noted, stalls } from './caveat.ts';
import { type ReplayOptions, replayAll, warmupOf } from './compare.ts';
import { unfollowed } from './locks.ts';
import { notesOnMachines, notesOnNodes, notesOnServer, notesOnSize } from './notes.ts';
import { numaOf } from './numa.ts';
import { price } from './pricing/price.ts';
import { type PricedRun, sensitivityOf } from './pricing/sensitivity.ts';
import type { Waiting } from './pricing/waiting.ts';
import type { Comparison, SystemRun } from './result.ts';
import { ledger } from './systems/ledger.ts';
import { type ResolvedPrices, resolvePrices, systemFor, withNodes } from './systems/resolve.ts';
import type { System } from './systems/schema.ts';
import { type CountedTally, sumCounter, type Tally } from './tally.ts';

export interface CompareOptions extends Omit<ReplayOptions, 'warmup'> {
  /** Instructions of warm-up; null: a tenth of the trace's. */
  readonly warmup: number | null;
  /** Name of the system that the others are compared with; null: the first. */
  readonly baseline: string | null;
  /** How many seeds of the random TLB replacement to run: the system's own and the numbers after it. */
  readonly seeds: number;
}

/**
 * Runs one trace through several systems and prices what they counted. The trace's summary must be known
 * (a store's is; other traces are ingested first).
 */
export async function compareSystems(
  trace: Trace,
  systems: readonly System[],
  options: CompareOptions,
): Promise<Comparison> {
  return (await compareWithTallies(trace, systems, options)).comparison;
}

/** As `compareSystems`, with the whole tally of each run, in their order: with it a run can be priced anew. */
export async function compareWithTallies(
  trace: Trace,
  systems: readonly System[],
  options: CompareOptions,
): Promise<{ readonly comparison: Comparison; readonly tallies: readonly Tally[] }> {
  const summary = trace.summary();
  if (summary === null) throw new Error('compareSystems needs a trace whose summary is known');
  const ordered = baselineFirst(systems, options.baseline).map((system) => withNodes(system, trace.header));
  const requested = warmupOf(options.warmup, summary);
  const { signal, progress } = options;
  const seeded = ordered.flatMap((system) => withSeeds(system, options.seeds));
  const { tallies, warmup } = await replayAll(trace, summary, seeded, {
    warmup: requested,
    ...(signal && { signal }),
    ...(progress && { progress }),
  });
  // The baseline comes first, so it is there when the others ask for it.
  const pricedRuns: PricedRun[] = [];
  const noted: Noted[] = [];
  const runs = ordered.map((system): SystemRun => {
    const mine = seeded.flatMap((candidate, index) => (candidate.name === system.name ? [index] : []));
    const priced = mine.map((index) => price(tallies[index]!, resolvePrices(system, summary), system));
    const counted = tallies[mine[0]!]!;
    const { windows: _, held: __, ...tally } = counted;
    const { total_ps } = priced[0]!.breakdown;
    const numa = numaOf(counted, system.machine.nodes);
    const pricedRun = { tally: counted, prices: resolvePrices(system, summary), system, total_ps };
    pricedRuns.push(pricedRun);
    const notes = [
      ...notesOnSize(tally, tallies[0]!.cpus),
      ...notesOnNodes(
        system,
        systems.find(({ name }) => name === system.name)!.machine.nodes,
        tally,
        numa,
        trace.header.vms?.length ?? system.monitor?.vms.count ?? 1,
      ),
      ...notesOn(
        systemFor(system, trace.header),
        trace,
        summary,
        tally,
        total_ps,
        warmup,
        priced[0]!.waiting,
      ),
    ];
    noted.push({ breakdown: priced[0]!.breakdown, notes });
    return {
      name: system.name,
      system,
      tally,
      breakdown: priced[0]!.breakdown,
      contention: priced[0]!.contention,
      waiting: priced[0]!.waiting,
      numa,
      actions: priced[0]!.actions,
      sensitivity:
        pricedRuns.length === 1
          ? null
          : sensitivityOf(pricedRuns[0]!, pricedRun, unmeasuredPrices([ordered[0]!, system])),
      seeds: priced.map(({ breakdown }, at) => ({
        seed: seeded[mine[at]!]!.machine.tlb?.seed ?? 0,
        total_ps: breakdown.total_ps,
      })),
      notes: notes.map(({ text }) => text),
      caveat: caveatOf(noted.at(-1)!, noted.length === 1 ? null : noted[0]!),
    };
  });
  const comparison = {
    trace: { header: trace.header, summary },
    warmup: { requested_instructions: requested, instructions: warmup },
    baseline: ordered[0]!.name,
    runs,
  };
  return { comparison, tallies: pricedRuns.map((run) => run.tally) };
}

/** Prices that some of the systems assumes or fitted. */
function unmeasuredPrices(systems: readonly System[]): (keyof ResolvedPrices)[] {
  const names = systems
    .flatMap(ledger)
    .filter(({ path, role }) => path.startsWith('prices.') && (role === 'assumed' || role === 'calibrated'))
    .map(({ path }) => path.slice('prices.'.length) as keyof ResolvedPrices);
  return [...new Set(names)];
}

/** The system itself and, where its TLB is replaced at random, copies with the seeds that follow. */
function withSeeds(system: System, seeds: number): System[] {
  const { tlb } = system.machine;
  if (tlb?.replacement !== 'random') return [system];
  return Array.from({ length: seeds }, (_, i) =>
    i === 0 ? system : { ...system, machine: { ...system.machine, tlb: { ...tlb, seed: tlb.seed + i } } },
  );
}

/** The systems with the baseline in front. Throws InputError on doubled or unknown names. */
export function baselineFirst(systems: readonly System[], baseline: string | null): System[] {
  const names = systems.map((system) => system.name);
  const double = names.find((name, index) => names.indexOf(name) !== index);
  if (double !== undefined) throw new InputError(`system ${double} is given twice: give each its own name`);
  if (baseline === null) return [...systems];
  const first = systems.find((system) => system.name === baseline);
  if (first === undefined)
    throw new InputError(`--baseline ${baseline} is not one of the systems of this run: ${names.join(', ')}`);
  return [first, ...systems.filter((system) => system !== first)];
}

/** What was assumed in a run, and what it cannot show. */
function notesOn(
  system: System,
  trace: Trace,
  summary: TraceSummary,
  tally: CountedTally,
  total_ps: number,
  warmup: number,
  waiting: Waiting | null,
): Note[] {
  const { header } = trace;
  const { os, monitor, machine } = system;
  const notes: Note[] = [];
  if (header.level === 'user') {
    if (os.overlay || monitor)
      notes.push({
        text: 'The trace has user code alone: the kernel’s own footprint and services are missing from both sides, so the true overhead may be higher or lower.',
        missing: true,
        touches: () => true,
      });
    if (os.overlay)
      notes.push({
        text:
          `Added by rule: a page’s first store is a demand-zero fault, its first fetch a file page, its first load ` +
          `${os.first_load === 'zero' ? 'demand-zero' : 'a file page'}` +
          (os.timer_instructions > 0
            ? `; a timer interrupt every ${os.timer_instructions} instructions.`
            : '; no timer interrupts.'),
        touches: causes('page_fault', 'timer'),
      });
    if (!header.physical)
      notes.push({
        text: 'Physical pages are not recorded: caches are indexed by virtual addresses.',
        touches: stalls,
      });
  } else {
    const requests = sumCounter(tally, 'disk_requests');
    const waits = requests > 0 || Boolean(waiting?.server);
    // In a recording requests to disks cannot be seen; a workload without any has none.
    const unseen = !waits && header.format !== 'workload';
    notes.push({
      text: `Pages touched without an allocation event count as backed already${unseen ? '; disk waits and idle time are not modelled.' : '.'}`,
      missing: unseen,
      touches: causes('page_fault'),
    });
    if ((waiting?.disks?.idle_ps ?? 0) > 0)
      notes.push({
        text:
          `Idle time is computed, not recorded: ${requests} ${requests === 1 ? 'request' : 'requests'} at random places on ` +
          `${machine.disks === 0 ? 'a disk for each CPU' : `${machine.disks} disks`}, ` +
          `with ${os.jobs} ${os.jobs === 1 ? 'job' : 'jobs'} for each ${tally.schedule === null ? 'CPU' : 'virtual CPU'}.`,
        touches: causes('idle'),
      });
    notes.push(...notesOnServer(system, tally, waiting));
    const traps = tally.rows.some((row) => row.context === 'reserved instruction');
    if (os.rdhwr === 'keep' && traps)
      notes.push({
        text: 'Traps of RDHWR are kept as recorded; later MIPS hardware does not take them (--set os.rdhwr=drop).',
        touches: ({ context }) => context === 'reserved instruction',
      });
  }
  if (summary.refill === null && os.refill_loads === 'recorded')
    notes.push({
      text: 'The trace has no refill episodes: the refill handler is that of 64-bit Linux 6.1 as counted elsewhere.',
      touches: causes('tlb_refill'),
    });
  if (machine.cpu_assignment === 'round-robin' && machine.cpus > 0 && machine.cpus < header.cpus)
    notes.push({
      text: `The trace’s ${header.cpus} CPUs (threads) run on ${machine.cpus}, by number modulo ${machine.cpus}, in the recorded order.`,
      touches: coherence,
    });
  const lost = unfollowed(tally.rows, tally.locks);
  if (lost > 0)
    notes.push({
      text: `${lost} acquisitions are of more locks than are followed side by side: they wait for nobody.`,
      missing: true,
      touches: causes('synchronisation'),
    });
  notes.push(...notesOnMachines(system, header, tally, total_ps, warmup));
  if (monitor && !monitor.footprint)
    notes.push({
      text: 'The monitor’s own references do not enter the caches.',
      missing: true,
      touches: ({ category }) => category === 'monitor',
    });
  // How much chance moves is said with the totals of other seeds.
  if (machine.tlb?.replacement === 'random')
    notes.push({ text: `TLB replacement is random (seed ${machine.tlb.seed}).` });
  return notes;
}
