import { databaseWorkload } from '../../trace/workloads/paper/database.ts';
import { engineeringWorkload } from '../../trace/workloads/paper/engineering.ts';
import { RAYTRACE_STEP, raytraceWorkload } from '../../trace/workloads/paper/raytrace.ts';
import type { WorkloadInput } from '../../trace/workloads/schema.ts';
import type { Inputs } from '../types.ts';

/** The three workloads from inputs: the same description for one CPU and for several. */

export const TLB_BOUND = ['engineering', 'raytrace', 'database'] as const;
export type TlbBound = (typeof TLB_BOUND)[number];

export const NUMA = ['engineering', 'raytrace'] as const;
export type NumaWorkload = (typeof NUMA)[number];

/** CPUs of the multiprocessor variants (SOSP'97, section 5.5). */
export const NUMA_CPUS: Readonly<Record<NumaWorkload, number>> = { engineering: 8, raytrace: 16 };

/** How large a machine, and how long a part of the run. */
interface Size {
  readonly cpus: number;
  /** Of all CPUs together. */
  readonly instructions: number;
  readonly seed: number;
}

/** Time slice of Engineering's processes, in instructions: 20 ms at 8 ns each. */
const SLICE = 2_500_000;
/** TLB misses of an operand that follows a pointer: what a TLB of 64 entries does not hold of the pages. */
const MISSES = 0.75;

/** Instructions of Raytrace's whole run: Table 1's 12.9 s at 2.8 ns each. */
const RAYTRACE_RUN = 4600e6;
/** Pages of the scene near a process's rays, which change by `RAYTRACE_STEP` at a time. */
const NEAR = 56;

/** The description of a workload. On one CPU what only several need has no effect. */
export function workloadOf(
  name: TlbBound,
  inputs: Inputs,
  { cpus, instructions, seed }: Size,
): WorkloadInput {
  const of = (input: string): number => inputs[`${name}.${input}`]!;
  const scattered = of('scattered');
  const shared = {
    instructions,
    seed,
    scattered,
    pairs: Math.round(of('pairs')),
    quickFault: inputs['pmake.quick_fault']!,
    spread: inputs['pmake.spread']!,
    quickEvery: (inputs['tlb.refills_per_quick_fault']! * 100) / (scattered * MISSES),
  };
  if (name === 'database') return databaseWorkload({ ...shared, lines: 5, scan: 0.3, poolPages: 1024 });
  const several = cpus > 1;
  if (name === 'engineering')
    return engineeringWorkload({
      ...shared,
      cpus,
      verilog: several ? 6 : 1,
      simulators: several ? 6 : 1,
      lines: 5,
      sweep: of('sweep'),
      statePages: 220,
      idlePages: 100,
      textPages: 500,
      activePages: 60,
      drift: inputs['engineering.drift'] ?? 1.6e6,
      roam: several ? inputs['engineering.stay']! / SLICE : 0,
      slice: SLICE,
    });
  const scenePages = Math.max(NEAR + RAYTRACE_STEP, Math.round(inputs['raytrace.scene_pages'] ?? 192));
  const steps = (scenePages - NEAR) / RAYTRACE_STEP;
  return raytraceWorkload({
    ...shared,
    cpus,
    lines: 1,
    sweep: of('sweep'),
    scenePages,
    nearPages: NEAR,
    drift: RAYTRACE_RUN / NUMA_CPUS.raytrace / steps,
    rays: 0.03,
    rayPages: Math.round(inputs['raytrace.ray_pages'] ?? 100),
    activeRayPages: 12,
  });
}
