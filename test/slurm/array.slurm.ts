import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ended, vmtax, workplace } from '../cli/cli.ts';
import { ROOT } from '../sources.ts';
import { type Cluster, noCluster, startCluster, until } from './cluster.ts';

/** A sweep as a job array of a real Slurm, one of whose tasks is killed. */

const place = workplace();
const reason = noCluster();
if (reason !== null) console.log(`skipped: no Slurm here: ${reason}`);

let cluster: Cluster;
/** Whatever may be in a path: what means something to shells and to Slurm's scripts. */
const NAME = `it's "a" $(of) #me`;
let directory = '';

beforeAll(async () => {
  if (reason !== null) return;
  cluster = await startCluster(2);
  directory = join(place.cwd, NAME);
  mkdirSync(directory);
});
afterAll(async () => {
  await cluster?.stop();
});

const SWEEP = [
  ...['sweep', join(ROOT, 'traces/malta64-pmake.vmt'), '--systems', 'linux-mips,disco-linux-mips'],
  ...['--vary', 'machine.l2.size=256K,1M', '--vary', 'prices.local_ns=100..1000+25'],
];
const KINDS = ['json', 'csv', 'parquet'] as const;
const outputs = (name: string): string[] => KINDS.flatMap((kind) => [`--${kind}`, `${name}.${kind}`]);
const bytes = (name: string): Buffer[] =>
  KINDS.map((kind) => readFileSync(join(directory, `${name}.${kind}`)));

const run = (...args: readonly string[]): Promise<Ended> =>
  vmtax(args, place, { cwd: directory, env: { ...cluster.env, TMPDIR: place.tmp } });
const log = (name: string): string => readFileSync(join(directory, 'swept', 'slurm', name), 'utf8');
const ended = (job: string): Promise<void> =>
  until(
    `job ${job}`,
    async () =>
      (await cluster.slurm('squeue', '-h', '-j', job, '-t', 'all', '-o', '%T'))
        .split('\n')
        .every((state) => /COMPLETED|FAILED|CANCELLED/.test(state)),
    60,
  );

test.skipIf(reason !== null)(
  'what a killed task has not done is submitted again; the bytes are those of a local run',
  async () => {
    const slurm = [...SWEEP, ...outputs('cluster'), '--out', 'swept', '--slurm', '--task-seconds', '0'];
    const submitted = await run(...slurm, '--sbatch', 'time=10', '--sbatch', 'partition=test');
    const [, array, gather] =
      /^submitted 4 of 4 array tasks as job (\d+), and job (\d+), /.exec(submitted.stdout) ?? [];
    expect(submitted).toMatchObject({ status: 0, stdout: expect.stringMatching(/^submitted 4 of 4 /) });

    // Whatever it is doing: it has said what it will do, and the result of a replay comes at its end.
    const victim = `array-${array}_3.log`;
    await until(
      'the task that is killed',
      () => existsSync(join(directory, 'swept/slurm', victim)) && log(victim).includes('1 replay'),
    );
    await cluster.slurm('scancel', `${array}_3`);
    const local = run(...SWEEP, ...outputs('local'));
    await ended(array!);
    await ended(gather!);
    expect(log(victim)).toContain('CANCELLED');
    expect(log(`gather-${gather}.log`)).toMatch(/^vmtax: 1 unit is missing: /m);
    expect(existsSync(join(directory, 'cluster.json'))).toBe(false);

    const again = await run(...slurm);
    const [, second, last] =
      /^submitted 1 of 4 array tasks as job (\d+), and job (\d+), /.exec(again.stdout) ?? [];
    expect(again.stdout).toMatch(/^submitted 1 of 4 /);
    await ended(second!);
    await ended(last!);
    expect(log(`gather-${last}.log`)).toContain('wrote ');
    expect((await local).status).toBe(0);
    expect(bytes('cluster')).toEqual(bytes('local'));

    expect((await run(...slurm)).stdout).toBe('nothing is left to do; next: vmtax sweep gather swept\n');
    const refused = await run(...SWEEP, '--out', 'other', '--slurm', '--sbatch', 'partition=none');
    expect(refused.stderr).toMatch(/^sweep: .*\nvmtax: --slurm: sbatch: error: .*partition.*\n$/);
    expect(refused.status).toBe(2);
  },
);
