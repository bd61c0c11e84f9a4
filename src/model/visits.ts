import type { Counters } from './counters.ts';
import type { Kernel } from './hardware/kernel.ts';

/** Who runs on a CPU of the machine, and excursions from a segment to where an event happens. */
export interface Visits {
  /** CPU `cpu` runs a CPU of the trace from now on: counts go with the locks that it holds. */
  runs(cpu: number, traceCpu: number): void;
  /** Makes `cpu` in a context current for an event; `leave` goes back to the segment's. Not nested. */
  visit(cpu: number, context: number): void;
  leave(): void;
}

/** `vcpuOn`: by CPU of the machine, the CPU of the trace that it runs; kept here. */
export function createVisits(counters: Counters, kernel: Kernel, vcpuOn: Int32Array): Visits {
  let homeCpu = 0;
  let homeContext = 0;

  return {
    runs: (cpu, traceCpu) => {
      if (vcpuOn[cpu] === traceCpu) return;
      vcpuOn[cpu] = traceCpu;
      if (counters.cpu === cpu) counters.select(cpu, counters.context);
    },
    visit: (cpu, context) => {
      homeCpu = counters.cpu;
      homeContext = counters.context;
      if (cpu !== homeCpu) kernel.select(cpu);
      if (cpu !== homeCpu || context !== homeContext) counters.select(cpu, context);
    },
    leave: () => {
      if (counters.cpu !== homeCpu) kernel.select(homeCpu);
      if (counters.cpu !== homeCpu || counters.context !== homeContext) counters.select(homeCpu, homeContext);
    },
  };
}
