import type { ArgumentsCamelCase, CommandModule } from 'yargs';
import { DEFAULT_SCALE, DEFAULT_SEED, EXPERIMENTS } from '../paper/experiments.ts';
import { parseSetting } from '../paper/inputs.ts';
import { PARAMETERS } from '../paper/parameters.ts';
import { MISPRINTS } from '../paper/published.ts';
import { reproduce, SPREAD } from '../paper/reproduce.ts';
import { EXHIBITS, type Exhibit, type Experiment } from '../paper/types.ts';
import { type ReproductionResult, renderReproductionJson } from '../report/reproduction/schema.ts';
import { renderReproduction } from '../report/reproduction/text.ts';
import { cleanText } from '../report/words.ts';
import { MOST_SEED } from '../sweep/plan.ts';
import { InputError } from '../trace/errors.ts';
import { version } from '../version.ts';
import { wantsColor } from './color.ts';
import type { CommandContext } from './context.ts';
import { createExperimentPool } from './experiment-pool.ts';
import { flag, positiveNumber, single, wholeNumber, words } from './options.ts';
import { checkOutputs, print, writeOutput } from './output.ts';
import { commandLine } from './programs.ts';

interface ReproduceArguments {
  readonly exhibits?: readonly string[];
  readonly html?: string;
  readonly json?: string;
  readonly scale?: number;
  readonly seed?: number;
  readonly set?: readonly string[];
  readonly spread: boolean;
  readonly check: boolean;
}

/** Exit status under `--check` where a floor is missed. */
const EXIT_MISSED = 1;

/** `experiments`: those that there are; tests have others. */
export function reproduceCommand(
  context: CommandContext,
  endWith: (status: number) => void,
  experiments: readonly Experiment[] = EXPERIMENTS,
): CommandModule<object, ReproduceArguments> {
  return {
    command: 'reproduce [exhibits..]',
    describe: 'Reproduce the tables and figures of the Disco paper beside the published numbers',
    builder: (yargs) =>
      yargs
        .positional('exhibits', {
          type: 'string',
          array: true,
          describe: `which of ${EXHIBITS.join(', ')} (default: all)`,
          coerce: words<readonly string[] | undefined>,
        })
        .option('html', {
          type: 'string',
          requiresArg: true,
          describe: 'write the reproduction as one HTML page',
          coerce: single('html'),
        })
        .option('json', {
          type: 'string',
          requiresArg: true,
          describe: 'write the whole result as JSON (- is standard output)',
          coerce: single('json'),
        })
        .option('scale', {
          type: 'string',
          requiresArg: true,
          describe: `fraction of the paper’s run lengths to simulate (default ${DEFAULT_SCALE})`,
          coerce: positiveNumber('scale', 1),
        })
        .option('seed', {
          type: 'string',
          requiresArg: true,
          describe: `seed of the synthetic workloads and of random replacement (default ${DEFAULT_SEED})`,
          coerce: wholeNumber('seed', 0, MOST_SEED),
        })
        .option('spread', {
          type: 'boolean',
          describe: 'run at twice and four times the scale, too, and show every number at each',
          coerce: flag('spread'),
        })
        .option('set', {
          type: 'string',
          array: true,
          requiresArg: true,
          describe: 'path=value of an input (docs/ledger.md lists them); may be repeated',
          coerce: words<readonly string[] | undefined>,
        })
        .option('check', {
          type: 'boolean',
          describe: 'end with status 1 if a floor is missed',
          coerce: flag('check'),
        })
        .example('$0 reproduce --html reproduction.html', 'everything, as a page')
        .example('$0 reproduce figure5 table2', 'two exhibits in the terminal') as never,
    handler: (args) => run(args, context, endWith, experiments),
  };
}

async function run(
  args: ArgumentsCamelCase<ReproduceArguments>,
  context: CommandContext,
  endWith: (status: number) => void,
  experiments: readonly Experiment[],
): Promise<void> {
  const exhibits = exhibitsOf(args.exhibits ?? []);
  const settings = (args.set ?? []).map(parseSetting);
  const scale = args.scale ?? DEFAULT_SCALE;
  const longest = SPREAD.at(-1)!;
  if (args.spread && scale * longest > 1)
    throw new InputError(
      `--spread runs at ${longest} times the scale, which may be ${1 / longest} at most; it is ${scale}`,
    );
  await checkOutputs({ '--json': args.json, '--html': args.html });
  const reproduction = await reproduce(experiments, {
    exhibits,
    parameters: PARAMETERS,
    settings,
    scale,
    seed: args.seed ?? DEFAULT_SEED,
    spread: args.spread,
    // Experiments of a test have no thread that knows them.
    ...(experiments === EXPERIMENTS && { run: createExperimentPool() }),
    signal: context.signal,
    progress: (what, done) => context.progress.update(`reproducing: ${what}`, done, 1),
  });
  context.progress.clear();
  const result: ReproductionResult = {
    schema: 'vmtax.reproduction/1',
    tool: { name: 'vmtax', version: version() },
    ...reproduction,
    misprints: MISPRINTS,
  };
  await write(result, args);
  if (args.check && result.scores.some(({ verdict }) => verdict === 'missed')) endWith(EXIT_MISSED);
}

function exhibitsOf(names: readonly string[]): readonly Exhibit[] {
  if (names.length === 0) return EXHIBITS;
  const isExhibit = (name: string): name is Exhibit => (EXHIBITS as readonly string[]).includes(name);
  return names.map((name) => {
    if (!isExhibit(name))
      throw new InputError(`no exhibit ${JSON.stringify(name)}: name some of ${EXHIBITS.join(', ')}`);
    return name;
  });
}

async function write(
  result: ReproductionResult,
  args: ArgumentsCamelCase<ReproduceArguments>,
): Promise<void> {
  // All outputs are made before the first is written.
  const html = args.html === undefined ? null : await renderPage(result);
  const json = args.json === undefined ? null : renderReproductionJson(result);
  if (args.json !== undefined && json !== null) await writeOutput(args.json, json);
  if (args.html !== undefined && html !== null) await writeOutput(args.html, html);
  if ([args.json, args.html].includes('-')) return;
  const width = process.stdout.isTTY ? (process.stdout.columns ?? 80) : 80;
  await print(renderReproduction(result, { width, color: wantsColor(process.stdout, process.env) }));
  for (const path of [args.json, args.html])
    if (path !== undefined) await print(`wrote ${cleanText(path)}\n`);
}

/** Vega is loaded for a page alone: it costs more start-up time than everything else together. */
async function renderPage(result: ReproductionResult): Promise<string> {
  const { renderReproductionPage } = await import('../report/reproduction/page.ts');
  return renderReproductionPage(result, {
    commandLine: commandLine(),
  });
}
