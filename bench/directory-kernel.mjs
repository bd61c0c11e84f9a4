/** Our kernel with a directory, and with pages that move, over a stream of several CPUs; what its C twin needs. */
import { C, createCounters, L } from '../dist/model/counters.js';
import { createKernel } from '../dist/model/hardware/kernel.js';
import { createPlacement } from '../dist/model/hardware/placement.js';
import { createTlb } from '../dist/model/hardware/tlb.js';
import { createPageMechanics } from '../dist/model/paging/mechanics.js';
import { createPageMoves } from '../dist/model/paging/moves.js';
import { createSynthetic } from '../dist/model/paging/synthetic.js';
import { systemSchema } from '../dist/model/systems/schema.js';
import { COHERENCE_COUNTERS, FLOW_KINDS } from '../dist/model/tally.js';
import { COMPARED } from './kernels.mjs';
import { cpuSeconds } from './measure.mjs';

const DIRTY_COUNTERS = ['dirty', 'neighbour'].flatMap((where) =>
  ['fetch', 'load', 'store'].map((kind) => `${where}_${kind}_misses`),
);
/** What is compared, in the order in which the C reference prints it: of the workload, then of each layer. */
export const NAMES = [
  ...COMPARED,
  ...DIRTY_COUNTERS,
  ...COHERENCE_COUNTERS,
  'load_accesses',
  'store_accesses',
  'count',
];
export const LAYERS = ['hot_page', 'migrate', 'replicate', 'collapse', 'shootdown'];
const DECISIONS = [
  'leave: local',
  'leave: write-shared',
  'leave: frozen',
  'migrate: private',
  'replicate: read-shared',
];

/** Numbers of the policy `disco`: an eighth of its defaults, and resets, as a pass is a fraction of a second. */
const POLICY = { trigger: 16, sharing: 4, write: 1, migrate: 1 };
const RESETS = 4;

const resetWords = (stream) => Math.round(stream.words.length / RESETS);

/** The same as definitions for C. */
export function policyDefinitions(stream) {
  const { machine, layout } = stream;
  return {
    POLICY: 1,
    REPLACEMENT_HINTS: machine.replacement_hints ? 1 : 0,
    TRIGGER: POLICY.trigger,
    SHARING: POLICY.sharing,
    WRITE: POLICY.write,
    MIGRATIONS: POLICY.migrate,
    RESET_WORDS: resetWords(stream),
    COLOURS: 1 << layout.colourBits,
    LINE_GRANULE_BITS: 31 - Math.clz32(machine.l1d.line) - Math.max(0, 31 - Math.clz32(machine.l2.line) - 7),
  };
}

/** Position by position, so that no two counts can change places unseen. */
const weighed = (list) => list.reduce((sum, n, at) => sum + (at + 1) * n, 0);

/**
 * `policy`: misses are counted for the policy `disco`, and pages move, as an operating system does it that knows
 * which TLBs hold a page. `marks`: words after which the time is taken.
 */
export function ourDirectory(name, stream, { policy = false, machine = stream.machine, marks = [] } = {}) {
  const { cpus, pages, words, segmentEnd, segmentCpu, spans } = stream;
  const counters = createCounters();
  const tlb = createTlb(machine.tlb, pages, cpus);
  const first = C.tlb_fetch_misses;
  const traffic = new Int32Array(FLOW_KINDS.length * cpus * machine.nodes * machine.nodes);
  let before = 0;
  const moves = policy ? movesOf(stream, machine, counters, tlb, () => kernel) : null;
  const kernel = createKernel({
    machine,
    cpus,
    pages,
    counters,
    stamps: null,
    usable: tlb.resident,
    onMiss: (cpu, id, kind) => {
      counters.values[counters.row + first + kind]++;
      tlb.insert(cpu, id);
    },
    place: createPlacement(machine, pages, cpus, []),
    traffic,
    movable: policy,
    onGuarded: (cpu, id) => moves.onGuarded(cpu, id),
    counted: moves === null ? null : moves.counted,
    onHot: (cpu, page) => moves.onHot(cpu, page),
  });
  tlb.reserve();
  kernel.reserve();
  const run = () => {
    counters.clear();
    kernel.clear();
    moves?.clear();
    const until = [];
    const start = cpuSeconds();
    let at = 0;
    for (let s = 0; s < segmentEnd.length; s++) {
      const end = segmentEnd[s];
      kernel.run(words, at, end, segmentCpu[s], spans);
      at = end;
      moves?.advance(before + at);
      if (at >= marks[until.length]) until.push(cpuSeconds() - start);
    }
    const seconds = cpuSeconds() - start;
    before += words.length;
    return { seconds, counts: countsOf(counters, kernel, traffic, moves), until };
  };
  return { name, run };
}

function countsOf(counters, kernel, traffic, moves) {
  const sums = Array.from({ length: Object.keys(L).length }, () => NAMES.map(() => 0));
  counters.each((_, layer, row) => {
    for (const [at, name] of NAMES.entries()) sums[layer][at] += counters.values[row + C[name]];
  });
  const counts = [...sums[L.workload], weighed(kernel.lostLines()), weighed(traffic)];
  if (moves === null) return counts;
  const { decisions, replicas } = moves.facts();
  for (const layer of LAYERS) counts.push(...sums[L[layer]]);
  counts.push(...DECISIONS.map((name) => decisions[name] ?? 0), replicas);
  return counts;
}

/** The times a layer's activity happened, of a pass's counts. */
export const happened = (counts, layer) =>
  counts[NAMES.length + 2 + LAYERS.indexOf(layer) * NAMES.length + NAMES.indexOf('count')];

/** The product's own page moves. Time is in words. */
function movesOf({ cpus, pages, words }, machine, counters, tlb, kernel) {
  const reset = Math.round(words.length / RESETS) / cpus;
  const system = systemSchema.parse({
    pages: {
      policy: 'disco',
      nominal_ns_per_instruction: 1,
      disco: { ...POLICY, reset_interval_ns: reset },
    },
  });
  const parts = { system: { ...system, machine }, cpus, pages, counters, tlb, kernel };
  const synthetic = createSynthetic(pages, (ids) => {
    tlb.reserve();
    kernel().reserve();
    for (const id of ids) for (const usable of tlb.resident) usable[id] = 1;
  });
  const nothing = () => {};
  const hooks = { memmap: nothing, dropped: nothing, alias: synthetic.direct, interrupts: null };
  return createPageMoves(parts, createPageMechanics(parts, synthetic, hooks), (page) => [page]);
}
