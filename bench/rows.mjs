/**
 * One row (or a few that belong together) of the benchmark, in a process of its own: what V8 knows of the
 * code then comes from this row alone. Prints JSON, one result a line; `run.mjs` makes the table.
 *
 *     node bench/rows.mjs ROW DIRECTORY [--quick]
 */

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPacker, packRule } from '../dist/model/hardware/pack.js';
import { openTrace } from '../dist/trace/formats/registry.js';
import { writeStore } from '../dist/trace/store/write.js';
import { SEGMENT_REFILL, UNCACHED } from '../dist/trace/types.js';
import { directoryRow } from './directory.mjs';
import { geometryRow } from './geometry.mjs';
import { COMPARED, compile, cReference, dialogue, ourKernel } from './kernels.mjs';
import { cpuSeconds, paired, rate } from './measure.mjs';
import { naive } from './naive.mjs';
import { pricingRow } from './pricing.mjs';
import {
  CACHEGRIND_COUNTERS,
  cachegrind,
  find,
  lackeyTrace,
  missingForValgrind,
  program,
} from './programs.mjs';
import { machineOf, missHeavy, packAll } from './streams.mjs';

const [row, directory, flag] = process.argv.slice(2);
const quick = flag === '--quick';
const ROUNDS = quick ? 5 : 11;
const WARMUPS = 2;
/** Decoding has much that runs once a chunk, which V8 compiles only after several passes. */
const DECODE_WARMUPS = 6;
const ROOT = join(import.meta.dirname, '..');

const report = (result) => console.log(JSON.stringify(result));
const skip = (name, why) => report({ name, skipped: why });

/** The trace that stands for user programs: a program under Lackey, or the shipped sample repeated. */
const lackeyPath = () => {
  const made = join(directory, 'program.lackey');
  return existsSync(made) ? made : join(ROOT, 'traces/user/true.lackey.gz');
};

async function streamOf(which, machine = machineOf(), options = {}) {
  if (which === 'miss-heavy') return missHeavy(which, quick ? 4e6 : 1e7, machine, options);
  if (which === 'miss-heavy, 8 CPUs')
    return missHeavy(which, quick ? 4e6 : 1e7, machineOf({ nodes: 8, coherence: 'none' }), {
      ...options,
      cpus: 8,
      turn: 64,
    });
  const path = which === 'system' ? join(ROOT, 'traces/malta64-pmake.vmt') : lackeyPath();
  const trace = await openTrace(path);
  const stream = await packAll(which, trace.header, trace.chunks(), machine, options);
  await trace.close();
  return path.endsWith('true.lackey.gz') ? repeated(stream, quick ? 50 : 200) : stream;
}

/** A stream that goes over the same words several times. */
function repeated(stream, times) {
  const { length } = stream.words;
  const words = new Int32Array(length * times);
  const ends = new Int32Array(stream.segmentEnd.length * times);
  const cpus = new Int32Array(ends.length);
  for (let i = 0; i < times; i++) {
    words.set(stream.words, i * length);
    ends.set(
      stream.segmentEnd.map((end) => end + i * length),
      i * stream.segmentEnd.length,
    );
    cpus.set(stream.segmentCpu, i * stream.segmentEnd.length);
  }
  const { records, accesses } = stream;
  return {
    ...stream,
    words,
    segmentEnd: ends,
    segmentCpu: cpus,
    records: records * times,
    accesses: accesses * times,
  };
}

const describe = (stream, counts) => {
  const sum = (from, to) => counts.slice(from, to).reduce((a, b) => a + b, 0);
  const percent = (n) => `${((100 * n) / stream.words.length).toFixed(1)} %`;
  return (
    `${(stream.words.length / 1e6).toFixed(1)} M words for ${(stream.accesses / 1e6).toFixed(1)} M accesses; ` +
    `L1 misses ${percent(sum(0, 3))}, TLB misses ${percent(sum(11, 14))} of words`
  );
};

