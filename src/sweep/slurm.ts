import { InputError } from '../trace/errors.ts';

/**
 * The scripts that run a sweep as jobs of Slurm: an array whose task i is `vmtax sweep run DIR --shard i/n`, and a
 * job that gathers when all tasks have ended, however they ended.
 */

export interface SlurmSweep {
  /** How vmtax is started: absolute path of node, its options, absolute path of the program. */
  readonly program: readonly string[];
  /** Directory of the sweep, absolute. */
  readonly directory: string;
  /** Where the sweep was asked for: the names of its traces are relative to it. */
  readonly workingDirectory: string;
  /** Into how many shards the sweep is divided … */
  readonly tasks: number;
  /** … and those that are not done, from 1, ascending. */
  readonly missing: readonly number[];
  /** Words of `vmtax sweep run` besides directory and shard, and of `vmtax sweep gather`. */
  readonly runArguments: readonly string[];
  readonly gatherArguments: readonly string[];
  /** CPUs of a task. */
  readonly cpus: number;
  /** `name` or `name=value`, as `sbatchOption` takes them: for all jobs. */
  readonly options: readonly string[];
}

/** Slurm's MaxArraySize is 1001 where nobody has set it, and the highest index is one less. */
export const MOST_TASKS = 1000;

/** Seconds of work of a task: enough for the 0.7 s that Slurm takes to start one to weigh little. */
export const TASK_SECONDS = 30;

/**
 * How many array tasks a sweep makes: as many as have `taskSeconds` of work each, but no more than there are pieces
 * that a shard can be.
 */
export function taskCount(seconds: number, pieces: number, taskSeconds: number): number {
  const enough = taskSeconds > 0 ? Math.floor(seconds / taskSeconds) : MOST_TASKS;
  return Math.max(1, Math.min(enough, pieces, MOST_TASKS));
}

/** Options of sbatch that the scripts set themselves, or that would make other scripts of them. */
const OURS = [
  ...['array', 'chdir', 'cpus-per-task', 'dependency', 'error', 'help', 'input', 'job-name', 'ntasks'],
  ...['output', 'parsable', 'quiet', 'test-only', 'usage', 'version', 'wait', 'wrap'],
];

/** Checks `name` or `name=value`, an option of sbatch by its long name without dashes. Throws InputError. */
export function sbatchOption(written: string): string {
  const [, name] = /^([a-z][a-z-]*)(?:=.*)?$/s.exec(written) ?? [];
  if (name === undefined)
    throw new InputError(`--sbatch ${written}: expected name=value without dashes, e.g. partition=long`);
  if (OURS.includes(name)) throw new InputError(`--sbatch ${written}: --${name} is set by vmtax`);
  // In a script Slurm reads quotes and # its own way, and ends the line where it ends.
  if (/[\s"'\\#]/.test(written))
    throw new InputError(`--sbatch ${written}: blanks, quotes, \\ and # cannot be passed on`);
  return written;
}

/** By file name. `submit.sh` hands in the other two, from the directory in which it is; logs appear there, too. */
export type SlurmScripts = Readonly<Record<'array.sh' | 'gather.sh' | 'submit.sh', string>>;

/** The scripts, for files in one directory. Any path may be in them, whatever its characters. */
export function slurmScripts(sweep: SlurmSweep): SlurmScripts {
  const { program, directory, workingDirectory, tasks, runArguments, gatherArguments, cpus } = sweep;
  const job = (name: string, own: readonly string[], words: string): string =>
    lines(
      '#!/bin/sh',
      ...[`job-name=vmtax-${name}`, 'ntasks=1', ...own, ...sweep.options].map(
        (option) => `#SBATCH --${option}`,
      ),
      // The job becomes the program, so that a signal for the one reaches the other.
      `cd ${shellWord(workingDirectory)} || exit 2`,
      `exec ${program.map(shellWord).join(' ')} sweep ${words}`,
    );
  const place = shellWord(directory);
  const rest = (words: readonly string[]): string => words.map((word) => ` ${shellWord(word)}`).join('');
  return {
    'array.sh': job(
      'sweep',
      [`array=${ranges(sweep.missing)}`, `cpus-per-task=${cpus}`, 'output=array-%A_%a.log'],
      `run ${place} --shard "$SLURM_ARRAY_TASK_ID"/${tasks}${rest(runArguments)}`,
    ),
    'gather.sh': job('gather', ['output=gather-%j.log'], `gather ${place}${rest(gatherArguments)}`),
    'submit.sh': lines(
      '#!/bin/sh',
      '# Prints the ids of the array and of the job that gathers.',
      'cd -- "$(dirname -- "$0")" || exit 2',
      'array=$(sbatch --parsable array.sh) || exit',
      // Of several clusters, sbatch names the one after a semicolon.
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's
      'array=${array%%;*}',
      'if ! gather=$(sbatch --parsable --dependency=afterany:"$array" gather.sh); then',
      '  scancel "$array"',
      '  exit 1',
      'fi',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's
      'echo "$array ${gather%%;*}"',
    ),
  };
}

const lines = (...all: readonly string[]): string => `${all.join('\n')}\n`;

/** A word of a POSIX shell that stands for itself. */
export const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

/** `1-4,7`: ascending numbers. */
function ranges(numbers: readonly number[]): string {
  const found: [number, number][] = [];
  for (const number of numbers) {
    const last = found.at(-1);
    if (last !== undefined && number === last[1] + 1) last[1] = number;
    else found.push([number, number]);
  }
  return found.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(',');
}
