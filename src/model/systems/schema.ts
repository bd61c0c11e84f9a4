import { z } from 'zod';
import {
  bytes,
  chosen,
  count,
  type FieldMeta,
  field,
  nonnegative,
  positive,
  ROLES,
  type Role,
} from './fields.ts';

/**
 * What a system is: machine × operating system × monitor × prices, all data. The schema is the single
 * place where a field's name, unit, default, source and meaning are written down; documentation, JSON
 * Schema, `system show` and the report's ledger are made from it.
 */

import { memory } from './schema-memory.ts';
import { pages } from './schema-pages.ts';
import { schedule, vms } from './schema-vms.ts';

const isPowerOfTwo = (n: number): boolean => Number.isInteger(Math.log2(n));

/** Where a cache's defaults come from, field by field. */
type Sourced = Readonly<Record<'size' | 'ways' | 'line', Pick<FieldMeta, 'source' | 'role'>>>;

const cacheShape = (of: Sourced) => ({
  size: bytes.meta({ description: 'capacity', unit: 'bytes', ...of.size }),
  ways: positive.meta({
    description: 'associativity; size ÷ line for fully associative',
    unit: 'ways',
    ...of.ways,
  }),
  line: bytes.meta({ description: 'line size', unit: 'bytes', ...of.line }),
});

interface Geometry {
  readonly size: number;
  readonly ways: number;
  readonly line: number;
}

/** Adds one issue per impossible property of a cache. */
function checkGeometry(cache: Geometry, context: z.core.$RefinementCtx): void {
  const issue = (path: string, message: string) =>
    context.addIssue({ code: 'custom', path: [path], message });
  if (!isPowerOfTwo(cache.line) || cache.line < 4 || cache.line > 4096)
    issue('line', `line of ${cache.line} bytes: must be a power of two from 4 to 4096`);
  if (!isPowerOfTwo(cache.size)) issue('size', `size of ${cache.size} bytes: must be a power of two`);
  if (cache.size > 2 ** 30) issue('size', `size of ${cache.size} bytes: at most 1G`);
  if (!isPowerOfTwo(cache.ways)) issue('ways', `${cache.ways} ways: must be a power of two`);
  else if (cache.ways * cache.line > cache.size)
    issue('ways', `${cache.ways} ways of ${cache.line}-byte lines do not fit in ${cache.size} bytes`);
}

const TABLE_2 = 'Disco, SOSP’97, Table 2';
const GUESS = 'no published figure';
const MIPS_MANUAL = 'R10000 User’s Manual ch. 16 (64 entries, each a pair of pages)';
const DISCO_5_1 = 'Disco, SOSP’97, section 5.1';
const R10000 = 'as the R10000’s, which the paper names; not printed there';

const cache = z
  .strictObject(
    cacheShape({
      size: { source: `${DISCO_5_1} (32 KB split)`, role: 'measured' },
      ways: { source: R10000, role: 'assumed' },
      line: { source: 'not printed', role: 'assumed' },
    }),
  )
  .superRefine(checkGeometry);

const unifiedCache = z
  .strictObject({
    ...cacheShape({
      size: { source: `${DISCO_5_1} (1 MB)`, role: 'measured' },
      ways: { source: R10000, role: 'assumed' },
      line: { source: 'the line of FLASH and Origin; not printed', role: 'assumed' },
    }),
    inclusive: z.boolean().default(true).meta({
      description: 'a line that leaves the L2 also leaves the L1s',
      unit: '',
      source: 'not printed',
      role: 'assumed',
    }),
    shared: z.boolean().default(false).meta({
      description: 'one cache for all CPUs instead of one each (not inclusive)',
      unit: '',
      source: 'a choice of the experiment',
      role: 'chosen',
    }),
  })
  .superRefine(checkGeometry);