/** Row 1: our kernel against the C reference. */
async function kernelRow(which) {
  const stream = await streamOf(which);
  const c = cReference(stream, directory);
  const result = await paired(which, [ourKernel(stream), c], ROUNDS, WARMUPS);
  c.close();
  report({
    name: `kernel ÷ C: ${which}`,
    ratio: result.ratios[1],
    ours: rate(stream.words.length, result.seconds[0]),
    theirs: rate(stream.words.length, result.seconds[1]),
    unit: 'M words/s',
    note: describe(stream, result.counts),
    floor: which === 'miss-heavy, 8 CPUs' ? undefined : 0.5,
    goal: which === 'miss-heavy, 8 CPUs' ? undefined : 0.6,
  });
}

/** Row 1b: three systems side by side in one process, as `vmtax run` replays them; rate per system. */
async function lanesRow() {
  const stream = await streamOf('system');
  const c = cReference(stream, directory);
  const lanes = [ourKernel(stream), ourKernel(stream), ourKernel(stream)];
  const three = {
    name: 'three kernels',
    run: () => {
      const results = lanes.map((lane) => lane.run());
      for (const { counts } of results)
        if (JSON.stringify(counts) !== JSON.stringify(results[0].counts)) throw new Error('lanes differ');
      return {
        seconds: results.reduce((sum, { seconds }) => sum + seconds, 0) / 3,
        counts: results[0].counts,
      };
    },
  };
  const result = await paired('lanes', [three, c], ROUNDS, WARMUPS);
  c.close();
  report({
    name: 'kernel ÷ C: system, three systems in one process',
    ratio: result.ratios[1],
    ours: rate(stream.words.length, result.seconds[0]),
    theirs: rate(stream.words.length, result.seconds[1]),
    unit: 'M words/s',
    note: 'rate per system',
  });
}

/** Row 2: our kernel against the naive simulator, on the first million words. */
async function naiveRow(which) {
  const whole = await streamOf(which);
  const length = Math.min(1_000_000, whole.words.length);
  const segments = whole.segmentEnd.findIndex((end) => end >= length) + 1;
  const stream = {
    ...whole,
    words: whole.words.slice(0, length),
    segmentEnd: whole.segmentEnd.slice(0, segments),
  };
  stream.segmentEnd[segments - 1] = length;
  const result = await paired(
    which,
    [ourKernel(stream), naive(stream, COMPARED)],
    quick ? 3 : 7,
    // Short runs: more of them before both are compiled.
    5,
  );
  report({
    name: `kernel ÷ naive JS: ${which}`,
    ratio: result.ratios[1],
    ours: rate(length, result.seconds[0]),
    theirs: rate(length, result.seconds[1]),
    unit: 'M words/s',
    note: 'first million words',
    floor: 20,
  });
}

/** Packing, against the kernel on the same records. */
async function packRow(which) {
  const stream = await streamOf(which, machineOf(), { keepRecords: 2_000_000 });
  const { kept, layout, header, machine, ids } = stream;
  const records = kept.reduce((sum, chunk) => sum + chunk.length, 0);
  const packer = createPacker(packRule(machine, layout, header.instructionBytes, false));
  const pack = {
    name: 'pack',
    run: () => {
      const before = cpuSeconds();
      for (let i = 0; i < 4; i++) for (const chunk of kept) packer.pack(chunk, ids);
      return { seconds: (cpuSeconds() - before) / (4 * records), counts: [] };
    },
  };
  const kernel = ourKernel(stream);
  const perRecord = {
    name: 'kernel',
    run: () => ({ seconds: kernel.run().seconds / stream.records, counts: [] }),
  };
  const result = await paired(which, [pack, perRecord], ROUNDS, WARMUPS);
  report({
    name: `pack ÷ kernel: ${which}`,
    ratio: result.ratios[1],
    ours: rate(1, result.seconds[0]),
    theirs: rate(1, result.seconds[1]),
    unit: 'M records/s',
    note: `${(stream.words.length / stream.records).toFixed(2)} words a record; packing is once for all systems`,
  });
}

