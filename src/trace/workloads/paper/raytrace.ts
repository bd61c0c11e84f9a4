import type { WorkloadInput } from '../schema.ts';
import { type QuietKernelValues, quietKernel, scatteredBytes, scatteredOver } from './quiet-kernel.ts';

/** What decides Raytrace of SPLASH-2: a scene that all read, and memory of each process for its rays. */
export interface RaytraceValues extends QuietKernelValues {
  readonly cpus: number;
  /** Instructions of all CPUs together. */
  readonly instructions: number;
  readonly seed: number;
  /** Operands in 100 instructions that follow pointers from page to page, over so many pairs of pages. */
  readonly scattered: number;
  readonly pairs: number;
  /** Lines that are used of each pair. */
  readonly lines: number;
  /** Operands in 100 instructions that look at the part of the scene near a ray; pages of the scene and that part. */
  readonly sweep: number;
  readonly scenePages: number;
  readonly nearPages: number;
  /** Instructions of a process after which its rays hit `RAYTRACE_STEP` pages of the scene further on. */
  readonly drift: number;
  /** Operands in 100 instructions that go to memory for rays, its pages for each process, and those in use. */
  readonly rays: number;
  readonly rayPages: number;
  readonly activeRayPages: number;
}

/** Pages of the scene by which the part near a process's rays moves at a time. */
export const RAYTRACE_STEP = 3;
const PAGE = 4096;
/** Instructions of other processes that the parent needs to build the scene before they begin. */
const START = 100_000;

/**
 * A parent builds the scene and hands out memory; a process for each CPU then traces rays through parts of the image
 * of its own. Neighbouring rays hit the same objects, so each process looks at one part of the scene for some time,
 * and has looked at all of it when the image is done. No two begin at the same part.
 */
export function raytraceWorkload(values: RaytraceValues): WorkloadInput {
  const { cpus, scenePages, nearPages, rayPages, activeRayPages } = values;
  const steps = Math.max(1, Math.floor((scenePages - nearPages) / RAYTRACE_STEP));
  const regions = {
    text: { bytes: '48K', share: 'text' },
    scene: { bytes: scenePages * PAGE, share: 'scene' },
    rays: { bytes: rayPages * cpus * PAGE, share: 'rays' },
  };
  const code = {
    region: 'text',
    run: 240,
    loop: 0.95,
    targets: { kind: 'zipf', theta: 1.2, scatter: false } as const,
  };
  const build = (region: 'scene' | 'rays') => ({
    instructions: 2 * (regions[region].bytes / PAGE),
    code: { region: 'text', bytes: 64 },
    fetch: 2,
    data: [{ region, store: 1, size: 8, place: { kind: 'sequential', stride: PAGE } as const }],
  });
  const tracer = (cpu: number): WorkloadInput['processes'][number] => ({
    name: `tracer ${cpu}`,
    cpus: [cpu],
    regions: { ...regions, grid: { bytes: scatteredBytes(values.pairs), share: 'grid' } },
    phases: [
      { instructions: START, once: true, code },
      ...Array.from({ length: steps }, (_, step) => ({
        instructions: Math.max(1, Math.round(values.drift)),
        code,
        fetch: 100,
        data: [
          {
            region: 'grid',
            load: values.scattered,
            size: 8,
            place: scatteredOver(values.pairs, values.lines),
          },
          {
            region: 'scene',
            load: values.sweep,
            size: 8,
            place: {
              kind: 'sequential' as const,
              stride: 128,
              from: ((step + Math.floor((cpu * steps) / cpus)) % steps) * RAYTRACE_STEP * PAGE,
              bytes: nearPages * PAGE,
            },
          },
          {
            region: 'rays',
            load: values.rays * 0.6,
            store: values.rays * 0.4,
            size: 8,
            place: {
              kind: 'sequential' as const,
              stride: 128,
              from: (cpu * rayPages + Math.floor((step * (rayPages - activeRayPages)) / steps)) * PAGE,
              bytes: activeRayPages * PAGE,
            },
          },
        ],
      })),
    ],
  });
  return {
    name: 'raytrace',
    cpus,
    instructions: Math.max(1, Math.round(values.instructions)),
    seed: values.seed,
    line: 128,
    frames: 'scattered',
    slice: '5M',
    stretch: 2000,
    processes: [
      { name: 'parent', cpus: [0], rounds: 1, regions, phases: [build('scene'), build('rays')] },
      ...Array.from({ length: cpus }, (_, cpu) => tracer(cpu)),
    ],
    kernel: quietKernel(values),
  };
}