const tlb = z.strictObject({
  entries: field(positive.max(4096), 64, {
    description: 'fully associative, refilled by software',
    unit: 'entries',
    source: MIPS_MANUAL,
    role: 'measured',
  }),
  pairs: field(z.boolean(), true, {
    description: 'an entry maps an even and an odd page, each with its valid bit',
    unit: '',
    source: MIPS_MANUAL,
    role: 'measured',
  }),
  tags: field(z.enum(['asid', 'none']), 'asid', {
    description: 'asid: entries of other address spaces stay; none: a switch flushes all but global ones',
    unit: '',
    source: 'MIPS architecture: 8-bit ASID',
    role: 'measured',
  }),
  wired: field(count, 0, {
    description: 'entries that replacement never chooses, lost to the workload',
    unit: 'entries',
    source: 'counted: the recorded Linux writes none',
    role: 'measured',
  }),
  replacement: field(z.enum(['random', 'lru']), 'random', {
    description: 'random as TLBWR does (linear congruential generator ×1664525 +1013904223), or LRU',
    unit: '',
    source: 'MIPS architecture: Random register',
    role: 'measured',
  }),
  seed: field(count, 1, chosen('seed of the random replacement')),
});

const machine = z
  .strictObject({
    cpus: field(count.max(128), 0, chosen('CPUs; 0: as many as the trace has', 'CPUs')),
    cpu_assignment: field(
      z.enum(['one-to-one', 'round-robin']),
      'one-to-one',
      chosen(
        'which CPU runs a CPU (or thread) of the trace: its own, of which there must be enough; or ' +
          'round-robin, its number modulo cpus, as drcachesim’s static schedule',
      ),
    ),
    nodes: field(count.max(64), 0, {
      description: 'nodes, each with an equal share of the CPUs; 0: one for each CPU',
      unit: 'nodes',
      source: 'FLASH has one CPU a node (SOSP’97, section 5.1 names FLASH; the number is not printed)',
      role: 'assumed',
    }),
    placement: field(
      z.enum(['first-touch', 'round-robin', 'contiguous', 'fixed']),
      'first-touch',
      chosen(
        'which node a page is on: that of the CPU that misses on it first; page number modulo nodes; ' +
          'contiguous: consecutive pages of a virtual machine fill node_memory of its own nodes, one after the ' +
          'other; fixed: placement_node',
      ),
    ),
    placement_node: field(count.max(63), 0, chosen('placement fixed: the node of all pages')),
    node_memory: field(bytes.pipe(z.number().min(4096)), 33554432, {
      description: 'memory of a node, for placement contiguous',
      unit: 'bytes',
      source: 'Disco, SOSP’97, section 5.3: 256 MB on 8 nodes',
      role: 'measured',
    }),
    interconnect: field(
      z.enum(['uniform', 'mesh', 'hypercube', 'bus']),
      'uniform',
      chosen(
        'between nodes: uniform (one hop between any two), mesh (two-dimensional, as square as it goes), ' +
          'hypercube (the next power of two), bus (all memory equally far: a UMA machine, one node)',
      ),
    ),
    coherence: field(
      z.enum(['auto', 'directory', 'drcachesim', 'none']),
      'auto',
      chosen(
        'what keeps the CPUs’ caches the same (docs/coherence.md): directory (MESI); drcachesim (MSI among ' +
          'L1Ds, that simulator’s rule); none; auto: directory where several CPUs have inclusive L2s, else none',
      ),
    ),
    replacement_hints: field(z.boolean(), true, {
      description: 'a CPU tells the directory of clean lines that leave its L2',
      unit: '',
      source: 'FLASH’s dynamic pointer allocation protocol has them; not printed for Disco’s machine',
      role: 'assumed',
    }),
    l1i: field(
      cache.nullable(),
      { size: 32768, ways: 2, line: 64 },
      {
        description: 'instruction cache of each CPU; null: none',
        unit: '',
        source: `${DISCO_5_1} (32 KB split)`,
        role: 'measured',
      },
    ),
    l1d: field(
      cache.nullable(),
      { size: 32768, ways: 2, line: 64 },
      {
        description: 'data cache of each CPU, write-back, write-allocate, LRU; null: none',
        unit: '',
        source: `${DISCO_5_1} (32 KB split)`,
        role: 'measured',
      },
    ),
    l2: field(
      unifiedCache.nullable(),
      { size: 1048576, ways: 2, line: 128, inclusive: true, shared: false },
      {
        description: 'unified second-level cache of each CPU; null: none',
        unit: '',
        source: `${DISCO_5_1} (1 MB)`,
        role: 'measured',
      },
    ),
    tlb: field(
      tlb.nullable(),
      { entries: 64, pairs: true, tags: 'asid', wired: 0, replacement: 'random', seed: 1 },
      {
        description: 'translation lookaside buffer of each CPU; null: translation is free',
        unit: '',
        source: MIPS_MANUAL,
        role: 'measured',
      },
    ),
    disks: field(
      count.max(128),
      0,
      chosen(
        'disks, over which the requests of all CPUs are spread evenly (docs/contention.md); 0: one for each CPU',
        'disks',
      ),
    ),
    contention: field(
      z.enum(['none', 'deterministic', 'exponential']),
      'deterministic',
      chosen(
        'waiting for controllers, memories and links, solved after the replay where there are several CPUs ' +
          'or nodes (docs/contention.md); named by the distribution of service times; none: every miss at its minimum',
      ),
    ),
    contention_windows: field(
      positive.max(1024),
      64,
      chosen(
        'windows of the run, by instructions, in each of which contention is solved by itself',
        'windows',
      ),
    ),
    counting: field(z.enum(['vmtax', 'dinero', 'drcachesim', 'cachegrind']), 'vmtax', {
      description:
        'rule by which references become accesses (docs/counting.md): vmtax splits at line boundaries, a ' +
        'modify is a load and a store; dinero adds L1 write-backs as accesses of the L2; drcachesim has no ' +
        'write-back traffic; cachegrind counts a crossing reference once and a modify as a load',
      unit: '',
      source: 'the simulators’ own sources',
      role: 'chosen',
    }),
  })
  .superRefine((m, context) => {
    const issue = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    for (const name of ['l1i', 'l1d'] as const) {
      const l1 = m[name];
      if (l1 && m.l2 && l1.line > m.l2.line)
        issue([name, 'line'], `line of ${l1.line} bytes is longer than the L2’s ${m.l2.line}`);
      if (l1 && m.l2?.inclusive && l1.size > m.l2.size)
        issue([name, 'size'], `${l1.size} bytes do not fit in an inclusive L2 of ${m.l2.size}`);
    }
    if (!m.l1i !== !m.l1d) issue(['l1d'], 'l1i and l1d are both caches or both null');
    if (!m.l1i && !m.l2) issue(['l2'], 'a machine needs at least one cache');
    if (m.counting !== 'vmtax' && m.l2?.inclusive)
      issue(['l2', 'inclusive'], `counting rule ${m.counting} needs a non-inclusive L2 (inclusive: false)`);
    if (m.counting === 'cachegrind' && (!m.l1i || m.nodes > 1))
      issue(['counting'], 'counting rule cachegrind needs L1 caches and a single node');
    if (m.coherence === 'directory' && !m.l2?.inclusive)
      issue(['coherence'], 'a directory needs an inclusive L2 (inclusive: true)');
    if (m.coherence === 'drcachesim' && (m.l2?.inclusive || !m.l1d))
      issue(['coherence'], 'rule drcachesim needs L1 caches and no inclusive L2 (inclusive: false)');
    if (m.coherence === 'drcachesim' && m.counting === 'cachegrind')
      issue(['counting'], 'counting rule cachegrind knows one CPU only');
    if (m.l2?.shared && m.l2.inclusive)
      issue(['l2', 'shared'], 'an L2 for all CPUs cannot be inclusive here (inclusive: false)');
    if (m.interconnect === 'bus' && m.nodes > 1)
      issue(['interconnect'], 'a bus has one node: set nodes to 1');
    if (m.interconnect === 'hypercube' && m.nodes > 0 && !isPowerOfTwo(m.nodes))
      issue(['nodes'], `${m.nodes} nodes are no hypercube: must be a power of two`);
    if (m.nodes > 0 && m.placement_node >= m.nodes)
      issue(['placement_node'], `node ${m.placement_node} of ${m.nodes}: nodes are numbered from 0`);
    if (m.tlb && m.tlb.wired >= m.tlb.entries)
      issue(['tlb', 'wired'], `${m.tlb.wired} wired of ${m.tlb.entries} entries leave none to replace`);
    if (m.cpus > 0 && m.nodes > 0 && m.cpus % m.nodes !== 0)
      issue(['nodes'], `${m.cpus} CPUs do not divide evenly over ${m.nodes} nodes`);
  });

