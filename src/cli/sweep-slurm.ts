import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { cleanText } from '../report/words.ts';
import { journalPath } from '../sweep/directory.ts';
import { secondsOf } from '../sweep/estimate.ts';
import { openJournal, writeWhole } from '../sweep/journal.ts';
import type { Layout } from '../sweep/laid.ts';
import { makeDirectory } from '../sweep/make-directory.ts';
import { sharded, WHOLE, workOf } from '../sweep/run.ts';
import {
  MOST_TASKS,
  sbatchOption,
  shellWord,
  slurmScripts,
  TASK_SECONDS,
  taskCount,
} from '../sweep/slurm.ts';
import { InputError } from '../trace/errors.ts';
import { ingest } from '../trace/ingest.ts';
import type { Trace } from '../trace/types.ts';
import type { CommandContext } from './context.ts';
import { flag, wholeNumber, words } from './options.ts';
import { print } from './output.ts';
import { findProgram } from './programs.ts';
import { text } from './sweep-options.ts';
import { type Outputs, type Prepared, say } from './sweep-work.ts';

/** `vmtax sweep --slurm`: writes the jobs of a sweep into its directory and submits what is not done. */

export const SLURM_OPTIONS = {
  slurm: {
    type: 'boolean',
    describe: 'submit what is not done as a Slurm job array, and a job that gathers (needs --out)',
    coerce: flag('slurm'),
  },
  'slurm-script': {
    type: 'boolean',
    describe: 'the same, but only write the scripts (into DIR/slurm)',
    coerce: flag('slurm-script'),
  },
  sbatch: {
    type: 'string',
    array: true,
    requiresArg: true,
    coerce: (value: readonly string[] | undefined) => words(value)?.map(sbatchOption),
    describe: 'name=value: option of sbatch for these jobs (partition=…, time=…, account=…); may be repeated',
  },
  'task-seconds': {
    ...text('task-seconds'),
    coerce: wholeNumber('task-seconds', 0, 1e6),
    describe: `least work of an array task, as estimated (default ${TASK_SECONDS}; 0: as many tasks as there can be, up to ${MOST_TASKS})`,
  },
} as const;

export interface SlurmArguments {
  readonly slurm: boolean;
  readonly 'slurm-script': boolean;
  readonly sbatch?: readonly string[];
  readonly 'task-seconds'?: number;
  readonly workers?: number;
}

export const asksForSlurm = (args: SlurmArguments): boolean => args.slurm || args['slurm-script'];

/** Throws InputError where what is asked for cannot be: before any trace is opened. */
export async function checkSlurm(
  args: SlurmArguments & { readonly out?: string },
  outputs: Outputs,
): Promise<void> {
  if (!asksForSlurm(args)) {
    const needless = (['sbatch', 'task-seconds'] as const).find((name) => args[name] !== undefined);
    if (needless !== undefined) throw new InputError(`--${needless}: is for --slurm and --slurm-script`);
    return;
  }
  const name = args.slurm ? '--slurm' : '--slurm-script';
  if (args.out === undefined)
    throw new InputError(`${name}: needs --out DIR, a directory that all machines of the cluster see`);
  // Tried with Slurm 22.05: such a working directory, and the task never starts.
  if (/[%\\]/.test(resolve(args.out)))
    throw new InputError(`--out ${args.out}: Slurm does not cope with % and \\ in ${resolve(args.out)}`);
  for (const kind of ['json', 'csv', 'parquet'] as const)
    if (outputs[kind] === '-') throw new InputError(`--${kind} -: a job has no standard output; name a file`);
  if (!args['slurm-script'] && findProgram('sbatch') === null)
    throw new InputError(
      '--slurm: there is no sbatch in the PATH: run it where jobs are submitted, or --slurm-script writes the scripts alone',
    );
}

