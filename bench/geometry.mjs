/** The rows `geometry`: many cache geometries in one pass over a trace, against their replays. All tallies equal. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { replayAll } from '../dist/model/compare.js';
import { onePass } from '../dist/model/geometry/one-pass.js';
import { systemSchema } from '../dist/model/systems/schema.js';
import { openTrace } from '../dist/trace/formats/registry.js';
import { cpuSeconds, paired, spread } from './measure.mjs';
import { missHeavyChunks } from './streams.mjs';

const PROGRAM = join(import.meta.dirname, '../traces/malta64-pmake.vmt');
const L1 = { size: 32768, ways: 2, line: 64 };
const SIZES = [8, 16, 32, 64, 128, 256, 512, 1024].map((kilobytes) => kilobytes * 1024);
const WAYS = [1, 2, 4, 8];

const systemOf = (machine) =>
  systemSchema.parse({
    name: 'geometry',
    machine: { nodes: 1, tlb: null, l1i: L1, l1d: L1, l2: null, ...machine },
    os: { name: 'none', overlay: false },
  });

const grid = (make) => SIZES.flatMap((size) => WAYS.map((ways) => systemOf(make({ size, ways, line: 64 }))));

/** L1Ds and L1Is of 8 KB to 1 MB, and L2s of 64 KB to 8 MB below one pair of L1s, of 1 to 8 ways: 32 each. */
const ninetySix = [
  ...grid((l1d) => ({ l1d })),
  ...grid((l1i) => ({ l1i })),
  ...grid((l2) => ({ l2: { ...l2, size: 8 * l2.size, inclusive: false } })),
];

/** L2s of the preset `irix`, inclusive: what they share is little more than what comes before them. */
const inclusive = [256, 512, 1024, 2048, 4096, 8192].flatMap((kilobytes) =>
  [1, 2, 4, 8].map((ways) =>
    systemSchema.parse({
      name: 'irix',
      machine: { nodes: 1, l2: { size: kilobytes * 1024, ways, line: 128 } },
    }),
  ),
);

/** A trace whose chunks are in memory. */
function kept(chunks) {
  const header = {
    name: 'synthetic',
    level: 'system',
    cpus: 1,
    instructionBytes: 4,
    abi: '',
    provenance: {},
  };
  const summary = { refill: null, workloadInstructions: 0 };
  return {
    header,
    summary: () => summary,
    chunks: async function* () {
      yield* chunks;
    },
    close: async () => {},
  };
}

async function traceOf(which, quick) {
  if (which !== 'miss-heavy') return openTrace(PROGRAM);
  const chunks = [];
  for (const chunk of missHeavyChunks(quick ? 2e6 : 8e6)) chunks.push(structuredClone(chunk));
  return kept(chunks);
}

const digest = (tallies) => createHash('sha256').update(JSON.stringify(tallies)).digest('hex');

export async function geometryRow(which, { quick, rounds, warmups, report }) {
  const trace = await traceOf(which, quick);
  const summary = trace.summary();
  const options = { warmup: 0 };
  const systems = which === 'inclusive' ? inclusive : ninetySix;
  const timed = async (work, counts) => {
    const before = cpuSeconds();
    const tallies = await work();
    return { seconds: cpuSeconds() - before, counts: counts(tallies) };
  };
  const pass = (counts) => ({
    name: 'one pass',
    run: () => timed(() => onePass(trace, summary, systems, options), counts),
  });
  const replays = (name, of, counts) => ({
    name,
    run: () => timed(async () => (await replayAll(trace, summary, of, options)).tallies, counts),
  });
  const nothing = () => [];
  // Side by side they share decoding and packing.
  const all = replays('replays side by side', systems, digest);
  const together = await paired(which, [pass(digest), all], quick ? 1 : 3, 1);
  const many = systems.length;
  report({
    name: `geometry: ${many} replays side by side ÷ one pass: ${which}`,
    ratio: together.ratios[1],
    ours: together.seconds[0],
    theirs: together.seconds[1],
    unit: 's of CPU time',
    note: `every counter of every row of all ${many} tallies equal`,
    floor: which === 'inclusive' ? 1.5 : 8,
  });
  if (which !== 'inclusive') {
    const one = replays('one replay', [systems[70]], nothing);
    const { ratios, seconds } = await paired(which, [pass(nothing), one], rounds, warmups);
    const { median, min, max } = ratios[1];
    report({
      name: `geometry: ${many} × one replay ÷ one pass: ${which}`,
      ratio: spread([median, min, max].map((ratio) => many * ratio)),
      ours: seconds[0],
      theirs: seconds[1],
      unit: 's of CPU time',
      note: `of one replay alone, decoding included: a pass costs ${(1 / median).toFixed(1)} of them`,
      floor: 8,
    });
  }
  await trace.close();
}
