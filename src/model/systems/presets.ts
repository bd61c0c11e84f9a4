import type { SystemInput } from './schema.ts';

/**
 * The systems that ship. Each says only what differs from the schema's defaults, which are the paper's
 * machine (one CPU of FLASH as SimOS modelled it) under IRIX 5.3.
 */

const RECORDED_LINUX: NonNullable<SystemInput['sources']> = {
  'os.refill_loads': { source: 'counted: mean of the refill episodes in the trace', role: 'measured' },
  'os.refill_privileged': { source: 'counted: mean of the refill episodes in the trace', role: 'measured' },
  'prices.refill_cycles': { source: 'counted: mean of the refill episodes in the trace', role: 'measured' },
};

const LINUX = { name: 'linux', refill_loads: 'recorded', refill_privileged: 'recorded' } as const;

/** A machine that only counts cache misses, as another simulator does. */
const cacheOnly = (counting: 'dinero' | 'drcachesim' | 'cachegrind'): SystemInput => ({
  description: `two levels of cache, counted by ${counting}'s rule; no TLB, no operating system`,
  machine: {
    counting,
    nodes: 1,
    tlb: null,
    l1i: { size: 32768, ways: 2, line: 64 },
    l1d: { size: 32768, ways: 2, line: 64 },
    l2: { size: 1048576, ways: 2, line: 64, inclusive: false },
  },
  os: { name: 'none', overlay: false },
});

/** Disco with the trace's CPUs divided among so many virtual machines. */
const divided = (count: number): SystemInput => ({
  description: `Disco, the CPUs divided among ${count} virtual machines, each with its own copy of IRIX`,
  monitor: { vms: { count } },
});

export const PRESETS: Readonly<Record<string, SystemInput>> = {
  irix: { description: 'IRIX 5.3 on one CPU of FLASH' },
  disco: { description: 'Disco under a patched IRIX, one virtual machine', monitor: {} },
  'disco-2vms': divided(2),
  'disco-4vms': divided(4),
  'disco-8vms': divided(8),
  'disco-8vms-nfs': {
    description: 'the same, with all files on one server that the virtual machines share',
    monitor: { vms: { count: 8 } },
    os: { server: 'all' },
  },
  'irix-numa': {
    description:
      'IRIX 5.3 on a ccNUMA machine, a node for each CPU; pages go round the nodes, wherever they are used',
    machine: { placement: 'round-robin' },
  },
  'disco-numa': {
    description:
      'Disco on the same machine: pages are placed where they are used first, and migrate and replicate',
    pages: { policy: 'disco' },
    monitor: {},
  },
  'irix-uma': {
    description:
      'IRIX 5.3 on a bus with all memory equally far, without contention: the paper’s comparison machine',
    machine: { nodes: 1, interconnect: 'bus', contention: 'none' },
    // Whatever serves a miss, memory or another cache on the bus.
    prices: { local_ns: 300, neighbour_ns: 300 },
    sources: {
      'prices.local_ns': { source: 'Disco, SOSP’97, section 5.5: 300 ns for all', role: 'measured' },
      'prices.neighbour_ns': { source: 'Disco, SOSP’97, section 5.5: 300 ns for all', role: 'measured' },
    },
  },
  'linux-numa-balancing': {
    description: 'Linux 6.1 for MIPS on the ccNUMA machine, with automatic NUMA balancing',
    os: LINUX,
    pages: { policy: 'numa-balancing' },
    prices: { refill_cycles: 'recorded' },
    sources: RECORDED_LINUX,
  },
  'linux-mips': {
    description: 'Linux 6.1 for MIPS on the machine of the paper; refill handler as recorded',
    os: LINUX,
    prices: { refill_cycles: 'recorded' },
    sources: RECORDED_LINUX,
  },
  'disco-linux-mips': {
    description:
      'Disco under a Linux whose hardware abstraction layer and drivers are patched as the paper’s were',
    os: LINUX,
    monitor: {},
    prices: { refill_cycles: 'recorded' },
    sources: RECORDED_LINUX,
  },
  'disco-linux-mips-unmodified': {
    description:
      'Disco under an unmodified Linux: every privileged instruction and device access is intercepted',
    os: LINUX,
    monitor: { patched_hal: false, drivers: 'intercepted', zeroes_pages: false },
    prices: { refill_cycles: 'recorded' },
    sources: RECORDED_LINUX,
  },
  dinero: cacheOnly('dinero'),
  drcachesim: cacheOnly('drcachesim'),
  cachegrind: cacheOnly('cachegrind'),
};

/** What `vmtax run` compares if nothing is asked for. */
export function defaultSystems(level: 'user' | 'system'): readonly string[] {
  return level === 'system'
    ? ['linux-mips', 'disco-linux-mips-unmodified', 'disco-linux-mips']
    : ['irix', 'disco'];
}
