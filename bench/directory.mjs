/** The rows `directory`: the kernel with a directory on several CPUs, against C, and how its cost grows. */
import { join } from 'node:path';
import { C, createCounters } from '../dist/model/counters.js';
import { createKernel } from '../dist/model/hardware/kernel.js';
import { createPlacement } from '../dist/model/hardware/placement.js';
import { createTlb } from '../dist/model/hardware/tlb.js';
import { disco } from '../dist/model/paging/policies/disco.js';
import { COHERENCE_COUNTERS, FLOW_KINDS } from '../dist/model/tally.js';
import { oneProgram, sharedMissHeavy } from './directory-streams.mjs';
import { COMPARED, cReference } from './kernels.mjs';
import { cpuSeconds, paired, rate, spread } from './measure.mjs';
import { machineOf } from './streams.mjs';

/** What is compared beyond the counters of one CPU, in the order in which the C reference prints it. */
const DIRTY_COUNTERS = ['dirty', 'neighbour'].flatMap((where) =>
  ['fetch', 'load', 'store'].map((kind) => `${where}_${kind}_misses`),
);
const NAMES = [...COMPARED, ...DIRTY_COUNTERS, ...COHERENCE_COUNTERS];
const ACTIONS = ['leave', 'migrate', 'replicate'];
/** The policy's numbers: its defaults, and one reset a pass. */
const POLICY = { TRIGGER: 128, SHARING: 32, WRITE: 1, MIGRATIONS: 1 };
const PROGRAM = join(import.meta.dirname, '../traces/malta64-pmake.vmt');

/** Position by position, so that no two counts can change places unseen. */
const weighed = (list) => list.reduce((sum, n, at) => sum + (at + 1) * n, 0);

/**
 * Our kernel over a stream of several CPUs. `policy`: misses are counted for the policy `disco`, and decisions are
 * made and counted; pages could move, but stay where they are. `marks`: words after which the time is taken.
 */
function ourDirectory(name, stream, { policy = false, machine = stream.machine, marks = [] } = {}) {
  const { cpus, pages, words, segmentEnd, segmentCpu, spans } = stream;
  const counters = createCounters();
  const tlb = createTlb(machine.tlb, pages, cpus);
  const first = C.tlb_fetch_misses;
  const traffic = new Int32Array(FLOW_KINDS.length * cpus * machine.nodes * machine.nodes);
  const decided = { leave: 0, migrate: 0, replicate: 0 };
  let passes = 0;
  const rules = policy ? hotPages(stream, machine, () => kernel.machinePages) : null;
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
    onGuarded: () => {},
    counted: rules === null ? null : rules.miss,
    onHot: (cpu, page) => {
      const { action } = rules.decide(cpu, page);
      decided[action]++;
      if (action === 'migrate') rules.carriedOut(page, action);
    },
  });
  tlb.reserve();
  kernel.reserve();
  const run = () => {
    counters.clear();
    kernel.clear();
    for (const action of ACTIONS) decided[action] = 0;
    rules?.advance(passes++ * words.length);
    const until = [];
    const before = cpuSeconds();
    let at = 0;
    for (let s = 0; s < segmentEnd.length; s++) {
      const end = segmentEnd[s];
      kernel.run(words, at, end, segmentCpu[s], spans);
      at = end;
      if (at >= marks[until.length]) until.push(cpuSeconds() - before);
    }
    const seconds = cpuSeconds() - before;
    const counts = NAMES.map((counter) => counters.values[counters.row + C[counter]]);
    counts.push(...ACTIONS.map((action) => decided[action]));
    counts.push(weighed(kernel.lostLines()), weighed(traffic));
    return { seconds, counts, until };
  };
  return { name, run };
}

function hotPages(stream, machine, machinePages) {
  return disco.create(disco.options.parse({ reset_interval_ns: 1 }), {
    info: {
      cpus: stream.cpus,
      nodes: machine.nodes,
      holds: (page, node) => machinePages().home(machinePages().of(page, node)) === node,
      replicated: (page) => machinePages().guarded(page),
      kernel: () => false,
      mappings: null,
    },
    instructions: () => stream.words.length,
  });
}

const machineFor = (cpus, changes = {}) => machineOf({ nodes: cpus, coherence: 'directory', ...changes });

function streamOf(which, quick) {
  if (which === '8 CPUs') return oneProgram(`directory ${which}`, PROGRAM, quick ? 6e6 : 16e6, machineFor(8));
  return sharedMissHeavy(`directory ${which}`, quick ? 4e6 : 1e7, machineFor(8), 8);
}

const describe = (stream, counts) => {
  const of = (name) => counts[NAMES.indexOf(name)];
  const sum = (names) => names.reduce((total, name) => total + of(name), 0);
  const { length } = stream.words;
  const percent = (n, digits = 1) => `${((100 * n) / length).toFixed(digits)} %`;
  const decisions = counts.slice(NAMES.length, NAMES.length + ACTIONS.length);
  return (
    `${(length / 1e6).toFixed(1)} M words for ${(stream.accesses / 1e6).toFixed(1)} M accesses; of words ` +
    `L1 misses ${percent(sum(COMPARED.slice(0, 3)))}, L2 misses ${percent(sum(COMPARED.slice(3, 6)))}, ` +
    `TLB misses ${percent(sum(COMPARED.slice(11, 14)))}, upgrades ${percent(of('upgrades'), 2)}, ` +
    `invalidations ${percent(of('invalidations'), 2)}; sharing misses ${of('true_sharing_misses')} true, ` +
    `${of('false_sharing_misses')} false; hot pages ${decisions.join(' + ')} (left, migrate, replicate)`
  );
};

