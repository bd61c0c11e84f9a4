import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ArgumentsCamelCase, CommandModule } from 'yargs';
import type { Comparison, RunResult } from '../model/result.ts';
import { baselineFirst, compareWithTallies } from '../model/run.ts';
import { difference, ledger } from '../model/systems/ledger.ts';
import {
  applyOverrides,
  type MachinePart,
  parseMachine,
  parseOverride,
  parseSystem,
  presetSystem,
  withMachine,
} from '../model/systems/load.ts';
import { defaultSystems, PRESETS } from '../model/systems/presets.ts';
import type { System } from '../model/systems/schema.ts';
import type { Tally } from '../model/tally.ts';
import { renderCsv } from '../report/csv.ts';
import { renderJson } from '../report/json.ts';
import { renderText } from '../report/text.ts';
import { cleanText } from '../report/words.ts';
import { tracesIn } from '../trace/compose/spec.ts';
import { InputError } from '../trace/errors.ts';
import { openTrace } from '../trace/formats/registry.ts';
import { ingest } from '../trace/ingest.ts';
import { readText } from '../trace/text-file.ts';
import type { Trace } from '../trace/types.ts';
import { shippedTraces, version } from '../version.ts';
import { wantsColor } from './color.ts';
import type { CommandContext } from './context.ts';
import { flag, list, single, wholeNumber, words } from './options.ts';
import { checkOutputs, print, writeOutput } from './output.ts';
import { commandLine } from './programs.ts';

interface RunArguments {
  readonly traces?: readonly string[];
  readonly shipped: boolean;
  readonly systems?: readonly string[];
  readonly baseline?: string;
  readonly machine?: string;
  readonly set?: readonly string[];
  readonly warmup?: number;
  readonly seeds?: number;
  readonly format?: string;
  readonly json?: string;
  readonly csv?: string;
  readonly html?: string;
  readonly 'skip-bad-lines': boolean;
}

/** Enough to see whether chance matters. */
const DEFAULT_SEEDS = 3;

export function runCommand(context: CommandContext): CommandModule<object, RunArguments> {
  return {
    command: 'run [traces..]',
    describe: 'Replay traces through systems and compare where the time goes',
    builder: (yargs) =>
      yargs
        .positional('traces', {
          type: 'string',
          array: true,
          describe:
            'trace files, directories, workload:NAME?parameter=value (see vmtax trace workloads) or vms:TRACE*2,TRACE for several virtual machines; - is standard input',
          coerce: words<readonly string[] | undefined>,
        })
        .option('shipped', {
          type: 'boolean',
          describe: 'the recorded system traces that ship with vmtax',
          coerce: flag('shipped'),
        })
        .option('systems', {
          type: 'string',
          requiresArg: true,
          describe: 'presets or YAML files, separated by commas; the first is the baseline',
          coerce: list('systems'),
        })
        .option('baseline', {
          type: 'string',
          requiresArg: true,
          describe: 'system that the others are compared with',
          coerce: single('baseline'),
        })
        .option('machine', {
          type: 'string',
          requiresArg: true,
          describe: 'YAML file with the machine (and nothing else) for all systems',
          coerce: single('machine'),
        })
        .option('set', {
          type: 'string',
          array: true,
          requiresArg: true,
          describe: 'path=value, e.g. machine.tlb.entries=128 (or system:path=value); may be repeated',
          coerce: words<readonly string[] | undefined>,
        })
        .option('warmup', {
          type: 'string',
          requiresArg: true,
          describe: 'instructions that build state and are not counted (default: a tenth of the trace)',
          coerce: wholeNumber('warmup', 0),
        })
        .option('seeds', {
          type: 'string',
          requiresArg: true,
          describe: `seeds of the random TLB replacement to run, for the spread (default ${DEFAULT_SEEDS})`,
          coerce: wholeNumber('seeds', 1, 100),
        })
        .option('format', {
          type: 'string',
          requiresArg: true,
          describe: 'trace format (default: found by looking at the bytes)',
          coerce: single('format'),
        })
        .option('skip-bad-lines', {
          type: 'boolean',
          describe: 'text traces: skip and count lines that do not parse',
          coerce: flag('skip-bad-lines'),
        })
        .option('json', {
          type: 'string',
          requiresArg: true,
          describe: 'write the whole result as JSON (- is standard output)',
          coerce: single('json'),
        })
        .option('csv', {
          type: 'string',
          requiresArg: true,
          describe: 'write the breakdown as CSV',
          coerce: single('csv'),
        })
        .option('html', {
          type: 'string',
          requiresArg: true,
          describe: 'write the report as one HTML page',
          coerce: single('html'),
        })
        .example('$0 run trace.vmt --html report.html', 'native beside Disco, as a page')
        .example('$0 run trace.vmt --systems irix,disco --set machine.tlb.entries=128', '') as never,
    handler: (args) => run(args, context),
  };
}

