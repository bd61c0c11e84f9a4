import type { CommandModule } from 'yargs';
import { InputError } from '../trace/errors.ts';
import { openTrace } from '../trace/formats/registry.ts';
import { ingest } from '../trace/ingest.ts';
import { writeStore } from '../trace/store/write.ts';
import { traceTotals } from '../trace/totals.ts';
import type { Trace, TraceSummary } from '../trace/types.ts';
import { headOf } from './head.ts';
import { flag, single, wholeNumber } from './options.ts';
import { checkOutputs, print } from './output.ts';
import { record } from './record.ts';
import type { Session } from './session.ts';

interface OpenArguments {
  readonly trace: string;
  readonly format?: string;
  readonly 'skip-bad-lines': boolean;
}

/** `vmtax trace info|convert|head|record`. */
export function traceCommand(session: Session): CommandModule {
  const open = (args: OpenArguments): Promise<Trace> =>
    openTrace(args.trace, {
      ...(args.format === undefined ? {} : { format: args.format }),
      skipBadLines: args['skip-bad-lines'],
      progress: (done, total) => session.progress.update(`reading ${args.trace}`, done, total),
    });
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
    describe: 'file or directory; - is standard input',
  } as const;
  const quality = {
    type: 'string',
    requiresArg: true,
    describe: 'compression effort, 0 (none) to 11 (smallest)',
    coerce: wholeNumber('quality', 0, 11),
  } as const;

  return {
    command: 'trace <action>',
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
          async (args) => info(await open(args as never), Boolean(args.totals), Boolean(args.json), session),
        )
        .command(
          'convert <trace> <store>',
          "write a trace as a store, vmtax's own compact format",
          (y) =>
            y
              .positional('trace', trace)
              .positional('store', { type: 'string', demandOption: true, describe: 'file to write' })
              .options(input)
              .option('quality', quality),
          async (args) => {
            await checkOutputs({ store: args.store });
            await convert(await open(args as never), args.store, args.quality as number | undefined, session);
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
                describe: 'how many (default 20)',
                coerce: wholeNumber('records', 1),
              }),
          async (args) => {
            const opened = await open(args as never);
            try {
              for await (const line of headOf(opened, (args.records as number | undefined) ?? 20))
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
              })
              .option('output', {
                alias: 'o',
                type: 'string',
                requiresArg: true,
                demandOption: true,
                describe: 'store to write',
                coerce: single('output'),
              })
              .option('quality', quality)
              .example('$0 trace record -o ls.vmt -- ls -l', ''),
          async (args) => {
            const output = args.output as string;
            if (output === '-') throw new InputError('--output -: a store is written to a file; name one');
            await checkOutputs({ output });
            await record(args.command as string[], output, args.quality as number | undefined, session);
          },
        )
        .demandCommand(1, 'name an action: info, convert, head or record'),
    handler: () => {},
  };
}

async function convert(
  trace: Trace,
  path: string,
  quality: number | undefined,
  session: Session,
): Promise<void> {
  if (path === '-') throw new InputError('a store is written to a file: name one');
  try {
    const summary = await writeStore(trace, path, {
      ...(quality === undefined ? {} : { quality }),
      signal: session.signal,
    });
    session.progress.clear();
    const references = summary.instructions + summary.loads + summary.stores;
    await print(`wrote ${path}: ${references} references\n`);
  } finally {
    await trace.close();
  }
}

async function info(opened: Trace, wantTotals: boolean, asJson: boolean, session: Session): Promise<void> {
  const trace = await ingest(opened, { signal: session.signal });
  try {
    const summary = trace.summary()!;
    const totals = wantTotals ? await traceTotals(trace) : summary.totals;
    session.progress.clear();
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
    ...Object.entries(totals).map(([key, value]): [string, string] => [key, grouped(value)]),
  ];
  const width = Math.max(...rows.map(([key]) => key.length));
  return rows.map(([key, value]) => `${key.padEnd(width)}  ${value.replace(/\s+/g, ' ')}\n`).join('');
}