/** Row 3: cachegrind. */
async function cachegrindRow(which) {
  const name = `replay ÷ cachegrind: ${which}`;
  const missing = missingForValgrind();
  if (missing !== null) return skip(name, `${missing} (Debian: apt-get install valgrind)`);
  const machine = machineOf({
    counting: 'cachegrind',
    tlb: null,
    l2: { size: 1 << 20, ways: 2, line: 64, inclusive: false },
  });
  const [tool, bytes] = which === 'short' ? ['sort', 4000] : ['gzip', quick ? 60_000 : 300_000];
  const command = program(tool, directory, bytes);
  if (command[0] === null) return skip(name, `${tool} is not installed`);
  const cputime = compile('cputime.c', join(directory, 'cputime'));
  const trace = await lackeyTrace(command, directory);
  const stream = await packAll(which, trace.header, trace.chunks(), machine);
  const compared = CACHEGRIND_COUNTERS.flatMap((counter, i) => (counter === null ? [] : [[counter, i]]));
  const kernel = ourKernel(stream);
  let cold = null;
  const ours = {
    name: 'vmtax',
    run: () => {
      const { seconds, counts } = kernel.run();
      cold ??= compared.map(([counter]) => counts[COMPARED.indexOf(counter)]);
      return { seconds, counts: cold };
    },
  };
  const theirs = {
    name: 'cachegrind',
    run: async () => {
      const { seconds, counts } = await cachegrind(command, directory, machine, cputime);
      return { seconds, counts: compared.map(([, i]) => counts[i]) };
    },
  };
  const result = await paired(name, [ours, theirs], quick ? 3 : 5, which === 'short' ? 6 : 2);
  report({
    name,
    ratio: result.ratios[1],
    ours: rate(stream.accesses, result.seconds[0]),
    theirs: rate(stream.accesses, result.seconds[1]),
    unit: 'M refs/s',
    note:
      `${tool}, ${(stream.accesses / 1e6).toFixed(1)} M references, ${result.seconds[1].median.toFixed(2)} s; ` +
      'cachegrind: the whole run (start, translation, program, caches); ours: packed words in memory, caches only; ' +
      'cold miss counts equal',
  });
}

/**
 * Row 4a: decoding a store, to records and, as caches alone are fed, to lines (which takes the place of packing),
 * against the kernel on the same trace.
 */
async function storeRow(which) {
  let path = join(ROOT, 'traces/malta64-pmake.vmt');
  if (which === 'lackey') {
    path = join(directory, 'program.vmt');
    const source = await openTrace(lackeyPath());
    await writeStore(source, path);
    await source.close();
  }
  const trace = await openTrace(path);
  const stream = await packAll(which, trace.header, trace.chunks(), machineOf());
  const kernel = ourKernel(stream);
  const replay = { name: 'kernel', run: () => ({ seconds: kernel.run().seconds, counts: [] }) };
  for (const form of ['records', 'lines']) {
    const decode = {
      name: 'decode',
      run: async () => {
        const before = cpuSeconds();
        let records = 0;
        const options = form === 'lines' ? { events: false, lines: lineRequest(trace.header) } : {};
        for await (const chunk of trace.chunks(options)) records += chunk.length;
        if (records !== stream.records) throw new Error('records differ');
        return { seconds: cpuSeconds() - before, counts: [] };
      },
    };
    const result = await paired(which, [decode, replay], ROUNDS, DECODE_WARMUPS);
    report({
      name: `store to ${form} ÷ kernel: ${which}`,
      ratio: result.ratios[1],
      ours: rate(stream.accesses, result.seconds[0]),
      theirs: rate(stream.accesses, result.seconds[1]),
      unit: 'M refs/s',
      note: `${((8 * statSync(path).size) / stream.accesses).toFixed(2)} bits a reference on disk; reading and unpacking included`,
      floor: form === 'lines' ? 0.5 : undefined,
    });
  }
  await trace.close();
}