async function run(args: ArgumentsCamelCase<RunArguments>, context: CommandContext): Promise<void> {
  const paths = await tracePaths(args);
  await checkOutputs({ '--json': args.json, '--csv': args.csv, '--html': args.html }, [
    ...paths.flatMap(tracesIn),
    ...(args.machine === undefined ? [] : [args.machine]),
    ...(args.systems ?? []),
  ]);
  const overrides = (args.set ?? []).map(parseOverride);
  const named = args.systems && (await Promise.all(args.systems.map(readSystem)));
  const machine = args.machine === undefined ? null : await readMachine(args.machine);
  const prepare = (systems: readonly System[]): System[] =>
    baselineFirst(
      applyOverrides(
        machine === null ? systems : systems.map((system) => withMachine(system, machine)),
        overrides,
      ),
      args.baseline ?? null,
    );
  // What is asked for by name is checked before any trace is read.
  const asked = named && prepare(named);

  const comparisons: Comparison[] = [];
  const tallies: (readonly Tally[])[] = [];
  for (const path of paths) {
    const opened = await openTrace(path, {
      ...(args.format === undefined ? {} : { format: args.format }),
      skipBadLines: args['skip-bad-lines'],
      signal: context.signal,
      progress: (done, total) => context.progress.update(`reading ${path}`, done, total),
    });
    const compared = await withOpen(opened, async () => {
      const systems = asked ?? prepare(defaultSystems(opened.header.level).map(presetSystem));
      return withOpen(await ingest(opened, { signal: context.signal }), (trace) =>
        compareWithTallies(trace, systems, {
          warmup: args.warmup ?? null,
          baseline: null,
          seeds: args.seeds ?? DEFAULT_SEEDS,
          signal: context.signal,
          progress: (done, total) => context.progress.update(`replaying ${path}`, done, total),
        }),
      );
    });
    comparisons.push(compared.comparison);
    tallies.push(compared.tallies);
  }
  context.progress.clear();

  const result: RunResult = {
    schema: 'vmtax.run/1',
    tool: { name: 'vmtax', version: version() },
    comparisons,
  };
  await write(result, tallies, args);
}

/** What `use` makes of a trace, which is closed whatever happens. */
async function withOpen<T>(trace: Trace, use: (trace: Trace) => Promise<T>): Promise<T> {
  try {
    return await use(trace);
  } finally {
    await trace.close();
  }
}

async function write(
  result: RunResult,
  tallies: readonly (readonly Tally[])[],
  args: RunArguments,
): Promise<void> {
  // All outputs are made before the first is written.
  const html = args.html === undefined ? null : await renderPage(result, tallies);
  const toStandardOutput = [args.json, args.csv, args.html].includes('-');
  if (args.json !== undefined) await writeOutput(args.json, renderJson(result));
  if (args.csv !== undefined) await writeOutput(args.csv, renderCsv(result));
  if (args.html !== undefined && html !== null) await writeOutput(args.html, html);
  if (toStandardOutput) return;
  const width = process.stdout.isTTY ? (process.stdout.columns ?? 80) : 80;
  const color = wantsColor(process.stdout, process.env);
  await print(renderText(result, { width, color }));
  for (const path of [args.json, args.csv, args.html])
    if (path !== undefined) await print(`wrote ${cleanText(path)}\n`);
}

/** Vega is loaded for a page alone: it costs more start-up time than everything else together. */
async function renderPage(result: RunResult, tallies: readonly (readonly Tally[])[]): Promise<string> {
  const { renderHtml } = await import('../report/html.ts');
  const systems = new Map(
    result.comparisons.flatMap(({ runs }) => runs.map((run) => [run.name, run.system] as const)),
  );
  const { html } = await renderHtml(result, {
    ledger: (name) => ledger(systems.get(name)!),
    difference: (a, b) => difference(systems.get(a)!, systems.get(b)!),
    tallies,
    commandLine: commandLine(),
  });
  return html;
}

async function tracePaths(args: RunArguments): Promise<readonly string[]> {
  const given = args.traces ?? [];
  if (!args.shipped) {
    if (given.length === 0) throw new InputError('name a trace, or --shipped for those that come with vmtax');
    if (new Set(given).size !== given.length) throw new InputError('a trace is named twice');
    return given;
  }
  if (given.length > 0) throw new InputError('give traces or --shipped, not both');
  const directory = fileURLToPath(shippedTraces());
  const files = (await readdir(directory)).filter((name) => name.endsWith('.vmt')).sort();
  if (files.length === 0) throw new InputError(`${directory}: holds no shipped traces; install vmtax again`);
  return files.map((name) => join(directory, name));
}

/** A preset by name, or a system in a YAML file. */
export async function readSystem(nameOrPath: string): Promise<System> {
  if (Object.hasOwn(PRESETS, nameOrPath)) return presetSystem(nameOrPath);
  if (!existsSync(nameOrPath)) return presetSystem(nameOrPath);
  return parseSystem(await readText(nameOrPath), nameOrPath);
}

/** The machine (and where its values come from) of a YAML file. */
async function readMachine(path: string): Promise<MachinePart> {
  return parseMachine(await readText(path), path);
}
