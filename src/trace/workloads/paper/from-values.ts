import type { WorkloadInput } from '../schema.ts';
import { databaseWorkload } from './database.ts';
import { engineeringWorkload } from './engineering.ts';
import type { PmakeValues } from './pmake.ts';
import type { MultiprocessorValues } from './pmake-mp.ts';
import type { RadixValues } from './radix.ts';
import { RAYTRACE_STEP, raytraceWorkload } from './raytrace.ts';

/** What decides the paper's workloads, from values by path (`pmake.open`, `engineering.scattered`), as they are calibrated. */

export type Values = Readonly<Record<string, number>>;

/** How large a machine, and how long a run. */
export interface Size {
  readonly cpus: number;
  /** Of all CPUs together. */
  readonly instructions: number;
  readonly seed: number;
}

/** make -J2. */
export const PMAKE_JOBS = 2;

/** CPUs of the paper's multiprocessor runs (SOSP’97, sections 5.4 and 5.5). */
export const PAPER_CPUS = { pmake: 8, engineering: 8, raytrace: 16, radix: 8 } as const;

/**
 * The compile jobs of one CPU, or of each of several. With `requestCut`, 1 ÷ so many times as many requests come, for a
 * model that takes that part of a disk's time for each.
 */
export function pmakeValues(values: Values, size: Size, requestCut = 1): PmakeValues {
  const of = (name: string): number => values[`pmake.${name}`]!;
  return {
    ...size,
    jobs: PMAKE_JOBS,
    life: of('life'),
    zeroPages: of('zero_pages'),
    quickPages: of('quick_pages'),
    strewn: of('strewn'),
    strewnTheta: of('strewn_theta'),
    workedOn: 1024 * Math.round(of('worked_on')),
    demandZero: of('demand_zero'),
    quickFault: of('quick_fault'),
    open: of('open'),
    read: of('read'),
    write: of('write'),
    execve: of('execve'),
    fork: of('fork'),
    exit: of('exit'),
    short: of('short'),
    openEvery: of('open_every'),
    readEvery: of('read_every'),
    writeEvery: of('write_every'),
    shortEvery: of('short_every'),
    diskEvery: of('disk_every'),
    requestCut,
    execveClears: of('execve_clears'),
    writeClears: of('write_clears'),
    pageOperations: of('page_operations'),
    spread: of('spread'),
  };
}

/** Part of a process’s life that is simulated as one on several CPUs (`multiprocessorPmake`). */
export const PMAKE_CUT = 1 / 4;

/** Part of a disk request that is simulated as one where only its share of a disk's time counts: many come in a short run. */
export const REQUEST_CUT = 1 / 16;

/** What several pmakes add to those of one CPU. `server`: all but the first have their files on a server. */
export function pmakesValues(
  values: Values,
  size: Size,
  { requestCut = 1, server = false } = {},
): PmakeValues & MultiprocessorValues {
  const own = (name: string): number => values[`pmake_mp.${name}`]!;
  return {
    ...pmakeValues(values, size, requestCut),
    entryLoads: own('entry_loads'),
    entryUpdates: own('entry_updates'),
    warmCode: own('warm_code'),
    memlockShare: own('memlock_share'),
    semaphoreShare: own('semaphore_share'),
    cut: PMAKE_CUT,
    server,
  };
}

/** Radix sort; without a kernel for a system that serves its faults itself. */
export function radixValues(values: Values, size: Size, withKernel = true): RadixValues {
  return {
    ...size,
    pageEvery: values['radix.page_every']!,
    permuted: values['radix.permuted']!,
    kernel: withKernel ? pmakesValues(values, size) : null,
  };
}

export const TLB_BOUND = ['engineering', 'raytrace', 'database'] as const;
export type TlbBound = (typeof TLB_BOUND)[number];

/** Time slice of Engineering's processes, in instructions: 20 ms at 8 ns each. */
const SLICE = 2_500_000;
/** Processes of each of Engineering's programs for each CPU: six of both on eight. */
const PROGRAMS_PER_CPU = 6 / PAPER_CPUS.engineering;
/** TLB misses of an operand that follows a pointer: what a TLB of 64 entries does not hold of the pages. */
const MISSES = 0.75;

/** Instructions of Raytrace's whole run: Table 1's 12.9 s at 2.8 ns each. */
const RAYTRACE_RUN = 4600e6;
/** Pages of the scene near a process's rays, which change by `RAYTRACE_STEP` at a time. */
const NEAR = 56;

/**
 * A workload that misses in the TLB: the same description for one CPU and for several (Database: for one). On one CPU
 * what only several need has no effect.
 */
export function tlbBoundWorkload(
  name: TlbBound,
  values: Values,
  { cpus, instructions, seed }: Size,
): WorkloadInput {
  const of = (value: string): number => values[`${name}.${value}`]!;
  const scattered = of('scattered');
  const shared = {
    instructions,
    seed,
    scattered,
    pairs: Math.round(of('pairs')),
    quickFault: values['pmake.quick_fault']!,
    spread: values['pmake.spread']!,
    quickEvery: (values['tlb.refills_per_quick_fault']! * 100) / (scattered * MISSES),
  };
  if (name === 'database') return databaseWorkload({ ...shared, lines: 5, scan: 0.3, poolPages: 1024 });
  const several = cpus > 1;
  if (name === 'engineering') {
    const processes = Math.ceil(cpus * PROGRAMS_PER_CPU);
    return engineeringWorkload({
      ...shared,
      cpus,
      verilog: processes,
      simulators: processes,
      lines: 5,
      sweep: of('sweep'),
      statePages: 220,
      idlePages: 100,
      textPages: 500,
      activePages: 60,
      drift: values['engineering.drift'] ?? 1.6e6,
      roam: several ? values['engineering.stay']! / SLICE : 0,
      slice: SLICE,
    });
  }
  const scenePages = Math.max(NEAR + RAYTRACE_STEP, Math.round(values['raytrace.scene_pages'] ?? 192));
  const steps = (scenePages - NEAR) / RAYTRACE_STEP;
  return raytraceWorkload({
    ...shared,
    cpus,
    lines: 1,
    sweep: of('sweep'),
    scenePages,
    nearPages: NEAR,
    drift: RAYTRACE_RUN / PAPER_CPUS.raytrace / steps,
    rays: 0.03,
    rayPages: Math.round(values['raytrace.ray_pages'] ?? 100),
    activeRayPages: 12,
  });
}
