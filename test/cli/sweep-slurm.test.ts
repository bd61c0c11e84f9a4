import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { expectRefusal, vmtax, workplace } from './cli.ts';

const place = workplace();

const SWEEP = [
  ...['sweep', 'workload:services?cpus=1&instructions=2K', '--systems', 'irix,disco'],
  ...['--vary', 'machine.l2.size=256K,1M', '--vary', 'prices.local_ns=100,200'],
];

/** Runs vmtax where sbatch is a program of these lines (null: where there is none). */
function withSbatch(body: string | null, ...args: readonly string[]) {
  const bin = place.path(body === null ? 'empty' : 'bin');
  mkdirSync(bin, { recursive: true });
  if (body !== null) {
    writeFileSync(`${bin}/sbatch`, `#!/bin/sh\n${body}\n`);
    chmodSync(`${bin}/sbatch`, 0o755);
    writeFileSync(`${bin}/scancel`, '#!/bin/sh\n');
    chmodSync(`${bin}/scancel`, 0o755);
  }
  const path = body === null ? bin : `${bin}:${process.env.PATH}`;
  return vmtax([...SWEEP, ...args], place, { env: { PATH: path } });
}

const ANNOUNCED = /^sweep: 4 cells, 8 rows, 4 structures in 2 replays, 8 price points; /;
const GOOD = 'case "$*" in *gather*) echo 8;; *) echo 7;; esac';

test('is submitted as an array and a job that gathers; what is done is not submitted again', async () => {
  const slurm = ['--out', 'swept', '--csv', 'rows.csv', '--slurm', '--task-seconds', '0'];
  const all = await withSbatch(GOOD, ...slurm, '--sbatch', 'time=10');
  expect(all.stderr).toMatch(ANNOUNCED);
  expect(all.stdout).toMatch(/^submitted 4 of 4 array tasks as job 7, and job 8, [^\n]*\/swept\/slurm\n$/);
  expect(all.status).toBe(0);
  const array = (): string => readFileSync(place.path('swept/slurm/array.sh'), 'utf8');
  expect(array()).toContain('#SBATCH --array=1-4\n');
  expect(array()).toContain('#SBATCH --time=10\n');
  expect(readFileSync(place.path('swept/slurm/gather.sh'), 'utf8')).toContain(
    `--csv ${place.path('rows.csv')}`,
  );

  expect((await vmtax(['sweep', 'run', 'swept', '--shard', '2/4'], place)).status).toBe(0);
  expect((await withSbatch(GOOD, ...slurm)).stdout).toMatch(/^submitted 3 of 4 /);
  expect(array()).toContain('#SBATCH --array=1,3-4\n');

  expect((await vmtax(['sweep', 'run', 'swept'], place)).status).toBe(0);
  const none = await withSbatch('exit 1', ...slurm);
  expect(none.stdout).toBe('nothing is left to do; next: vmtax sweep gather swept\n');
  expect(none.status).toBe(0);
});

test('a task has so much work that a short sweep is one', async () => {
  const { stdout } = await withSbatch(GOOD, '--out', 'short', '--slurm');
  expect(stdout).toMatch(/^submitted 1 of 1 array task /);
});

test('the scripts alone need no Slurm', async () => {
  const { stdout, status } = await withSbatch(null, '--out', 'a b', '--slurm-script');
  expect(stdout).toBe(
    `wrote 1 of 1 array task and the job that gathers; next: sh '${place.path('a b')}/slurm/submit.sh'\n`,
  );
  expect(status).toBe(0);
});

describe('refusals', () => {
  test.each([
    ['no directory', ['--slurm'], /--slurm: needs --out DIR/],
    ['no sbatch', ['--slurm', '--out', 'none'], /--slurm: there is no sbatch in the PATH: .*--slurm-script/],
    ['standard output', ['--slurm-script', '--out', 'none', '--json', '-'], /--json -: .*name a file/],
    ['an option by itself', ['--sbatch', 'time=10'], /--sbatch: is for --slurm/],
    ['ours', ['--slurm-script', '--out', 'none', '--sbatch', 'array=3'], /--sbatch array=3: .*set by vmtax/],
    ['a name that Slurm expands', ['--slurm-script', '--out', 'a%j'], /--out a%j: Slurm does not cope/],
    ['no number', ['--slurm-script', '--out', 'none', '--task-seconds', 'x'], /--task-seconds x: expected/],
  ])('%s', async (_, args, says) => {
    expectRefusal(await withSbatch(null, ...args), says);
    for (const name of ['none', 'a%j']) expect(existsSync(place.path(name))).toBe(false);
  });

  test('what Slurm refuses is said in its words', async () => {
    const { stderr, stdout, status } = await withSbatch(
      'echo "sbatch: error: Batch job submission failed: Invalid account" >&2; exit 1',
      ...['--out', 'refused', '--slurm'],
    );
    expect(stderr.replace(ANNOUNCED, '')).toMatch(
      /\nvmtax: --slurm: sbatch: error: [^\n]*Invalid account \(the scripts are in [^\n]*\)\n$/,
    );
    expect([stdout, status]).toEqual(['', 2]);
  });
});
