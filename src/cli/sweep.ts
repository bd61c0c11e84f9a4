import type { CommandModule } from 'yargs';
import { cleanText, plural } from '../report/words.ts';
import { planFiles, readPlan, writePlan } from '../sweep/directory.ts';
import { type Shard, WHOLE, workOf } from '../sweep/run.ts';
import { checkSampled } from '../sweep/sampled-l2.ts';
import { InputError } from '../trace/errors.ts';
import type { CommandContext } from './context.ts';
import { EXIT_DEFECT, resumable } from './errors.ts';
import { flag } from './options.ts';
import { checkOutputs, print } from './output.ts';
import {
  ANALYSIS_OPTIONS,
  ANALYSIS_SEED,
  type AnalysisArguments,
  askedFor,
  axesFor,
  checkRequest,
  checkRowsAlone,
} from './sweep-analysis.ts';
import {
  checkStandardInput,
  DIRECTORY,
  INPUTS,
  OUT,
  OUTPUT_OPTIONS,
  PLAN_OPTIONS,
  type PlanArguments,
  planOf,
  shardOf,
  text,
  WORKERS,
} from './sweep-options.ts';
import { checkSampleAlone, SAMPLE_OPTION, sampleSizes, saySampled } from './sweep-sampled.ts';
import { asksForSlurm, checkSlurm, SLURM_OPTIONS, type SlurmArguments, submit } from './sweep-slurm.ts';
import { sayStructure } from './sweep-structure.ts';
import {
  carryOut,
  complain,
  filesOf,
  journalIn,
  type Outputs,
  prepare,
  say,
  writeResults,
} from './sweep-work.ts';

/** `vmtax sweep [plan|run|gather]`; `endWith` takes an exit status other than 0. */
export function sweepCommand(context: CommandContext, endWith: (status: number) => void): CommandModule {
  return {
    command: 'sweep',
    describe: 'Vary structures and prices: a row for each combination and system',
    builder: (yargs) =>
      yargs
        .command(
          '$0 [inputs..]',
          'plan, run and gather in one',
          (y) =>
            y.positional('inputs', INPUTS).options({
              ...PLAN_OPTIONS,
              out: OUT,
              workers: WORKERS,
              ...OUTPUT_OPTIONS,
              ...ANALYSIS_OPTIONS,
              ...SAMPLE_OPTION,
              ...SLURM_OPTIONS,
            }),
          async (args) => endWith(await sweep(args as never, args as never, context)),
        )
        .command(
          'plan [inputs..]',
          'lay a sweep out in a directory, to be run in parts',
          (y) =>
            y
              .positional('inputs', INPUTS)
              .options(PLAN_OPTIONS)
              .option('out', { ...OUT, demandOption: true }),
          (args) => plan(args as never, context),
        )
        .command(
          'run <directory>',
          'run what is not done yet, or a part of it',
          (y) =>
            y.positional('directory', DIRECTORY).options({
              shard: { ...text('shard'), describe: 'i/n: the i-th of n parts, from 1', coerce: shardOf },
              workers: WORKERS,
            }),
          async ({ directory, shard, workers }) =>
            endWith(await runPart(directory, (shard as Shard | undefined) ?? WHOLE, workers, context)),
        )
        .command(
          'gather <directory>',
          'collect the results and name what is missing',
          (y) =>
            y.positional('directory', DIRECTORY).options({
              ...OUTPUT_OPTIONS,
              ...ANALYSIS_OPTIONS,
              seed: ANALYSIS_SEED,
              partial: {
                type: 'boolean',
                describe: 'write the rows that there are, though others are missing',
                coerce: flag('partial'),
              },
            }),
          async ({ directory, partial, ...outputs }) =>
            endWith(await gather(directory, outputs as never, partial === true, context)),
        ) as never,
    handler: () => {},
  };
}

/** What an interruption says where a directory keeps what is done. */
const RESUMES = 'what is done is kept: the same command resumes';

/** Plans, runs and gathers. */
async function sweep(
  args: PlanArguments & AnalysisArguments & SlurmArguments,
  outputs: Outputs,
  context: CommandContext,
): Promise<number> {
  const rate = args['sample-l2'];
  if (rate !== undefined) checkSampleAlone({ ...args, ...outputs });
  const asked = askedFor(args);
  const { plan, files, maxCells, written } = await planOf(args, (axes) => axesFor(asked.request, axes));
  checkStandardInput(plan, args.out);
  // What is asked for comes before what this machine has.
  if (asksForSlurm(args)) checkRowsAlone(asked, outputs.html);
  await checkSlurm(args, outputs);
  const kept = args.out === undefined ? [] : planFiles(args.out);
  await checkOutputs(namesOf(outputs), [...filesOf(plan), ...files, ...kept]);
  const prepared = await prepare(plan, maxCells, context, null, written);
  try {
    const { layout, stored } = prepared;
    if (rate !== undefined) {
      checkSampled(layout);
      const sampling = { rate, seed: args.seed ?? 1 };
      saySampled(prepared, sampling, context);
      if (!args['dry-run']) await sampleSizes(prepared, sampling, outputs, context);
      return 0;
    }
    checkRequest(layout, asked.request);
    if (args['dry-run']) {
      say(prepared, await workOf(layout, null, WHOLE), context, outputs);
      sayStructure(prepared, asked.request, context);
      return 0;
    }
    if (args.out !== undefined) await writePlan(args.out, stored, layout);
    if (asksForSlurm(args)) {
      await submit(args.out!, prepared, args, outputs, context);
      return 0;
    }
    const { journal, remove } = await journalIn(args.out ?? null);
    try {
      const work = await workOf(layout, journal, WHOLE);
      say(prepared, work, context, outputs);
      sayStructure(prepared, asked.request, context);
      const keep = args.out !== undefined || outputs.html !== undefined;
      const { workers } = args;
      const carried = () =>
        carryOut(prepared, work, journal, { workers, keep, request: asked.request }, context);
      await (args.out === undefined ? carried() : resumable(RESUMES, context.signal, carried));
      const failed = await writeResults(layout, journal, outputs, asked, args.workers, context);
      complain(failed, context);
      await journal.sweepUp();
      return failed.length === 0 ? 0 : EXIT_DEFECT;
    } finally {
      await remove();
    }
  } finally {
    await prepared.close();
  }
}

