/**
 * The benchmark: prints a table of ratios, each from paired rounds on this machine, now. See bench/README.md.
 *
 *     node bench/run.mjs [--quick] [ROW …]     rows by name, e.g. kernel:system; default all
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { show } from './measure.mjs';
import { find, lackeyFile, missingForValgrind, program } from './programs.mjs';

const ROWS = [
  'kernel:system',
  'kernel:lackey',
  'kernel:miss-heavy',
  'kernel:miss-heavy, 8 CPUs',
  'lanes',
  'naive:system',
  'naive:miss-heavy',
  'pack:system',
  'pack:lackey',
  'cachegrind:short',
  'cachegrind:long',
  'store:system',
  'store:lackey',
  'text:lackey',
  'text:din',
  'end-to-end',
  'end-to-end:malta64-pmake',
  'end-to-end:malta64-db',
  'end-to-end:malta32x2-pmake',
  'directory:8 CPUs',
  'directory:miss-heavy, 8 CPUs',
  'directory:plain',
  'directory:scaling',
  'pricing:system',
  'pricing:2 CPUs',
  'pricing:8 CPUs',
  'pricing:8 CPUs, locks and disks',
  'pricing:Monte Carlo',
  'pricing:Monte Carlo, 2 CPUs',
  'pricing:Monte Carlo, 8 CPUs',
  'pricing:Monte Carlo, 8 CPUs, locks and disks',
  'geometry:system',
  'geometry:miss-heavy',
  'geometry:inclusive',
];

const quick = process.argv.includes('--quick');
const named = process.argv.slice(2).filter((argument) => argument !== '--quick');
const unknown = named.filter((name) => !ROWS.includes(name));
if (unknown.length > 0) {
  console.error(`unknown row ${unknown.join(', ')}; the rows are: ${ROWS.join('; ')}`);
  process.exit(2);
}
if (find('gcc') === null) {
  console.error(
    'gcc is not installed; the C references are compiled on the spot (Debian: apt-get install gcc libc6-dev)',
  );
  process.exit(2);
}

const directory = mkdtempSync(join(tmpdir(), 'vmtax-bench-'));
let failed = false;
try {
  console.log(
    `${cpus()[0].model}, ${cpus().length} CPUs, Node ${process.version}${quick ? ', --quick' : ''}`,
  );
  console.log(
    'CPU time, user and system. Ratios: median [least..greatest] of rounds in which both took turns.\n',
  );
  const missing = missingForValgrind();
  if (missing === null && find('gzip') !== null)
    await lackeyFile(
      program('gzip', directory, quick ? 40_000 : 150_000),
      directory,
      join(directory, 'program.lackey'),
    );
  else
    console.log(`${missing ?? 'gzip is not installed'}: the Lackey stream is the shipped sample, repeated\n`);
  for (const row of named.length > 0 ? named : ROWS) {
    const started = Date.now();
    const { stdout, status } = spawnSync(
      process.execPath,
      [join(import.meta.dirname, 'rows.mjs'), row, directory, ...(quick ? ['--quick'] : [])],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
    );
    if (status !== 0) {
      failed = true;
      console.log(`${row.padEnd(50)} FAILED`);
    }
    for (const line of stdout.split('\n').filter((text) => text.startsWith('{'))) print(JSON.parse(line));
    if (process.env.VMTAX_BENCH_TIMES) console.log(`    (${((Date.now() - started) / 1000).toFixed(0)} s)`);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;

function print({ name, ratio, ours, theirs, unit, note, floor, goal, skipped }) {
  if (skipped !== undefined) {
    console.log(`${name.padEnd(50)} skipped: ${skipped}`);
    return;
  }
  const digits = ratio.median >= 10 ? 1 : 2;
  const verdict =
    floor === undefined
      ? ''
      : ratio.median < floor
        ? `  BELOW the floor of ${floor}`
        : goal !== undefined
          ? `  (floor ${floor}, goal ${goal})`
          : `  (floor ${floor})`;
  console.log(`${name.padEnd(50)} ${show(ratio, digits).padEnd(22)}${verdict}`);
  const of = (value) => show(value, value.median >= 10 ? 0 : 1);
  console.log(`    ${of(ours)} against ${of(theirs)} ${unit}; ${note}`);
}