const os = z.strictObject({
  name: field(z.string(), 'irix', chosen('name for tables and charts')),
  refill_loads: field(z.union([count.max(16), z.literal('recorded')]), 1, {
    description:
      'page-table loads of a TLB refill; they go through the caches. recorded: as the trace’s own handler',
    unit: 'loads',
    source: 'IRIX: one load from the linear page table, assumed',
    role: 'assumed',
  }),
  refill_privileged: field(
    z.union([z.record(z.string(), count.max(64)), z.literal('recorded')]),
    { dmfc0: 1, dmtc0: 2, tlbwr: 1, eret: 1 },
    {
      description: 'privileged operations of a TLB refill by kind; recorded: as the trace’s own handler',
      unit: 'operations',
      source: 'MIPS refill handler with a linear page table (Context register), assumed',
      role: 'assumed',
    },
  ),
  rdhwr: field(
    z.enum(['keep', 'drop']),
    'keep',
    chosen('traps of RDHWR in a recording: keep, or drop as later MIPS hardware does not take them'),
  ),
  overlay: field(
    z.boolean(),
    true,
    chosen('user-level traces: add what an operating system would do (page faults, timer interrupts)'),
  ),
  first_load: field(
    z.enum(['file', 'zero']),
    'zero',
    chosen(
      'user-level traces: what a page is whose first reference is a load (a first store is demand-zero)',
    ),
  ),
  timer_instructions: field(count, 4000000, {
    description: 'user-level traces: instructions between timer interrupts; 0: none',
    unit: 'instructions',
    source: '100 Hz at 2.5 ns per instruction (IRIX clock tick, assumed)',
    role: 'assumed',
  }),
  jobs: field(
    positive.max(64),
    1,
    chosen(
      'jobs for each CPU: while some wait for disks, another one can compute; 1: every wait is idle time',
      'jobs',
    ),
  ),
  entry_tlb_writes: field(count.max(16), 2, {
    description: 'user-level traces: wired TLB entries rewritten by a kernel entry and exit',
    unit: 'writes',
    source: 'IRIX rewrites a wired entry on entry and on exit (Table 2 charges every service for it)',
    role: 'assumed',
  }),
  entry_privileged: field(count.max(256), 12, {
    description: 'user-level traces: privileged operations of a kernel entry and exit',
    unit: 'operations',
    source: 'counted: kernel entries and exits in the shipped recordings',
    role: 'measured',
  }),
});