/** Asks a source for lines of 64 bytes; the page ids are the translations'. */
function lineRequest({ instructionBytes }) {
  let known = new Int32Array(1 << 16).fill(-1);
  return {
    lineBits: 6,
    instructionBytes,
    asideFlags: SEGMENT_REFILL,
    ids: ({ first, length, flags }) => {
      if (first + length > known.length) {
        const wider = new Int32Array(2 * (first + length)).fill(-1);
        wider.set(known);
        known = wider;
      }
      for (let i = 0; i < length; i++) known[first + i] = (flags[i] & UNCACHED) !== 0 ? -1 : first + i;
      return known;
    },
    asRecords: () => false,
  };
}

/** Row 4b: decoding text, against a hand loop in C. */
async function textRow(format) {
  let path = lackeyPath();
  const name = `${format} text ÷ C loop`;
  if (path.endsWith('.gz')) return skip(name, 'no large Lackey trace (valgrind is not installed)');
  if (format === 'din') {
    const text = readFileSync(path, 'latin1').slice(0, 1 << 28);
    path = join(directory, 'program.din');
    const labels = { I: ['2'], ' L': ['0'], ' S': ['1'], ' M': ['0', '1'] };
    const lines = [];
    for (const [, kind, address] of text.matchAll(/^(I| [LSM]) +([0-9a-f]+),\d+\n/gm))
      for (const label of labels[kind]) lines.push(`${label} ${address}\n`);
    writeFileSync(path, lines.join(''));
  }
  const child = dialogue(compile('text.c', join(directory, `text-${format}`)), [format, path]);
  const c = {
    name: 'C',
    run: async () => {
      const [microseconds, ...counts] = (await child.ask('run')).split(' ').map(Number);
      return { seconds: microseconds / 1e6, counts: counts.slice(0, 3) };
    },
  };
  const ours = {
    name: 'vmtax',
    run: async () => {
      const trace = await openTrace(path);
      const before = cpuSeconds();
      for await (const _ of trace.chunks());
      const seconds = cpuSeconds() - before;
      const { instructions, loads, stores } = trace.summary();
      await trace.close();
      return { seconds, counts: [instructions, loads, stores] };
    },
  };
  const result = await paired(name, [ours, c], quick ? 3 : 5, 1);
  child.close();
  const references = result.counts.reduce((a, b) => a + b, 0);
  report({
    name,
    ratio: result.ratios[1],
    ours: rate(references, result.seconds[0]),
    theirs: rate(references, result.seconds[1]),
    unit: 'M refs/s',
    note: 'file to chunks with translations, against bytes to numbers; reading included in both',
  });
}

