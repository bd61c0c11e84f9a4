/** The rows `directory`: the kernel with a directory on several CPUs, against C, and how its cost grows. */
import { join } from 'node:path';
import { happened, NAMES, ourDirectory, policyDefinitions } from './directory-kernel.mjs';
import { oneProgram, sharedMissHeavy } from './directory-streams.mjs';
import { COMPARED, cReference } from './kernels.mjs';
import { paired, rate, spread } from './measure.mjs';
import { machineOf } from './streams.mjs';

const PROGRAM = join(import.meta.dirname, '../traces/malta64-pmake.vmt');

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
  const moved = ['hot_page', 'migrate', 'replicate', 'collapse', 'shootdown'].map((layer) =>
    happened(counts, layer),
  );
  return (
    `${(length / 1e6).toFixed(1)} M words for ${(stream.accesses / 1e6).toFixed(1)} M accesses; of words ` +
    `L1 misses ${percent(sum(COMPARED.slice(0, 3)))}, L2 misses ${percent(sum(COMPARED.slice(3, 6)))}, ` +
    `TLB misses ${percent(sum(COMPARED.slice(11, 14)))}, upgrades ${percent(of('upgrades'), 2)}, ` +
    `invalidations ${percent(of('invalidations'), 2)}; sharing misses ${of('true_sharing_misses')} true, ` +
    `${of('false_sharing_misses')} false; hot pages ${moved[0]}: ` +
    `${moved[1]} migrated, ${moved[2]} replicated; ${moved[3]} collapsed, ${moved[4]} TLB shootdowns`
  );
};

/** Against C, with the policy, its decisions carried out. */
async function againstC(which, { directory, quick, rounds, warmups, report }) {
  const stream = await streamOf(which, quick);
  const more = policyDefinitions(stream);
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
