import { presetSystem } from '../../src/model/systems/load.ts';
import type { System } from '../../src/model/systems/schema.ts';
import { parseVary } from '../../src/sweep/axes.ts';
import type { Design, Plan } from '../../src/sweep/types.ts';
import type { Chunk, Trace } from '../../src/trace/types.ts';
import { openWorkload } from '../../src/trace/workloads/open.ts';

/** Traces and plans for the tests of sweeps. */

/** A workload in memory, its summary known. */
export async function workload(spec: string): Promise<Trace> {
  const made = openWorkload(spec);
  const chunks: Chunk[] = [];
  for await (const chunk of made.chunks()) chunks.push(structuredClone(chunk));
  return {
    ...made,
    chunks: async function* () {
      yield* chunks;
    },
  };
}

export const presets = (...names: readonly string[]): System[] => names.map(presetSystem);

export function planOf(
  vary: readonly string[],
  {
    design = { kind: 'factorial' },
    set = [],
    warmup = null,
  }: { design?: Design; set?: string[]; warmup?: number | null } = {},
): Plan {
  return {
    traces: ['trace'],
    systems: null,
    axes: vary.map(parseVary),
    design,
    set,
    warmup,
    format: null,
    skipBadLines: false,
  };
}