/** Row 5: the whole command on a stored trace (`shipped`: one of `traces/`), start-up apart. */
async function endToEndRow(shipped) {
  const cputime = compile('cputime.c', join(directory, 'cputime'));
  const stored = shipped === undefined ? join(directory, 'program.vmt') : join(ROOT, `traces/${shipped}.vmt`);
  if (!existsSync(stored)) {
    const source = await openTrace(lackeyPath());
    await writeStore(source, stored);
    await source.close();
  }
  const tinyText = join(directory, 'tiny.lackey');
  writeFileSync(tinyText, 'I  04000000,4\n L 1ffeffe7e,8\n');
  const tiny = join(directory, 'tiny.vmt');
  const source = await openTrace(tinyText);
  await writeStore(source, tiny);
  await source.close();
  const trace = await openTrace(stored);
  const { instructions, loads, stores } = trace.summary();
  await trace.close();
  const references = instructions + loads + stores;
  const timed = (command) => {
    const { stdout, status, stderr } = spawnSync(cputime, command, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${command.join(' ')} failed: ${stderr}`);
    return Number(stdout) / 1e6;
  };
  const main = join(ROOT, 'dist/cli/main.js');
  const run = (path) => timed([process.execPath, main, 'run', path, '--systems', 'dinero', '--json', '-']);
  const ours = { name: 'vmtax run', run: () => ({ seconds: run(stored) - run(tiny), counts: [] }) };
  const dinero = find('dineroIV');
  if (dinero === null || shipped !== undefined) {
    const result = await paired('end to end', [ours], quick ? 3 : 9, 1);
    const rates = rate(references, result.seconds[0]);
    report({
      name: `vmtax run ÷ Dinero IV: ${shipped ?? 'lackey'}`,
      ratio: { median: rates.median / 42, min: rates.min / 42, max: rates.max / 42 },
      ours: rates,
      theirs: { median: 42, min: 42, max: 42 },
      unit: 'M refs/s',
      note:
        `${(references / 1e6).toFixed(1)} M references; CPU time less that of the same command on 2 references ` +
        `(${run(tiny).toFixed(2)} s); 42 M refs/s is what dineroIV’s binary input did on another machine`,
      floor: 2,
      goal: 5,
    });
    return;
  }
  const binary = join(directory, 'program.dinb');
  writeDineroBinary(binary, readFileSync(lackeyPath(), 'latin1'));
  const cache = (level, c) => [
    `-${level}size`,
    String(c.size),
    `-${level}assoc`,
    String(c.ways),
    `-${level}bsize`,
    String(c.line),
  ];
  const shell = [
    dinero,
    ...cache('l1-i', { size: 32768, ways: 2, line: 64 }),
    ...cache('l1-d', { size: 32768, ways: 2, line: 64 }),
    ...cache('l2-u', { size: 1048576, ways: 2, line: 64 }),
    '-informat',
    'b',
  ];
  const quoted = `${shell.join(' ')} < '${binary}'`;
  const theirs = { name: 'dineroIV', run: () => ({ seconds: timed(['sh', '-c', quoted]), counts: [] }) };
  const result = await paired('end to end', [ours, theirs], quick ? 3 : 7, 1);
  report({
    name: 'vmtax run ÷ Dinero IV: lackey',
    ratio: result.ratios[1],
    ours: rate(references, result.seconds[0]),
    theirs: rate(references, result.seconds[1]),
    unit: 'M refs/s',
    note: 'same trace, stored against Dinero binary; CPU time less that of the same command on 2 references',
    floor: 2,
    goal: 5,
  });
}

/** Dinero's binary format: u32 address, u16 size, u8 type, u8 pad. */
function writeDineroBinary(path, text) {
  const types = { I: [2], ' L': [0], ' S': [1], ' M': [0, 1] };
  const bytes = Buffer.alloc(text.length);
  let at = 0;
  for (const [, kind, address, size] of text.matchAll(/^(I| [LSM]) +([0-9a-f]+),(\d+)\n/gm))
    for (const type of types[kind]) {
      bytes.writeUInt32LE(Number.parseInt(address.slice(-8), 16), at);
      bytes.writeUInt16LE(Number(size), at + 4);
      bytes[at + 6] = type;
      at += 8;
    }
  writeFileSync(path, bytes.subarray(0, at));
}

const [kind, ...rest] = row.split(':');
const ROWS = {
  kernel: kernelRow,
  lanes: lanesRow,
  naive: naiveRow,
  pack: packRow,
  cachegrind: cachegrindRow,
  store: storeRow,
  text: textRow,
  'end-to-end': endToEndRow,
  directory: (which) => directoryRow(which, { directory, quick, rounds: ROUNDS, warmups: WARMUPS, report }),
  pricing: (which) => pricingRow(which, { quick, rounds: ROUNDS, warmups: WARMUPS, report }),
  geometry: (which) => geometryRow(which, { quick, rounds: ROUNDS, warmups: WARMUPS, report }),
};
await ROWS[kind](...rest);