/** Writes the scripts of a sweep whose plan is in `directory`, and hands them in where that is asked for. */
export async function submit(
  directory: string,
  prepared: Prepared,
  args: SlurmArguments,
  outputs: Outputs,
  context: CommandContext,
): Promise<void> {
  const { layout, traces } = prepared;
  const journal = await openJournal(journalPath(directory), true);
  const all = await workOf(layout, null, WHOLE);
  const work = await workOf(layout, journal, WHOLE);
  const left = new Set(work.units.map(({ id }) => id));
  say(prepared, work, context);
  if (left.size === 0) {
    await print(`nothing is left to do; next: vmtax sweep gather ${cleanText(directory)}\n`);
    return;
  }
  const seconds = secondsOf(layout, all, await countRecords(layout, traces, context));
  const tasks = taskCount(seconds, all.units.length, args['task-seconds'] ?? TASK_SECONDS);
  const missing = new Set<number>();
  for (const { unit, shard } of sharded(layout, tasks)) if (left.has(unit.id)) missing.add(shard);

  const place = resolve(directory, 'slurm');
  const scripts = slurmScripts({
    program: [process.execPath, ...process.execArgv, resolve(process.argv[1]!)],
    directory: resolve(directory),
    workingDirectory: process.cwd(),
    tasks,
    missing: [...missing].sort((a, b) => a - b),
    runArguments: args.workers === undefined ? [] : ['--workers', String(args.workers)],
    gatherArguments: Object.entries(absolute(outputs)).flatMap(([kind, path]) => [`--${kind}`, path]),
    cpus: args.workers ?? 1,
    options: args.sbatch ?? [],
  });
  await makeDirectory(place);
  for (const [name, script] of Object.entries(scripts))
    await writeWhole(join(place, name), Buffer.from(script), false);

  const said = cleanText(place);
  const what = `${missing.size} of ${tasks} array ${tasks === 1 ? 'task' : 'tasks'}`;
  if (args['slurm-script']) {
    await print(
      `wrote ${what} and the job that gathers; next: sh ${cleanText(shellWord(join(place, 'submit.sh')))}\n`,
    );
    return;
  }
  const [array, gather] = await run(join(place, 'submit.sh'), context.signal);
  await print(
    `submitted ${what} as job ${array}, and job ${gather}, which gathers when they have ended; logs: ${said}\n`,
  );
}

/** The outputs that are asked for, as absolute paths. */
function absolute({ json, csv, parquet }: Outputs): Record<string, string> {
  const named = Object.entries({ json, csv, parquet });
  return Object.fromEntries(
    named.flatMap(([kind, path]) => (path === undefined ? [] : [[kind, resolve(path)]])),
  );
}

/** Records of each trace. One that is no store is read for that. */
async function countRecords(
  layout: Layout,
  traces: readonly Trace[],
  { signal, progress }: CommandContext,
): Promise<number[]> {
  const records: number[] = [];
  for (const [at, trace] of traces.entries()) {
    if (trace.summary() !== null) {
      records.push(trace.summary()!.records);
      continue;
    }
    progress.update(`reading ${layout.traces[at]!.name}`, 0, 0);
    const stored = await ingest(trace, { signal });
    records.push(stored.summary()!.records);
    await stored.close();
  }
  progress.clear();
  return records;
}

/** Runs the script that submits; gives the ids that it prints. Throws InputError with what Slurm says. */
function run(script: string, signal: AbortSignal): Promise<string[]> {
  return new Promise((done, failed) => {
    execFile('/bin/sh', [script], { signal, encoding: 'utf8' }, (error, stdout, stderr) => {
      const ids = stdout.trim().split(' ');
      if (error === null && ids.length === 2) return done(ids);
      if (signal.aborted) return failed(signal.reason);
      const said = stderr.trim().split('\n').join('; ') || 'sbatch gave no job id';
      failed(new InputError(`--slurm: ${said} (the scripts are in ${script.replace(/submit\.sh$/, '')})`));
    });
  });
}
