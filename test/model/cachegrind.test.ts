import { type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTrace, presetSystem, replayAll, type System, sumCounter, type Tally } from '../../src/index.ts';

/**
 * The same program once under Lackey, whose text our reader and the preset `cachegrind` turn into counts,
 * and once under cachegrind itself, which simulates the caches while the program runs. Every count must be
 * the same, in every geometry. For that the two runs must execute the same instructions at the same
 * addresses: no address randomisation (`setarch -R`), an empty environment, the same arguments, the same
 * directory (Debian's `valgrind` is a script and adds PWD), the same descriptors open.
 *
 * What Valgrind's start-up still changes was measured by comparing traces of repeated runs line by line,
 * and it is one thing only: one to three loads of one byte in the dynamic loader. Valgrind puts
 * LD_PRELOAD at the top of the stack, right below the 16 random bytes of AT_RANDOM; the loader's
 * `strcspn` reads that string four bytes at a time, so it also reads up to three random bytes and looks
 * each up in its table of 256 bytes on the stack. The table has just been written, so the loads hit
 * whatever the byte is: the counts below were the same for all 255 values of it, in all geometries. Hence
 * no tolerance. (The tools themselves add nothing: both preload the same library, and cachegrind's and
 * Lackey's own memory is out of the client's way.) Programs that use randomness themselves, such as perl
 * with its hash seed, cannot be compared in this way.
 */
const SETARCH = find('setarch');
const VALGRIND = find('valgrind');
/** Some containers forbid to turn address randomisation off. */
const AVAILABLE = SETARCH !== null && VALGRIND !== null && spawnSync(SETARCH, ['-R', 'true']).status === 0;

/** Size, ways, line of I1, D1 and LL as cachegrind's options take them. */
const GEOMETRIES = [
  ['32768,2,64', '32768,2,64', '1048576,2,64'], // geometry A
  ['32768,2,64', '32768,2,64', '1048576,2,128'], // geometry B
  ['32768,8,64', '32768,8,64', '8388608,16,64'], // as cachegrind would take them from today's hardware
  ['8192,1,32', '16384,4,32', '262144,8,64'], // direct-mapped, 32-byte lines
  ['65536,2,64', '16384,2,32', '524288,4,128'], // three line sizes
  ['2048,1,32', '1024,32,32', '16384,4,32'], // tiny, one set of 32 ways: misses dominate
] as const;

const COUNTS = [
  ['Ir', 'fetch_accesses'],
  ['I1mr', 'l1i_misses'],
  ['ILmr', 'l2_fetch_misses'],
  ['Dr', 'load_accesses'],
  ['D1mr', 'l1d_load_misses'],
  ['DLmr', 'l2_load_misses'],
  ['Dw', 'store_accesses'],
  ['D1mw', 'l1d_store_misses'],
  ['DLmw', 'l2_store_misses'],
] as const;

describe.skipIf(!AVAILABLE)('live cachegrind', () => {
  let directory = '';
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'vmtax-cachegrind-'));
    const lines = Array.from({ length: 300 }, (_, i) => `${(i * 7919) % 1009} line ${i}\n`);
    writeFileSync(join(directory, 'input'), lines.join(''));
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test.each([
    ['true', []],
    ['sort', ['--parallel=1', 'input']],
    ['ls', ['-l']],
  ])('%s: every count is equal', { timeout: 120_000 }, async (name, args) => {
    const program = find(name);
    if (program === null) throw new Error(`${name} is not installed`);
    const command = [program, ...args];
    const ours = (await replayLackey(command, directory)).map(ourCounts);
    const theirs: Record<string, number>[] = [];
    for (const geometry of GEOMETRIES) theirs.push(await runCachegrind(command, directory, geometry));
    expect(ours).toEqual(theirs);
  });
});

// Says why nothing was compared, where it would otherwise be a silent gap.
if (!AVAILABLE)
  test.skip('live cachegrind: valgrind or a working setarch -R is missing (Debian: apt-get install valgrind); golden counts stand in', () => {});

/** Absolute path of a program; the child's environment is empty, so it must be found here. */
function find(name: string): string | null {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(directory, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not in this directory
    }
  }
  return null;
}

/** Both tools log to descriptor 3, so that the program sees the same descriptors open. */
const stdio: SpawnOptions['stdio'] = ['ignore', 'ignore', 'inherit', 'pipe'];
const underValgrind = (options: readonly string[], command: readonly string[], cwd: string) =>
  spawn(SETARCH!, ['-R', VALGRIND!, '--log-fd=3', ...options, ...command], { env: {}, cwd, stdio });

/** One run under Lackey through all geometries at once. */
async function replayLackey(command: readonly string[], cwd: string): Promise<readonly Tally[]> {
  const child = underValgrind(['--tool=lackey', '--trace-mem=yes', '--basic-counts=no'], command, cwd);
  const trace = await openTrace('-', { stdin: child.stdio[3] as Readable });
  // A pipe can be read once, and the preset needs nothing from the summary.
  const noSummary = { refill: null } as Parameters<typeof replayAll>[1];
  const { tallies } = await replayAll(trace, noSummary, GEOMETRIES.map(systemOf), { warmup: 0 });
  await trace.close();
  return tallies;
}

function systemOf(geometry: (typeof GEOMETRIES)[number]): System {
  const [l1i, l1d, l2] = geometry.map((text) => {
    const [size, ways, line] = text.split(',').map(Number) as [number, number, number];
    return { size, ways, line };
  });
  const preset = presetSystem('cachegrind');
  const machine = {
    ...preset.machine,
    l1i: l1i!,
    l1d: l1d!,
    l2: { ...l2!, inclusive: false, shared: false },
  };
  return { ...preset, name: geometry.join(' '), machine };
}

const ourCounts = (tally: Tally): Record<string, number> =>
  Object.fromEntries(COUNTS.map(([theirName, counter]) => [theirName, sumCounter(tally, counter)]));

async function runCachegrind(
  command: readonly string[],
  cwd: string,
  [i1, d1, ll]: (typeof GEOMETRIES)[number],
): Promise<Record<string, number>> {
  // Beside the directory that `ls` lists, which must look the same in every run.
  const output = `${cwd}.out`;
  const caches = [`--I1=${i1}`, `--D1=${d1}`, `--LL=${ll}`];
  const options = ['--tool=cachegrind', '--cache-sim=yes', `--cachegrind-out-file=${output}`, ...caches];
  const child = underValgrind(options, command, cwd);
  (child.stdio[3] as Readable).resume();
  await once(child, 'close');
  const text = readFileSync(output, 'utf8');
  rmSync(output);
  const events = /^events: (.*)$/m.exec(text)![1]!.split(' ');
  const counts = /^summary: (.*)$/m.exec(text)![1]!.split(' ').map(Number);
  return Object.fromEntries(events.map((event, index) => [event, counts[index]!]));
}
