import { price } from '../../model/pricing/price.ts';
import { resolvePrices, withNodes } from '../../model/systems/resolve.ts';
import type { System } from '../../model/systems/schema.ts';
import type { Tally } from '../../model/tally.ts';
import { radixValues } from '../../trace/workloads/paper/from-values.ts';
import { radixWorkload } from '../../trace/workloads/paper/radix.ts';
import { paperSystem } from '../systems.ts';
import type { Inputs } from '../types.ts';
import { type Bar, barOf } from './bars.ts';
import { CPUS, WARMUP } from './pmake.ts';
import { replayWorkload } from './replay.ts';

/** Instructions of all CPUs at scale 1. Radix’s own length is not printed, and its bars are shares of it. */
const INSTRUCTIONS = 300e6;

/**
 * SplashOS: a program linked with its operating system. It has no services and no clock of its own: the monitor serves
 * its TLB misses and the first use of each page.
 */
export function splashos(inputs: Inputs): System {
  const system = paperSystem('disco', inputs);
  const nothing = { refill_loads: 0, refill_privileged: {}, entry_tlb_writes: 0, entry_privileged: 0 };
  return {
    ...system,
    os: { ...system.os, ...nothing, name: 'splashos', overlay: true, timer_instructions: 0 },
    prices: { ...system.prices, demand_zero_ns: 0, file_page_ns: 0, refill_cycles: 0 },
  };
}

/** Figure 7's radix: under IRIX, and under SplashOS on Disco, which runs the same program without a kernel. */
export async function radixBars(
  inputs: Inputs,
  scale: number,
  seed: number,
  signal?: AbortSignal,
): Promise<{ readonly irix: Bar; readonly splashos: Bar }> {
  const bar = async (system: System, withKernel: boolean): Promise<Bar> => {
    const instructions = Math.round((INSTRUCTIONS * scale) / (1 - WARMUP));
    const workload = radixWorkload(radixValues(inputs, { cpus: CPUS, instructions, seed }, withKernel));
    const placed = withNodes(system, { cpus: CPUS });
    const { summary, tallies } = await replayWorkload(workload, [placed], WARMUP, signal);
    const [tally] = tallies as [Tally];
    return barOf(tally, price(tally, resolvePrices(placed, summary), placed).breakdown.parts);
  };
  return {
    irix: await bar(paperSystem('irix-numa', inputs), true),
    splashos: await bar(splashos(inputs), false),
  };
}
