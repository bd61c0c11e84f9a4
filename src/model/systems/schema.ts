import { z } from 'zod';

/**
 * What a system is: machine × operating system × monitor × prices, all data. The schema is the single
 * place where a field's name, unit, default, source and meaning are written down; documentation, JSON
 * Schema, `system show` and the report's ledger are made from it.
 */

/** How well an input is known: printed or counted; fitted to a published number; a guess; a free choice. */
export const ROLES = ['measured', 'calibrated', 'assumed', 'chosen'] as const;
export type Role = (typeof ROLES)[number];

export interface FieldMeta {
  readonly description: string;
  readonly unit: string;
  readonly source: string;
  readonly role: Role;
}

/** A leaf of the schema: a type, its default, and what has to be known of it. */
function field<T extends z.ZodType>(type: T, value: unknown, meta: FieldMeta) {
  return type.default(value as never).meta({ ...meta });
}

const chosen = (description: string, unit = ''): FieldMeta => ({
  description,
  unit,
  source: 'a choice of the experiment',
  role: 'chosen',
});

/** Bytes: an integer, or text with K, M or G (powers of 1024). */
export const bytes = z
  .union([
    z.number(),
    z.string().regex(/^\d+[KMG]?$/, 'expected bytes as a whole number, or with K, M or G, e.g. 256K'),
  ])
  .transform((value) => {
    if (typeof value === 'number') return value;
    const unit = { K: 1024, M: 1024 ** 2, G: 1024 ** 3 }[value.slice(-1)] ?? 1;
    return Number.parseInt(value, 10) * unit;
  })
  .pipe(z.number().int().positive());

const positive = z.number().int().positive();
const count = z.number().int().nonnegative();
const nonnegative = z.number().nonnegative().finite();

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
    nodes: field(positive.max(64), 1, chosen('nodes, each with an equal share of the CPUs', 'nodes')),
    placement: field(
      z.enum(['first-touch', 'round-robin']),
      'first-touch',
      chosen('which node a physical page is on: the first to touch it, or page number modulo nodes'),
    ),
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
      { size: 1048576, ways: 2, line: 128, inclusive: true },
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
    if (m.tlb && m.tlb.wired >= m.tlb.entries)
      issue(['tlb', 'wired'], `${m.tlb.wired} wired of ${m.tlb.entries} entries leave none to replace`);
    if (m.cpus > 0 && m.cpus % m.nodes !== 0)
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
});

export const systemSchema = z.strictObject({
  name: z.string().min(1).default('custom').meta({ description: 'name for tables and charts' }),
  description: z.string().default('').meta({ description: 'what the system is, in a sentence' }),
  machine: machine.prefault({}),
  os: os.prefault({}),
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
