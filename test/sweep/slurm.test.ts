import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MOST_TASKS, type SlurmSweep, sbatchOption, slurmScripts, taskCount } from '../../src/sweep/slurm.ts';
import { InputError } from '../../src/trace/errors.ts';

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'vmtax-slurm-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const sweep = (more: Partial<SlurmSweep> = {}): SlurmSweep => ({
  program: ['/usr/bin/env', 'printf', '%s\\0'],
  directory: '/data/swept',
  workingDirectory: root,
  tasks: 16,
  missing: [1, 2, 3, 7],
  runArguments: [],
  gatherArguments: [],
  cpus: 1,
  options: [],
  ...more,
});

/** The words with which a script starts the program. */
const wordsOf = (script: string): string[] =>
  execFileSync('/bin/sh', ['-c', script], { env: { ...process.env, SLURM_ARRAY_TASK_ID: '7' } })
    .toString()
    .split('\0')
    .slice(0, -1);

describe('scripts', () => {
  test('a task runs its shard, with what Slurm is asked for at the top', () => {
    const script = slurmScripts(sweep({ options: ['time=2:00:00', 'exclusive'], cpus: 4 }))['array.sh'];
    expect(script.split('\n').slice(0, 8)).toEqual([
      '#!/bin/sh',
      '#SBATCH --job-name=vmtax-sweep',
      '#SBATCH --ntasks=1',
      '#SBATCH --array=1-3,7',
      '#SBATCH --cpus-per-task=4',
      '#SBATCH --output=array-%A_%a.log',
      '#SBATCH --time=2:00:00',
      '#SBATCH --exclusive',
    ]);
    expect(wordsOf(script)).toEqual(['sweep', 'run', '/data/swept', '--shard', '7/16']);
  });

  test('the last job gathers, and has the options, too', () => {
    const { 'gather.sh': script } = slurmScripts(
      sweep({ options: ['account=mine'], gatherArguments: ['--json', '/data/a b.json'] }),
    );
    expect(script).toContain('#SBATCH --account=mine\n');
    expect(script).not.toContain('--array');
    expect(wordsOf(script)).toEqual(['sweep', 'gather', '/data/swept', '--json', '/data/a b.json']);
  });

  test('whatever is in a path stays a path', () => {
    const path = fc.oneof(
      fc.string({ minLength: 1 }),
      fc.string({ minLength: 1, unit: fc.constantFrom(...'\'"\\$`#%;&|<>(){}*?[]~!= \n\t-aé') }),
    );
    fc.assert(
      fc.property(path, path, (directory, output) => {
        // No path has a NUL in it.
        fc.pre(!`${directory}${output}`.includes('\0'));
        const scripts = slurmScripts(
          sweep({ directory, gatherArguments: ['--csv', output], runArguments: [output] }),
        );
        expect(wordsOf(scripts['array.sh'])).toEqual(['sweep', 'run', directory, '--shard', '7/16', output]);
        expect(wordsOf(scripts['gather.sh'])).toEqual(['sweep', 'gather', directory, '--csv', output]);
      }),
      { numRuns: 40 },
    );
  });

  test('a place that is not there is no place to start in', () => {
    const script = slurmScripts(sweep({ workingDirectory: join(root, 'none') }))['array.sh'];
    expect(spawnSync('/bin/sh', ['-c', script], { stdio: 'ignore' }).status).toBe(2);
  });
});

describe('submission', () => {
  /** Runs submit.sh with an sbatch that says that; gives its end and how programs of Slurm were called. */
  function submitted(sbatch: string) {
    const place = mkdtempSync(join(root, 'a b-'));
    const bin = join(place, 'bin');
    mkdirSync(bin);
    for (const [name, body] of Object.entries({ sbatch, scancel: '' })) {
      const called = `#!/bin/sh\necho "${name} $*" >>'${place}/calls'\n${body}\n`;
      writeFileSync(join(bin, name), called);
      chmodSync(join(bin, name), 0o755);
    }
    for (const [name, script] of Object.entries(slurmScripts(sweep())))
      writeFileSync(join(place, name), script);
    const { status, stdout } = spawnSync('/bin/sh', [join(place, 'submit.sh')], {
      cwd: '/',
      env: { PATH: `${bin}:${process.env.PATH}` },
      encoding: 'utf8',
    });
    return { status, stdout, calls: readFileSync(join(place, 'calls'), 'utf8').trimEnd().split('\n') };
  }

  test('the gathering waits for the array, however its tasks end', () => {
    const ids = 'case "$*" in *gather*) echo "13;cluster";; *) echo "12;cluster";; esac';
    expect(submitted(ids)).toEqual({
      status: 0,
      stdout: '12 13\n',
      calls: ['sbatch --parsable array.sh', 'sbatch --parsable --dependency=afterany:12 gather.sh'],
    });
  });

  test('without a job that gathers there is no array', () => {
    const { status, stdout, calls } = submitted('case "$*" in *gather*) exit 1;; esac; echo 12');
    expect([status, stdout, calls.at(-1)]).toEqual([1, '', 'scancel 12']);
  });

  test('an array that is refused is the end', () => {
    const { status, calls } = submitted('exit 3');
    expect([status, calls.length]).toEqual([3, 1]);
  });
});

describe('tasks', () => {
  test.each([
    // seconds, pieces, at least, tasks
    [10, 50, 30, 1],
    [59, 50, 30, 1],
    [60, 50, 30, 2],
    [1e6, 50, 30, 50],
    [1e6, 1e5, 30, MOST_TASKS],
    [0, 12, 0, 12],
    [0, 1e5, 0, MOST_TASKS],
  ])('%d s in %d pieces, %d s each: %d', (seconds, pieces, least, tasks) => {
    expect(taskCount(seconds, pieces, least)).toBe(tasks);
  });
});

describe('options of sbatch', () => {
  test.each(['partition=long', 'time=1-12:00:00', 'exclusive', 'mail-type=END,FAIL', 'constraint=a&b'])(
    '%s is passed on',
    (option) => {
      expect(sbatchOption(option)).toBe(option);
    },
  );
  test.each([
    ['--time=1', 'without dashes'],
    ['time', null],
    ['Time=1', 'without dashes'],
    ['', 'without dashes'],
    ['array=1-9', 'is set by vmtax'],
    ['dependency=afterok:1', 'is set by vmtax'],
    ['comment=a b', 'blanks'],
    ['comment=a\n#SBATCH --array=1', 'blanks'],
    ['comment="a"', 'quotes'],
  ])('%j', (option, problem) => {
    if (problem === null) expect(sbatchOption(option)).toBe(option);
    else {
      expect(() => sbatchOption(option)).toThrow(InputError);
      expect(() => sbatchOption(option)).toThrow(problem);
    }
  });
});
