import { type Chunk, SEGMENT_KERNEL } from '../trace/types.ts';
import { C, type Counters, contextKey } from './counters.ts';
import type { Kernel } from './hardware/kernel.ts';
import type { Packed } from './hardware/pack.ts';
import type { Visits } from './visits.ts';

/**
 * What is left of a chunk's replay for caches alone (`cachesAlone`): no event means anything. Apart from the whole
 * of it (`replay.ts`), which V8 takes longer to compile than a short trace takes to run.
 *
 * @param pass is told of instructions that are done
 */
export function createCachesReplay(
  cpus: number,
  counters: Counters,
  kernel: Kernel,
  runs: Visits['runs'],
  pass: (instructions: number) => void,
): (chunk: Chunk, packed: Packed) => void {
  return ({ segments }, { words, segmentEnd, aside, accesses, spans }) => {
    let at = 0;
    for (let segment = 0; segment < segments.length; segment++) {
      const end = segmentEnd[segment]!;
      if (aside[segment] === 0) {
        const traceCpu = segments.cpu[segment]!;
        const cpu = traceCpu % cpus;
        const kernelMode = (segments.flags[segment]! & SEGMENT_KERNEL) !== 0;
        runs(cpu, traceCpu);
        counters.select(cpu, contextKey(kernelMode, segments.service[segment]!));
        const { values, row } = counters;
        for (let kind = 0; kind < 4; kind++)
          values[row + C.fetch_accesses + kind]! += accesses[segment * 4 + kind]!;
        values[row + C.instructions]! += segments.instructions[segment]!;
        kernel.run(words, at, end, cpu, spans);
        pass(segments.instructions[segment]!);
      }
      at = end;
    }
  };
}
