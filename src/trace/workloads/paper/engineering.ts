import type { WorkloadInput } from '../schema.ts';
import { type QuietKernelValues, quietKernel, scatteredBytes, scatteredOver } from './quiet-kernel.ts';

/** What decides the engineering workload: Verilog simulations beside simulations of a memory system. */
export interface EngineeringValues extends QuietKernelValues {
  readonly cpus: number;
  /** Processes of each of the two programs. */
  readonly verilog: number;
  readonly simulators: number;
  /** Instructions of all CPUs together. */
  readonly instructions: number;
  readonly seed: number;
  /** Operands in 100 instructions that follow pointers from page to page, over so many pairs of pages. */
  readonly scattered: number;
  readonly pairs: number;
  /** Lines that are used of each pair. */
  readonly lines: number;
  /** Operands in 100 instructions that sweep through the state of what is simulated, and its pages. */
  readonly sweep: number;
  readonly statePages: number;
  /** Pages of a process that it does not use in this part of its run: memory that is taken all the same. */
  readonly idlePages: number;
  /** Pages of each program's compiled text, and those that are in use at a time. */
  readonly textPages: number;
  readonly activePages: number;
  /** Instructions of a process after which the part in use has moved on by `STEP` pages of text. */
  readonly drift: number;
  /** Instructions of a time slice, and slices of a process after which it goes to the next CPU; 0: it stays. */
  readonly slice: number;
  readonly roam: number;
}

/** Pages by which the active part of a program moves at a time. */
const STEP = 5;
const PAGE = 4096;

/**
 * Long-running simulations, several to a CPU's share of them. Compiled simulators run through their code and data
 * once for each simulated cycle: text that processes of one program share, and state of their own, together more than
 * a cache keeps. The part of the design at work moves on slowly. Netlists are followed by pointers, a line here and
 * there: many pages, few lines.
 */
export function engineeringWorkload(values: EngineeringValues): WorkloadInput {
  const simulator = (name: string, count: number, roam: number): WorkloadInput['processes'][number] => {
    // Half of the rest of the text lies between the places where the first and the last process begin.
    const rest = values.textPages - values.activePages;
    const apart = Math.floor(rest / 2 / Math.max(1, count - 1));
    const steps = Math.max(1, Math.floor((rest - apart * (count - 1)) / STEP));
    return {
      name,
      count,
      roam: Math.round(roam),
      stagger: true,
      regions: {
        text: { bytes: values.textPages * PAGE, share: `${name} text` },
        netlist: { bytes: scatteredBytes(values.pairs) },
        state: { bytes: values.statePages * PAGE },
        heap: { bytes: values.idlePages * PAGE },
      },
      phases: Array.from({ length: steps }, (_, step) => ({
        instructions: Math.max(1, Math.round(values.drift)),
        code: {
          region: 'text',
          run: 96,
          loop: 0.92,
          targets: {
            kind: 'sequential',
            stride: 512,
            from: step * STEP * PAGE,
            bytes: values.activePages * PAGE,
            skew: apart * PAGE,
          },
        },
        fetch: 100,
        data: [
          {
            region: 'netlist',
            load: values.scattered,
            size: 8,
            place: scatteredOver(values.pairs, values.lines),
          },
          {
            region: 'state',
            load: values.sweep * 0.6,
            store: values.sweep * 0.4,
            size: 8,
            place: { kind: 'sequential', stride: 128 },
          },
        ],
      })),
    };
  };
  return {
    name: 'engineering',
    cpus: values.cpus,
    instructions: Math.max(1, Math.round(values.instructions)),
    seed: values.seed,
    line: 128,
    frames: 'scattered',
    slice: values.slice,
    steal: true,
    stretch: 2000,
    // Not all of them move at the same time.
    processes: [
      simulator('verilog', values.verilog, values.roam),
      simulator('memory system', values.simulators, values.roam * 1.1),
    ],
    kernel: quietKernel(values),
  };
}
