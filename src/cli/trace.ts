import type { CommandModule } from 'yargs';
import { cleanText } from '../report/words.ts';
import { tracesIn } from '../trace/compose/spec.ts';
import { InputError } from '../trace/errors.ts';
import { openTrace } from '../trace/formats/registry.ts';
import { ingest } from '../trace/ingest.ts';
import type { Method } from '../trace/store/layout.ts';
import { QUALITIES, type StoreOptions, writeStore } from '../trace/store/write.ts';
import { traceTotals } from '../trace/totals.ts';
import type { Chunk, Trace, TraceSummary } from '../trace/types.ts';
import type { CommandContext } from './context.ts';
import { headOf } from './head.ts';
import { flag, single, wholeNumber, words } from './options.ts';
import { checkStoreOutput, print } from './output.ts';
import { record } from './record.ts';
import { workloadList } from './workloads.ts';

/** Records that `trace head` prints unless told otherwise. */
const HEAD_RECORDS = 20;

interface OpenArguments {
  readonly trace: string;
  readonly format?: string;
  readonly 'skip-bad-lines': boolean;
}

/** `vmtax trace info|convert|head|record|workloads`; `endWith` takes an exit status other than 0. */
export function traceCommand(context: CommandContext, endWith: (status: number) => void): CommandModule {
  const open = async (args: OpenArguments): Promise<Trace> =>
    interruptible(
      await openTrace(args.trace, {
        ...(args.format === undefined ? {} : { format: args.format }),
        skipBadLines: args['skip-bad-lines'],
        signal: context.signal,
        progress: (done, total) => context.progress.update(`reading ${args.trace}`, done, total),
      }),
      context.signal,
    );
  const input = {
    format: {
      type: 'string',
      requiresArg: true,
      describe: 'trace format (default: found by looking at the bytes)',
      coerce: single('format'),
    },
    'skip-bad-lines': {
      type: 'boolean',
      describe: 'text traces: skip and count lines that do not parse',
      coerce: flag('skip-bad-lines'),
    },
  } as const;
  const trace = {
    type: 'string',
    demandOption: true,
    describe: 'file, directory, workload:NAME?parameter=value or vms:TRACE*2,TRACE; - is standard input',
    coerce: words<string>,
  } as const;
  const storeOptions = {
    method: {
      type: 'string',
      choices: Object.keys(QUALITIES),
      requiresArg: true,
      describe: 'compression (default deflate, the fastest to read; brotli is smaller)',
      coerce: single('method'),
    },
    quality: {
      type: 'string',
      requiresArg: true,
      describe: 'compression effort: deflate 1 to 9, brotli 0 to 11 (smallest)',
      coerce: wholeNumber('quality', 0, 11),
    },
  } as const;

  return {
    command: 'trace',
    describe: 'Look at, convert and record traces',
    builder: (yargs) =>
      yargs
        .command(
          'info <trace>',
          'what a trace is and holds',
          (y) =>
            y
              .positional('trace', trace)
              .options(input)
              .option('totals', {
                type: 'boolean',
                describe: 'read it all and count everything, for checking',
                coerce: flag('totals'),
              })
              .option('json', { type: 'boolean', describe: 'as JSON', coerce: flag('json') }),
          async (args) => info(await open(args as never), Boolean(args.totals), Boolean(args.json), context),
        )
        .command(
          'convert <trace> <store>',
          "write a trace as a store, vmtax's own compact format",
          (y) =>
            y
              .positional('trace', trace)
              .positional('store', {
                type: 'string',
                demandOption: true,
                describe: 'file to write',
                coerce: words<string>,
              })
              .options(input)
              .options(storeOptions),
          async (args) => {
            const options = compressionOf(args as never);
            await checkStoreOutput('store', args.store, tracesIn(args.trace));
            await convert(await open(args as never), args.store, options, context);
          },
        )
        .command(
          'head <trace>',
          'print the first records readably',
          (y) =>
            y
              .positional('trace', trace)
              .options(input)
              .option('records', {
                alias: 'n',
                type: 'string',
                requiresArg: true,
                describe: `how many (default ${HEAD_RECORDS})`,
                coerce: wholeNumber('records', 1),
              }),
          async (args) => {
            const opened = await open(args as never);
            try {
              for await (const line of headOf(opened, (args.records as number | undefined) ?? HEAD_RECORDS))
                await print(`${line}\n`);
            } finally {
              await opened.close();
            }
          },
        )
        .command(
          'record <command..>',
          'run a command under Valgrind Lackey and write its trace as a store',
          (y) =>
            y
              .positional('command', {
                type: 'string',
                array: true,
                demandOption: true,
                describe: 'command and arguments, after --',
                coerce: words<readonly string[]>,
              })
              .option('output', {
                alias: 'o',
                type: 'string',
                requiresArg: true,
                demandOption: true,
                describe: 'store to write',
                coerce: single('output'),
              })
              .options(storeOptions)
              .example('$0 trace record -o ls.vmt -- ls -l', ''),
          async (args) => {
            const options = compressionOf(args as never);
            await checkStoreOutput('--output', args.output as string, []);
            endWith(await record(args.command as string[], args.output as string, options, context));
          },
        )
        .command('workloads', 'synthetic workloads, which can be named in place of a trace', {}, () =>
          print(workloadList()),
        )
        .demandCommand(1, 'name an action: info, convert, head, record or workloads'),
    handler: () => {},
  };
}

