/** Traces made on the spot: programs under Valgrind's Lackey, and the same programs under cachegrind. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, createWriteStream, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { openTrace } from '../dist/trace/formats/registry.js';

/** Absolute path of a program, or null. */
export function find(name) {
  for (const directory of (process.env.PATH ?? '').split(delimiter)) {
    try {
      accessSync(join(directory, name), constants.X_OK);
      return join(directory, name);
    } catch {
      // not in this directory
    }
  }
  return null;
}

/** What is missing for programs under Valgrind, or null. */
export function missingForValgrind() {
  if (find('valgrind') === null) return 'valgrind is not installed';
  const setarch = find('setarch');
  if (setarch === null || spawnSync(setarch, ['-R', 'true']).status !== 0)
    return 'setarch -R (no address randomisation) does not work here';
  return null;
}

/** Text that compresses as prose does: words of a small vocabulary, the same in every run. */
export function prose(bytes) {
  let x = 1;
  const random = () => {
    x = (Math.imul(x, 1664525) + 1013904223) | 0;
    return x >>> 8;
  };
  const vocabulary = Array.from({ length: 3000 }, () =>
    Array.from({ length: 2 + (random() % 8) }, () => String.fromCharCode(97 + (random() % 26))).join(''),
  );
  let line = '';
  const lines = [];
  for (let length = 0; length < bytes; ) {
    line += `${vocabulary[Math.min(random() % 3000, random() % 3000)]} `;
    if (line.length < 70) continue;
    lines.push(line);
    length += line.length + 1;
    line = '';
  }
  return `${lines.join('\n')}\n`;
}

/** Programs by name; inputs are written to `directory`. */
export function program(name, directory, inputBytes) {
  const input = join(directory, `${name}.txt`);
  writeFileSync(input, prose(inputBytes));
  return { gzip: [find('gzip'), '-6', '-c', input], sort: [find('sort'), '--parallel=1', input] }[name];
}

/**
 * Same addresses in both tools: no address randomisation, an empty environment, the same arguments, the same
 * open descriptors (the log goes to descriptor 3). See test/model/cachegrind.test.ts.
 */
const underValgrind = (options, command) => [
  find('setarch'),
  '-R',
  find('valgrind'),
  '--log-fd=3',
  ...options,
  ...command,
];

function startLackey(command, cwd) {
  const [file, ...args] = underValgrind(['--tool=lackey', '--trace-mem=yes', '--basic-counts=no'], command);
  return spawn(file, args, { env: {}, cwd, stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
}

/** The program's trace, read from the pipe as it runs. */
export function lackeyTrace(command, cwd) {
  return openTrace('-', { stdin: startLackey(command, cwd).stdio[3] });
}

/** The program's trace as Lackey's text, in a file. */
export async function lackeyFile(command, cwd, path) {
  const file = createWriteStream(path);
  startLackey(command, cwd).stdio[3].pipe(file);
  await once(file, 'finish');
}

const CACHEGRIND_COUNTS = ['Ir', 'I1mr', 'ILmr', 'Dr', 'D1mr', 'DLmr', 'Dw', 'D1mw', 'DLmw'];

/**
 * The program under cachegrind: CPU time of everything (Valgrind's start and translation, the program, the
 * simulation), and its counts in the order of `CACHEGRIND_COUNTERS`.
 */
export async function cachegrind(command, cwd, machine, cputime) {
  const cache = ({ size, ways, line }) => `${size},${ways},${line}`;
  const out = join(cwd, 'cachegrind.out');
  const options = [
    '--tool=cachegrind',
    '--cache-sim=yes',
    `--I1=${cache(machine.l1i)}`,
    `--D1=${cache(machine.l1d)}`,
    `--LL=${cache(machine.l2)}`,
    `--cachegrind-out-file=${out}`,
  ];
  const child = spawn(cputime, underValgrind(options, command), {
    env: {},
    cwd,
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  const [microseconds, log] = await Promise.all([text(child.stdout), text(child.stdio[3])]);
  const lines = readFileSync(out, 'utf8').split('\n');
  const names = lines
    .find((line) => line.startsWith('events:'))
    ?.split(' ')
    .slice(1);
  const totals = lines
    .find((line) => line.startsWith('summary:'))
    ?.split(' ')
    .slice(1)
    .map(Number);
  if (!names || !totals) throw new Error(`cachegrind gave no counts:\n${log}`);
  const counts = CACHEGRIND_COUNTS.map((name) => totals[names.indexOf(name)]);
  return { seconds: Number(microseconds) / 1e6, counts };
}

/** Our counters that cachegrind counts too; null: accesses, which the segments count. */
export const CACHEGRIND_COUNTERS = [
  null,
  'l1i_misses',
  'l2_fetch_misses',
  null,
  'l1d_load_misses',
  'l2_load_misses',
  null,
  'l1d_store_misses',
  'l2_store_misses',
];