const monitor = z.strictObject({
  name: field(z.string(), 'disco', chosen('name for tables and charts')),
  relocated_kernel: field(z.boolean(), true, {
    description: 'the guest kernel’s unmapped segment is moved to mapped addresses and takes TLB entries',
    unit: '',
    source: 'Disco, SOSP’97, section 4.3.1',
    role: 'measured',
  }),
  l2tlb: field(
    z
      .strictObject({
        entries: count
          .max(1 << 20)
          .meta({ description: 'entries per virtual CPU; 0: none', unit: 'entries' }),
        ways: positive.meta({
          description: 'associativity',
          unit: 'ways',
          source:
            'not printed; Table 2 implies at least 93 % hits, which one way does not give on the recordings',
          role: 'assumed',
        }),
      })
      .superRefine((t, context) => {
        if (t.entries !== 0 && (!isPowerOfTwo(t.entries) || !isPowerOfTwo(t.ways) || t.ways > t.entries))
          context.addIssue({
            code: 'custom',
            path: ['entries'],
            message: `${t.entries} entries in ${t.ways} ways: both must be powers of two, ways at most entries`,
          });
      }),
    { entries: 1024, ways: 4 },
    {
      description: 'second-level TLB in software, one per virtual CPU',
      unit: '',
      source:
        'Cellular Disco, SOSP’99, sections 2.1 and 4.1 (1024 entries, 32 KB); Disco’s own is not printed',
      role: 'measured',
    },
  ),
  patched_hal: field(z.boolean(), true, {
    description:
      'frequently used privileged registers of the guest are loads and stores on a page per virtual CPU',
    unit: '',
    source: 'Disco, SOSP’97, section 4.3.2',
    role: 'measured',
  }),
  patched_interrupt_enable: field(z.boolean(), false, {
    description: 'DI and EI are patched too (with patched_hal)',
    unit: '',
    source: 'not stated in the paper',
    role: 'assumed',
  }),
  drivers: field(z.enum(['monitor-call', 'intercepted']), 'monitor-call', {
    description: 'device access: one monitor call a request (replaced drivers), or each access intercepted',
    unit: '',
    source: 'Disco, SOSP’97, section 4.2.4',
    role: 'measured',
  }),
  zeroes_pages: field(z.boolean(), true, {
    description: 'the guest asks the monitor for zeroed pages instead of zeroing them',
    unit: '',
    source: 'Disco, SOSP’97, section 4.3.3',
    role: 'measured',
  }),
  footprint: field(z.boolean(), true, {
    description: 'the monitor’s own code and table references go through the caches',
    unit: '',
    source: 'Disco, SOSP’97, sections 4.2 and 5.2 name the code (72 KB) and the tables',
    role: 'measured',
  }),
  code_bytes_per_cycle: field(nonnegative.max(64), 4, {
    description: 'footprint: code that an activity touches, per cycle of its default path',
    unit: 'bytes/cycle',
    source:
      'straight-line code, one 4-byte instruction a cycle; which lines an activity touches is not printed',
    role: 'assumed',
  }),
  routine_bytes: field(count.max(4096), 256, {
    description: 'footprint: code of the routine that emulates one kind of privileged operation',
    unit: 'bytes',
    source: GUESS,
    role: 'assumed',
  }),
  table_entry_bytes: field(positive.max(4096), 32, {
    description: 'footprint: entry of the second-level TLB, pmap and memmap',
    unit: 'bytes',
    source: 'Cellular Disco, SOSP’99, section 4.1: 1024 L2TLB entries in 32 KB; pmap and memmap taken alike',
    role: 'assumed',
  }),
  vms: vms.prefault({}),
  schedule: schedule.prefault({}),
  memory: memory.prefault({}),
  network: field(z.enum(['remap', 'copy']), 'remap', {
    description: 'messages between virtual machines: their whole pages are remapped, or copied',
    unit: '',
    source: 'Disco, SOSP’97, section 4.2.6',
    role: 'measured',
  }),
  request_gap: field(count, 1000, {
    description:
      'replaced drivers: device accesses with fewer records of their CPU in between are one request',
    unit: 'records',
    source: GUESS,
    role: 'assumed',
  }),
});