/** Against C, with the policy's counters and decisions. */
async function againstC(which, { directory, quick, rounds, warmups, report }) {
  const stream = await streamOf(which, quick);
  const more = { POLICY: 1, REPLACEMENT_HINTS: stream.machine.replacement_hints ? 1 : 0, ...POLICY };
  const c = cReference(stream, directory, { source: 'reference-directory.c', more, spans: stream.spans });
  const result = await paired(which, [ourDirectory('vmtax', stream, { policy: true }), c], rounds, warmups);
  c.close();
  report({
    name: `directory ÷ C: ${which}`,
    ratio: result.ratios[1],
    ours: rate(stream.words.length, result.seconds[0]),
    theirs: rate(stream.words.length, result.seconds[1]),
    unit: 'M words/s',
    note: describe(stream, result.counts),
    floor: 0.5,
    goal: 0.65,
  });
}

/** What coherence costs us: the same words with nobody keeping caches the same, with the directory, with the policy. */
async function plainRow({ quick, rounds, warmups, report }) {
  for (const which of ['8 CPUs', 'miss-heavy, 8 CPUs']) {
    const stream = await streamOf(which, quick);
    const none = machineFor(8, { coherence: 'none' });
    const apart = ({ name, run }) => ({ name, run: () => ({ seconds: run().seconds, counts: [] }) });
    const variants = [
      ourDirectory('none', { ...stream, spans: null }, { machine: none }),
      ourDirectory('directory', stream),
      ourDirectory('policy', stream, { policy: true }),
    ].map(apart);
    const result = await paired('plain', variants, rounds, warmups);
    for (const [at, name] of [
      [1, 'directory'],
      [2, 'directory and policy'],
    ])
      report({
        name: `time: ${name} ÷ none: ${which}`,
        ratio: result.ratios[at],
        ours: rate(stream.words.length, result.seconds[at]),
        theirs: rate(stream.words.length, result.seconds[0]),
        unit: 'M words/s',
        note: 'the same words (those of a directory) on the same kernel',
      });
  }
}

/** Time per word as CPUs and references grow. The heap has as many pages whatever the CPUs. */
async function scalingRow({ quick, rounds, warmups, report }) {
  const many = [8, 16, 32, 64];
  const records = quick ? 2e6 : 8e6;
  const streams = many.map((cpus) => sharedMissHeavy(`${cpus} CPUs`, records, machineFor(cpus), cpus));
  const list = await Promise.all(streams);
  const kernels = list.map((stream) => ourDirectory(stream.name, stream, { policy: true }));
  const nanoseconds = many.map(() => []);
  for (let round = -warmups; round < rounds; round++)
    for (const [at, kernel] of kernels.entries()) {
      const { seconds } = kernel.run();
      if (round >= 0) nanoseconds[at].push((1e9 * seconds) / list[at].words.length);
    }
  const show = (values, digits = 1) => spread(values).median.toFixed(digits);
  const growth = nanoseconds[3].map((ns, round) => (8 * nanoseconds[0][round]) / ns);
  report({
    name: 'directory:scaling, CPUs: 8 × (8 CPUs ÷ 64 CPUs)',
    ratio: spread(growth),
    ours: spread(nanoseconds[3]),
    theirs: spread(nanoseconds[0]),
    unit: 'ns/word',
    note: `1: linear in CPUs, 8: none; ns/word ${many.map((cpus, at) => `${cpus} CPUs ${show(nanoseconds[at])}`).join(', ')}`,
    floor: 1,
    goal: 4,
  });

  const stream = await sharedMissHeavy('long', 4 * records, machineFor(8), 8);
  const { length } = stream.words;
  const marks = [length / 4, length / 2, length].map(Math.floor);
  const long = ourDirectory('long', stream, { policy: true, marks });
  const perWord = marks.map(() => []);
  for (let round = -warmups; round < rounds; round++) {
    const { until } = long.run();
    if (round < 0) continue;
    for (const [at, seconds] of until.entries()) perWord[at].push((1e9 * seconds) / marks[at]);
  }
  report({
    name: 'directory:scaling, references: n ÷ 4 n',
    ratio: spread(perWord[0].map((ns, round) => ns / perWord[2][round])),
    ours: spread(perWord[2]),
    theirs: spread(perWord[0]),
    unit: 'ns/word',
    note:
      `1: linear in references; ns/word over the first n, 2 n, 4 n words: ` +
      `${perWord.map((values) => show(values)).join(', ')} (n = ${(marks[0] / 1e6).toFixed(1)} M)`,
    floor: 0.8,
  });
}

export async function directoryRow(which, context) {
  if (which === 'plain') await plainRow(context);
  else if (which === 'scaling') await scalingRow(context);
  else await againstC(which, context);
}