/** A trace whose reading stops at the next chunk once the signal is given. */
function interruptible(trace: Trace, signal: AbortSignal): Trace {
  async function* chunks(): AsyncGenerator<Chunk> {
    for await (const chunk of trace.chunks()) {
      signal.throwIfAborted();
      yield chunk;
    }
  }
  return { ...trace, chunks };
}

/** Checked here, so that a wrong effort is found before a command has been recorded. */
function compressionOf(args: { readonly method?: Method; readonly quality?: number }): StoreOptions {
  const { method = 'deflate', quality } = args;
  if (quality === undefined) return { method };
  if (method === 'none') throw new InputError(`--quality ${quality}: --method none has none; leave it out`);
  const [least, most] = QUALITIES[method];
  if (quality < least || quality > most)
    throw new InputError(`--quality ${quality}: ${method} takes ${least} to ${most}`);
  return { method, quality };
}

async function convert(
  trace: Trace,
  path: string,
  options: StoreOptions,
  context: CommandContext,
): Promise<void> {
  try {
    const summary = await writeStore(trace, path, { ...options, signal: context.signal });
    context.progress.clear();
    const references = summary.instructions + summary.loads + summary.stores;
    await print(`${cleanText(`wrote ${path}`)}: ${references} references\n`);
  } finally {
    await trace.close();
  }
}

async function info(
  opened: Trace,
  wantTotals: boolean,
  asJson: boolean,
  context: CommandContext,
): Promise<void> {
  const trace = await ingest(opened, { signal: context.signal });
  try {
    const summary = trace.summary()!;
    const totals = wantTotals ? await traceTotals(trace) : summary.totals;
    context.progress.clear();
    await print(
      asJson
        ? `${JSON.stringify({ header: trace.header, summary: { ...summary, totals } }, null, 2)}\n`
        : infoText(trace, summary, totals),
    );
  } finally {
    await trace.close();
  }
}

const grouped = (n: number): string => n.toLocaleString('en-US');

function infoText(trace: Trace, summary: TraceSummary, totals: Readonly<Record<string, number>>): string {
  const { header } = trace;
  const { refill } = summary;
  const rows: [string, string][] = [
    ['name', header.name],
    ['format', header.format],
    ['level', header.level === 'system' ? 'system (user and kernel recorded)' : 'user (user code alone)'],
    ['CPUs', String(header.cpus)],
    ...(header.vms === undefined ? [] : [['virtual machines', `${header.vms.length}`] as [string, string]]),
    [
      'addresses',
      `${header.addressBits} bits, physical pages ${header.physical ? 'recorded' : 'not recorded'}`,
    ],
    ['instructions', grouped(summary.instructions)],
    ['– outside refill episodes', grouped(summary.workloadInstructions)],
    ['loads', grouped(summary.loads)],
    ['stores', grouped(summary.stores)],
    ['events', grouped(summary.events)],
    ['translations', grouped(summary.translations)],
    ['address spaces', grouped(summary.spaces)],
    [
      'refill episodes',
      refill === null
        ? 'none recorded'
        : `${grouped(refill.count)}, ${(refill.instructions / refill.count).toFixed(1)} instructions each`,
    ],
    ...Object.entries(header.provenance).map(([key, value]): [string, string] => [
      `provenance: ${key}`,
      value,
    ]),
    ...Object.entries(totals)
      .filter(([key, value]) => value !== 0 || !key.includes('.'))
      .map(([key, value]): [string, string] => [key, grouped(value)]),
  ];
  const width = Math.max(...rows.map(([key]) => key.length));
  return rows.map(([key, value]) => `${cleanText(key).padEnd(width)}  ${cleanText(value)}\n`).join('');
}
