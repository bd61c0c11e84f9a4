import { z } from 'zod';
import { isPowerOfTwo } from '../../trace/numbers.ts';
import { MOST_CPUS, PAGE_BYTES } from '../../trace/types.ts';
import { bytes, chosen, count, field, positive } from './fields.ts';
import { cache, MIPS_MANUAL, tlb, unifiedCache } from './schema-caches.ts';
import { DISCO_5_1 } from './sources.ts';

/** Why nodes are not so many cells. */
export const cellsProblem = (cells: number, nodes: number): string =>
  `${nodes} ${nodes === 1 ? 'node does' : 'nodes do'} not divide evenly into ${cells} cells: set cells to a divisor of nodes`;

/** The machine: CPUs, nodes, what is between them, caches, TLBs, disks. What cannot be is said, field by field. */
export const machine = z
  .strictObject({
    cpus: field(count.max(MOST_CPUS), 0, chosen('CPUs; 0: as many as the trace has', 'CPUs')),
    cpu_assignment: field(
      z.enum(['one-to-one', 'round-robin']),
      'one-to-one',
      chosen(
        'which CPU runs a CPU (or thread) of the trace: its own, of which there must be enough; or ' +
          'round-robin, its number modulo cpus, as drcachesim’s static schedule',
      ),
    ),
    nodes: field(count.max(64), 0, {
      description: 'nodes, each with an equal share of the CPUs; 0: one for each CPU, at most 64',
      unit: 'nodes',
      source: 'FLASH has one CPU a node (SOSP’97, section 5.1 names FLASH; the number is not printed)',
      role: 'assumed',
    }),
    cells: field(positive.max(64), 1, {
      description:
        'cells: groups of nodes that follow each other, equal in number, as faults are contained in; ' +
        'they decide what the move of a virtual CPU costs (prices.vcpu_cell_move_ns), and nothing else',
      unit: 'cells',
      source: 'Cellular Disco, SOSP’99, section 2; Disco’s machine has none: one cell',
      role: 'chosen',
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
    node_memory: field(bytes.pipe(z.number().min(PAGE_BYTES)), 33554432, {
      description: 'memory of a node, for placement contiguous',
      unit: 'bytes',
      source: 'Disco, SOSP’97, section 5.3: 256 MB with 8 CPUs, each taken as a node',
      role: 'measured',
    }),
    interconnect: field(
      z.enum(['uniform', 'mesh', 'hypercube', 'bus']),
      'uniform',
      chosen(
        'between nodes: uniform (one hop between any two), mesh (two-dimensional, as square as it goes), ' +
          'hypercube (a power of two of nodes), bus (all memory equally far: a UMA machine, one node)',
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
      count.max(MOST_CPUS),
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
    // Of nodes that are to be the trace's, `compare.ts` says the same.
    if (m.nodes > 0 && m.nodes % m.cells !== 0) issue(['cells'], cellsProblem(m.cells, m.nodes));
    if (m.tlb && m.tlb.wired >= m.tlb.entries)
      issue(['tlb', 'wired'], `${m.tlb.wired} wired of ${m.tlb.entries} entries leave none to replace`);
    if (m.cpus > 0 && m.nodes > 0 && m.cpus % m.nodes !== 0)
      issue(['nodes'], `${m.cpus} CPUs do not divide evenly over ${m.nodes} nodes`);
  });
