/** One pass over a trace for all systems that differ in the geometry of caches only (`plan.ts` says which those are). */
import type { Trace, TraceSummary } from '../../trace/types.ts';
import { type MakeReplay, type ReplayOptions, replayGroup } from '../compare.ts';
import { type KernelOptions, wordLayout } from '../hardware/kernel.ts';
import { cachesAlone } from '../lines.ts';
import { createReplay } from '../replay.ts';
import type { System } from '../systems/schema.ts';
import type { Tally } from '../tally.ts';
import { createGeometryKernel, type GeometryKernel, type Hierarchy, type Lost } from './front.ts';
import { type Family, planGeometry } from './plan.ts';
import { createRowCounts } from './rows.ts';
import { allCaches } from './side-by-side.ts';

/**
 * The tallies of all systems that one pass can serve, to the last count those of `replayAll`; null for a system
 * that has to be replayed (`planGeometry` says why). The trace is not read if there is no other. Errors: those of
 * `replayAll`.
 */
export async function onePass(
  trace: Trace,
  summary: TraceSummary,
  systems: readonly System[],
  options: ReplayOptions,
): Promise<(Tally | null)[]> {
  const { families } = planGeometry(systems, trace.header);
  const tallies = systems.map((): Tally | null => null);
  if (families.length === 0) return tallies;
  const byLead = new Map(families.map((family) => [family.lead, family]));
  const make: MakeReplay = (system, ...rest) => {
    const family = byLead.get(system)!;
    let kernel: GeometryKernel | null = null;
    const replay = createReplay(system, ...rest, (of) => {
      kernel = geometryKernel(family, of);
      return kernel;
    });
    return {
      ...replay,
      tally: (physicalPages, schedule) => {
        const counted = family.members.map((_, geometry) => {
          kernel!.assume(geometry);
          return replay.tally(physicalPages, schedule);
        });
        for (const [geometry, at] of family.members.entries()) tallies[at] = counted[geometry]!;
        return counted[0]!;
      },
    };
  };
  const leads = families.map(({ lead }) => lead);
  await replayGroup({ trace, schedule: null }, summary, leads, options, make);
  return tallies;
}

function geometryKernel({ lead, machines }: Family, options: KernelOptions): GeometryKernel {
  const rows = createRowCounts();
  const caches = (lost: Lost): Hierarchy => allCaches(machines, wordLayout(lead.machine), rows, lost);
  return createGeometryKernel(options, rows, caches, !cachesAlone(lead));
}
