import { withNodes } from '../../model/systems/resolve.ts';
import type { Monitor } from '../../model/systems/schema.ts';
import type { Footprint, PageClass } from '../../model/tally-memory.ts';
import { footprintWorkload } from '../../trace/workloads/paper/footprint.ts';
import { paperSystem } from '../systems.ts';
import type { Inputs } from '../types.ts';
import { CONFIGURATIONS, type Configuration, CPUS } from './pmake.ts';
import { replayWorkload } from './replay.ts';

const MB = 2 ** 20;
const PAGE_BYTES = 4096;
/** Disco, SOSP’97, section 4.2: the monitor’s code, of which each node has a copy. */
const CODE_BYTES = 72 * 1024;
/** Section 5.3: memory of the machine; of the virtual machines together where one of them is a server (96 + 7 × 32). */
const MACHINE_BYTES = 256 * MB;
const WITH_SERVER_BYTES = 320 * MB;

/** Classes of Figure 6’s bars. */
export const BAR_CLASSES = ['kernel_data', 'kernel_text', 'buffer_cache', 'monitor'] as const;
export type BarClass = (typeof BAR_CLASSES)[number];

/** MB by class, as if nothing were shared, and in the machine. */
export interface Memory {
  readonly virtual: Readonly<Record<BarClass, number>>;
  readonly machine: Readonly<Record<BarClass, number>>;
}

/**
 * The monitor’s own memory in bytes: its code on each node, an entry of the memmap for each page of the machine, of a
 * pmap for each page that the virtual machines were given, and the second-level TLBs. Tables are as large as what they
 * are tables of, however little of it a run touches.
 */
export function monitorBytes(monitor: Monitor, nodes: number, vcpus: number, given: number): number {
  const entry = monitor.table_entry_bytes;
  return (
    CODE_BYTES * nodes +
    (MACHINE_BYTES / PAGE_BYTES) * entry +
    (given / PAGE_BYTES) * entry +
    vcpus * monitor.l2tlb.entries * entry
  );
}

/** Footprints of Figure 6 by configuration: allocated in full, at any scale. */
export async function footprints(inputs: Inputs, signal?: AbortSignal): Promise<ReadonlyMap<string, Memory>> {
  const of = (name: string): number => inputs[`footprint.${name}`]! * MB;
  const workload = footprintWorkload({
    instances: CPUS,
    text: of('kernel_text'),
    kernelData: of('kernel_data_each'),
    instanceData: (of('kernel_data') - of('kernel_data_each')) / CPUS,
    common: of('common_files') - of('metadata'),
    metadata: of('metadata'),
    own: (of('buffer_cache') - of('common_files')) / CPUS,
  });
  const configurations = CONFIGURATIONS.filter(({ published }) => published);
  // A native system keeps no accounts: one kernel’s are those of one virtual machine, but for the monitor’s part.
  const isNative = ({ preset }: Configuration): boolean => paperSystem(preset, inputs).monitor === null;
  const systems = configurations.map((configuration) =>
    withNodes(paperSystem(isNative(configuration) ? 'disco' : configuration.preset, inputs), { cpus: CPUS }),
  );
  const { tallies } = await replayWorkload(workload, systems, 0, signal);
  return new Map(
    configurations.map((configuration, at) => {
      const { monitor, machine } = systems[at]!;
      const given = configuration.server ? WITH_SERVER_BYTES : MACHINE_BYTES;
      const own = isNative(configuration) ? 0 : monitorBytes(monitor!, machine.nodes, CPUS, given) / MB;
      const inMB = (pages: Footprint['virtual']): Record<BarClass, number> => {
        const of = (name: PageClass): number => (pages[name] * PAGE_BYTES) / MB;
        return {
          kernel_data: of('kernel_data'),
          kernel_text: of('kernel_text'),
          buffer_cache: of('buffer_cache'),
          monitor: own,
        };
      };
      const facts = tallies[at]!.memory!;
      return [configuration.name, { virtual: inMB(facts.virtual), machine: inMB(facts.machine) }];
    }),
  );
}