/** A price: a non-negative number in the unit that ends its name. */
const price = (value: number, unit: string, role: Role, description: string, source: string) =>
  field(nonnegative, value, { description, unit, source, role });

const prices = z.strictObject({
  cycle_ns: field(z.number().positive().finite(), 2.5, {
    description: 'processor cycle',
    unit: 'ns',
    source: 'twice a 200 MHz R10000 (SOSP’97, 5.1; clock not printed)',
    role: 'assumed',
  }),
  cycles_per_instruction: price(
    1,
    'cycles',
    'measured',
    'without stalls',
    `${DISCO_5_1}: non-superscalar, statically scheduled`,
  ),
  l2_hit_ns: price(
    51.3,
    'ns',
    'assumed',
    'stall of an L1 miss that hits in the L2',
    'Origin 2000: L2 56.4 − L1 5.1 ns (Laudon & Lenoski, ISCA’97)',
  ),
  local_ns: price(300, 'ns', 'measured', 'stall of an L2 miss to local memory, uncontended', DISCO_5_1),
  remote_ns: price(900, 'ns', 'measured', 'stall of an L2 miss to remote memory, uncontended', DISCO_5_1),
  dirty_ns: price(
    1300,
    'ns',
    'assumed',
    'stall of an L2 miss served by a modified line in a cache of another node (three hops), uncontended',
    'remote_ns × 145 to 191 ÷ 111, FLASH’s own ratios (Heinrich, ASPLOS’94, from memory)',
  ),
  neighbour_ns: price(
    430,
    'ns',
    'assumed',
    'stall of an L2 miss served by a modified line in the cache of another CPU of the node, uncontended',
    'local_ns × 143 ÷ 100, FLASH’s ratio for a dirty line against the ideal (Heinrich, ASPLOS’94, from memory)',
  ),
  upgrade_ns: price(
    200,
    'ns',
    'assumed',
    'stall of a store to a shared line whose home is the own node: permission without data',
    'local_ns without the memory’s part',
  ),
  remote_upgrade_ns: price(
    800,
    'ns',
    'assumed',
    'the same where the home is another node',
    'remote_ns without the memory’s part',
  ),
  hop_ns: price(
    0,
    'ns',
    'chosen',
    'added for each hop of each message for which a CPU waits; remote_ns and the others then exclude it',
    'latencies are printed without distances',
  ),
  controller_ns: price(
    100,
    'ns',
    'assumed',
    'contention: occupancy of a node’s directory and protocol controller by one request',
    'FLASH’s MAGIC handlers take about ten of its 10 ns cycles (Heinrich, ASPLOS’94, from memory)',
  ),
  memory_ns: price(
    140,
    'ns',
    'assumed',
    'contention: occupancy of a node’s memory by one line',
    'FLASH: 14 cycles of 10 ns to first data (Heinrich, ASPLOS’94, from memory)',
  ),
  message_ns: price(
    20,
    'ns',
    'assumed',
    'contention: occupancy of a port, a link or the bus by a message without a line',
    '16 bytes at 0.8 GB/s, one direction of Origin’s links',
  ),
  line_ns: price(
    180,
    'ns',
    'assumed',
    'contention: occupancy of a port, a link or the bus by a line',
    '144 bytes at 0.8 GB/s, one direction of Origin’s links',
  ),
  uncached_ns: price(1000, 'ns', 'assumed', 'an uncached or device access', GUESS),
  refill_cycles: field(z.union([nonnegative, z.literal('recorded')]), 14, {
    description:
      'path of the guest’s TLB refill handler; recorded: the trace’s own handler, one cycle an instruction',
    unit: 'cycles',
    source: `${TABLE_2}: UTLB_MISS 35 ns`,
    role: 'measured',
  }),
  demand_zero_ns: price(
    9030,
    'ns',
    'measured',
    'demand-zero fault without the zeroing',
    `${TABLE_2}: 0.43 × 21 µs`,
  ),
  zero_page_cycles: price(
    292,
    'cycles',
    'calibrated',
    'instructions of zeroing a page, without its misses',
    `${TABLE_2}: 0.57 × 21 µs − 32 L2 lines × 300 ns − 32 L1 lines × 51.3 ns, the stalls of this model`,
  ),
  file_page_ns: price(
    5000,
    'ns',
    'measured',
    'fault on a page that is in memory',
    `${TABLE_2}: QUICK_FAULT 5 µs`,
  ),
  timer_ns: price(10000, 'ns', 'assumed', 'timer interrupt of the guest', GUESS),
  context_switch_ns: price(
    10000,
    'ns',
    'assumed',
    'a semaphore that is not free: switching to another thread and back, for each wait',
    GUESS,
  ),
  disk_ns: price(
    20300000,
    'ns',
    'measured',
    'positioning of a disk for one request at a random place: seek and rotation',
    'HP 97560 (Ruemmler & Wilkes, IEEE Computer 27(3), 1994), SimOS’s disk: mean seek 12.8 ms, half a turn at 4002 rpm',
  ),
  disk_byte_ns: price(
    450,
    'ns',
    'measured',
    'transfer of each byte from or to a disk',
    'the same drive: 36,864 bytes a track in one turn, and a head switch of 1.6 ms',
  ),
  l2tlb_cycles: price(
    17,
    'cycles',
    'calibrated',
    'monitor: TLB miss served by the second-level TLB',
    `${TABLE_2}: UTLB_MISS, TLB-write emulation 1.22 × 35 ns = 43 ns`,
  ),
  trap_cycles: price(
    100,
    'cycles',
    'assumed',
    'monitor: exception delivered to the guest’s vector',
    'as one emulated instruction',
  ),
  interrupt_cycles: price(300, 'cycles', 'assumed', 'monitor: interrupt taken, posted and delivered', GUESS),
  emulate_cycles: price(
    170,
    'cycles',
    'calibrated',
    'monitor: one privileged instruction emulated',
    `${TABLE_2}: 840 to 1360 cycles a service ÷ the 6 of an entry and exit that a patched kernel does not avoid (assumed)`,
  ),
  tlb_write_cycles: price(
    300,
    'cycles',
    'calibrated',
    'monitor: one TLB write of the guest emulated through the pmap',
    `${TABLE_2}: 2.9 µs ÷ 2 writes to 4.4 µs ÷ 3 a service (assumed), less some 0.5 µs of modelled stalls`,
  ),
  kernel_tlb_cycles: price(40, 'cycles', 'assumed', 'monitor: TLB miss on a relocated kernel page', GUESS),
  backing_cycles: price(
    400,
    'cycles',
    'assumed',
    'monitor: fault on a physical page without a machine page',
    GUESS,
  ),
  call_cycles: price(150, 'cycles', 'assumed', 'monitor: one monitor call, entry and exit', GUESS),
  device_cycles: price(400, 'cycles', 'assumed', 'monitor: one intercepted device access', GUESS),
  hot_page_cycles: price(
    400,
    'cycles',
    'assumed',
    'manager of memory: interrupt for a hot page, and the decision what to do with it',
    'as interrupt_cycles, and some look-ups',
  ),
  migrate_ns: price(
    28000,
    'ns',
    'calibrated',
    'manager of memory: moving a page, without the copy (whose references are replayed)',
    'Disco, SOSP’97, Table 3 (Engineering): 67 µs − 32 lines × 1.2 µs − hot_page_cycles',
  ),
  replicate_ns: price(
    18000,
    'ns',
    'calibrated',
    'manager of memory: a replica of a page, without the copy (whose references are replayed)',
    'Disco, SOSP’97, Table 3 (Engineering): 57 µs − 32 lines × 1.2 µs − hot_page_cycles',
  ),
  collapse_ns: price(
    18000,
    'ns',
    'assumed',
    'manager of memory: a store to a replicated page, whose replicas are dropped',
    'as replicate_ns; outside Table 3',
  ),
  shootdown_cycles: price(
    300,
    'cycles',
    'assumed',
    'manager of memory: interrupt of a CPU that has to drop a TLB entry, on that CPU',
    'as interrupt_cycles; outside Table 3',
  ),
  copy_on_write_cycles: price(
    600,
    'cycles',
    'assumed',
    'manager of memory: fault on a shared page and its own copy, without the copying (which is replayed)',
    'as trap_cycles and backing_cycles, and the sharers’ list',
  ),
  hint_fault_cycles: price(
    400,
    'cycles',
    'assumed',
    'manager of memory: fault on a mapping that was withdrawn to see who uses the page',
    'as backing_cycles',
  ),
  world_switch_cycles: price(
    1000,
    'cycles',
    'assumed',
    'monitor: another virtual CPU takes the CPU',
    'two sets of 64 registers, 64 TLB entries of some 4 cycles, the choice',
  ),
  vcpu_move_ns: price(
    37000,
    'ns',
    'measured',
    'monitor: a virtual CPU goes to another CPU of its node',
    'Cellular Disco, SOSP’99, section 4.1 (32-CPU Origin 2000)',
  ),
  vcpu_node_move_ns: price(
    520000,
    'ns',
    'measured',
    'monitor: a virtual CPU goes to another node, the copy of its second-level TLB included',
    'Cellular Disco, SOSP’99, section 4.1 (another node of the cell)',
  ),
  borrow_ns: price(
    740,
    'ns',
    'measured',
    'manager of memory: a page borrowed from another’s share',
    'Cellular Disco, SOSP’99, section 5.1: 758 µs for 4 MB',
  ),
  page_out_ns: price(
    14300000,
    'ns',
    'measured',
    'manager of memory: a page to or from the paging disk, waited for',
    'a mid-1990s paging disk, random read (Feeley et al., SOSP’95, Table 3)',
  ),
  packet_cycles: price(
    1000,
    'cycles',
    'assumed',
    'monitor: a message of the virtual network, its pages remapped and not copied',
    GUESS,
  ),
});

export const systemSchema = z.strictObject({
  name: z.string().min(1).default('custom').meta({ description: 'name for tables and charts' }),
  description: z.string().default('').meta({ description: 'what the system is, in a sentence' }),
  machine: machine.prefault({}),
  os: os.prefault({}),
  pages: pages.prefault({}),
  monitor: monitor
    .nullable()
    .default(null)
    .meta({ ...chosen('the monitor; null: native') }),
  prices: prices.prefault({}),
  sources: z
    .record(z.string(), z.strictObject({ source: z.string(), role: z.enum(ROLES) }))
    .default({})
    .meta({ description: 'where values that differ from the defaults come from, by path' }),
});

/** A complete system: every field has its value. */
export type System = z.output<typeof systemSchema>;
/** A system as written: anything left out takes its default. */
export type SystemInput = z.input<typeof systemSchema>;
export type Machine = System['machine'];
export type Monitor = NonNullable<System['monitor']>;
export type Prices = System['prices'];

/** The schema of a monitor by itself, to fill in the defaults of `monitor: {}`. */
export const monitorSchema = monitor;
