/** Machines whose pages move soon and often, and what a replay on them counted, by CPU and layer. */
import fc from 'fast-check';
import { replayAll } from '../../src/model/compare.ts';
import { type SystemInput, systemSchema } from '../../src/model/systems/schema.ts';
import { type Counter, type Layer, sumCounter, type Tally } from '../../src/model/tally.ts';
import type { Trace } from '../../src/trace/types.ts';
import { type Case, directoryMachine, nonZero } from './coherence-runs.ts';
import type { NumaCounts } from './numa-oracle.ts';

/** CPUs and nodes. */
const SHAPES = [
  [2, 2],
  [3, 3],
  [4, 2],
  [4, 4],
  [6, 2],
  [6, 3],
  [8, 4],
  [12, 3],
  [16, 2],
  [16, 4],
  // Nodes of which one has CPUs of two words of a vector.
  [33, 3],
  [66, 3],
] as const;

const limit = (least: number, most: number) => fc.integer({ min: least, max: most });

/** Machines of a few nodes, with small caches and thresholds. */
export const numaMachine: fc.Arbitrary<Case> = fc.constantFrom(...SHAPES).chain(([cpus, nodes]) =>
  fc
    .record({
      machine: directoryMachine(fc.constant(cpus)),
      trigger: limit(1, 6),
      sharing: fc.oneof(limit(1, 4), fc.constant('infinite' as const)),
      write: fc.oneof(limit(0, 3), fc.constant('infinite' as const)),
      migrate: limit(0, 3),
      interval: limit(3, 60),
      kernelPages: fc.boolean(),
      sampling: fc.constantFrom(1, 1, 1, 2, 3),
    })
    .map(({ machine, interval, kernelPages, ...numbers }): Case => {
      const base = machine.input.machine!;
      const input: SystemInput = {
        ...machine.input,
        machine: { ...base, nodes, placement_node: (base.placement_node ?? 0) % nodes },
        pages: {
          policy: 'disco',
          nominal_ns_per_instruction: 10,
          disco: { ...numbers, reset_interval_ns: (interval * 10) / cpus, kernel_pages: kernelPages },
        },
      };
      return { cpus, input };
    }),
);

/** Tallies of systems side by side. */
export async function talliesOf(inputs: readonly SystemInput[], trace: Trace): Promise<readonly Tally[]> {
  const systems = inputs.map((input) => systemSchema.parse(input));
  return (await replayAll(trace, trace.summary()!, systems, { warmup: 0 })).tallies;
}

/** A tally in the oracle's form. */
export function countsOf({ cpus, rows, state, pages }: Tally): NumaCounts {
  const byCpu = Array.from({ length: cpus }, (): Record<string, Record<string, number>> => ({}));
  for (const { cpu, layer, counters } of rows) {
    const sums = { ...byCpu[cpu]![layer] };
    for (const [name, n] of Object.entries(counters)) sums[name] = (sums[name] ?? 0) + n;
    byCpu[cpu]![layer] = nonZero(sums);
  }
  return {
    rows: byCpu,
    lostLines: state.lost_lines,
    dirtyL1Lines: state.dirty_l1_lines,
    dirtyL2Lines: state.dirty_l2_lines,
    pages: pages!,
  };
}

/** A layer's counter, of one CPU or all. */
export const layerSum = (tally: Tally, layer: Layer, counter: Counter = 'count', cpu = -1): number =>
  sumCounter(tally, counter, (row) => row.layer === layer && (cpu < 0 || row.cpu === cpu));