async function plan(args: PlanArguments, context: CommandContext): Promise<void> {
  const { plan, maxCells, written } = await planOf(args);
  checkStandardInput(plan, args.out);
  const prepared = await prepare(plan, maxCells, context, null, written);
  try {
    say(prepared, await workOf(prepared.layout, null, WHOLE), context);
    if (args['dry-run']) return;
    await writePlan(args.out!, prepared.stored, prepared.layout);
    const directory = cleanText(args.out!);
    await print(
      `planned in ${directory}; next: vmtax sweep run ${directory} [--shard i/n], then vmtax sweep gather ${directory}\n`,
    );
  } finally {
    await prepared.close();
  }
}

async function runPart(
  directory: string,
  shard: Shard,
  workers: number | undefined,
  context: CommandContext,
): Promise<number> {
  const stored = await readPlan(directory);
  const prepared = await prepare(stored.plan, stored.maxCells, context, stored);
  try {
    const { journal } = await journalIn(directory);
    const work = await workOf(prepared.layout, journal, shard);
    say(prepared, work, context);
    // Other parts of the sweep may run beside it.
    await resumable(RESUMES, context.signal, () =>
      carryOut(prepared, work, journal, { workers: workers ?? 1, keep: true }, context),
    );
    const left = await workOf(prepared.layout, journal, shard);
    if (left.units.length === 0) return 0;
    const { id } = left.units[0]!;
    const reason = await journal.failure(id);
    process.stderr.write(
      `vmtax: ${left.units.length} of ${work.units.length} ${plural(work.units.length, 'unit')} failed, the first (${id}): ${cleanText(reason ?? '')}\n`,
    );
    return EXIT_DEFECT;
  } finally {
    await prepared.close();
  }
}

async function gather(
  directory: string,
  outputs: Outputs & AnalysisArguments,
  partial: boolean,
  context: CommandContext,
): Promise<number> {
  if (outputs.seed !== undefined && !outputs.sensitivity)
    throw new InputError('--seed goes with --sensitivity');
  const asked = askedFor(outputs);
  const stored = await readPlan(directory);
  await checkOutputs(namesOf(outputs), [...filesOf(stored.plan), ...planFiles(directory)]);
  const prepared = await prepare(stored.plan, stored.maxCells, context, stored);
  try {
    const { layout } = prepared;
    checkRequest(layout, asked.request);
    const { journal } = await journalIn(directory);
    const { units } = await workOf(layout, journal, WHOLE);
    const missing: string[] = [];
    for (const { id } of units) if ((await journal.failure(id)) === null) missing.push(id);
    if (missing.length > 0 && !partial) {
      const written = await journal.done();
      const lost = [
        absent(
          missing.filter((id) => !written.has(id)),
          'missing',
        ),
        absent(
          missing.filter((id) => written.has(id)),
          'damaged',
        ),
      ].filter((text) => text !== '');
      const them = missing.length === 1 ? 'it' : 'them';
      process.stderr.write(
        `vmtax: ${lost.join('; ')}; vmtax sweep run ${cleanText(directory)} does ${them}, --partial does without\n`,
      );
      return EXIT_DEFECT;
    }
    sayStructure(prepared, asked.request, context);
    const failed = await writeResults(layout, journal, outputs, asked, undefined, context);
    complain(failed, context);
    await journal.sweepUp();
    return failed.length === 0 ? 0 : EXIT_DEFECT;
  } finally {
    await prepared.close();
  }
}

/** `2 units are missing: …`; empty: none is. */
function absent(ids: readonly string[], how: string): string {
  if (ids.length === 0) return '';
  const some = ids.slice(0, 10).join(', ');
  return `${ids.length} ${plural(ids.length, 'unit is', 'units are')} ${how}: ${some}${ids.length > 10 ? ', …' : ''}`;
}

const namesOf = ({ json, csv, parquet, html }: Outputs) => ({
  '--json': json,
  '--csv': csv,
  '--parquet': parquet,
  '--html': html,
});
