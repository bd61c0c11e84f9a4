import yargs, { type Argv } from 'yargs';
import { InputError } from '../trace/errors.ts';
import { version } from '../version.ts';
import type { CommandContext } from './context.ts';
import { describeError, isInterruption, stackOf } from './errors.ts';
import { inOurWords } from './messages.ts';
import { flag, guardWords } from './options.ts';
import { isClosedPipe, watched } from './output.ts';

type EndWith = (status: number) => void;

type AddCommand = (words: Argv, context: CommandContext, endWith: EndWith) => Promise<Argv>;

/** Commands in the order of the help. Each is loaded when it is needed: half of a short run is loading code. */
const COMMANDS: Readonly<Record<string, AddCommand>> = {
  run: async (words, context) => words.command((await import('./run.ts')).runCommand(context)),
  sweep: async (words, context, endWith) =>
    words.command((await import('./sweep.ts')).sweepCommand(context, endWith)),
  reproduce: async (words, context, endWith) =>
    words.command((await import('./reproduce.ts')).reproduceCommand(context, endWith)),
  trace: async (words, context, endWith) =>
    words.command((await import('./trace.ts')).traceCommand(context, endWith)),
  system: async (words) => words.command((await import('./system.ts')).systemCommand()),
};

/** The commands that a line may mean: the one that it begins with, or all, for help and for hints. */
const candidates = ([first = '']: readonly string[]): readonly AddCommand[] =>
  Object.hasOwn(COMMANDS, first) ? [COMMANDS[first]!] : Object.values(COMMANDS);

/** Runs one command line (without the program's name) and gives the exit status. Never throws. */
export async function runCli(args: readonly string[], context: CommandContext): Promise<number> {
  try {
    let status = 0;
    const endWith: EndWith = (other) => {
      status = other;
    };
    await watched(async () => (await parser(args, context, endWith)).parseAsync());
    return status;
  } catch (thrown) {
    // Whatever the work ran into when it was interrupted, it was interrupted.
    const error: unknown = context.signal.aborted && !isInterruption(thrown) ? context.signal.reason : thrown;
    // A reader that has seen enough (head) closes the pipe: that is its right, not an error.
    if (isClosedPipe(error)) return 0;
    context.progress.clear();
    const { message, status } = describeError(error);
    const text = asksForStack(args) && error instanceof Error ? stackOf(error) : message;
    process.stderr.write(`vmtax: ${text}\n`);
    return status;
  }
}

/** Whether `--debug` is there, and not among the words of a command to record. */
function asksForStack(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end < 0 ? args.length : end).includes('--debug');
}

async function parser(args: readonly string[], context: CommandContext, endWith: EndWith) {
  const words = yargs(guardWords(args));
  for (const add of candidates(args)) await add(words, context, endWith);
  return words
    .scriptName('vmtax')
    .usage('$0 <command>\n\nWhat a virtual machine monitor costs a workload, and where the cost goes.')
    .locale('en')
    .parserConfiguration({
      'boolean-negation': false,
      'greedy-arrays': false,
      'camel-case-expansion': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'dot-notation': false,
    })
    .option('debug', { type: 'boolean', describe: 'show the stack of an error', coerce: flag('debug') })
    .demandCommand(1, 'name a command: run, sweep, reproduce, trace or system')
    .recommendCommands()
    .strict()
    .version(version())
    .help()
    .epilogue(
      'Where a trace is asked for, workload:NAME?parameter=value is a synthetic one: vmtax trace workloads lists them, docs/workloads.md describes them. vms:TRACE*2,TRACE runs several traces as virtual machines: docs/virtual-machines.md.',
    )
    .alias('help', 'h')
    .completion('completion', 'print a script for shell completion')
    .wrap(Math.min(100, process.stdout.columns ?? 80))
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail((message, error) => {
      // What a `coerce` throws arrives as an error of yargs, too; what a command throws stays what it is.
      if (error && error.name !== 'YError') throw error;
      throw new InputError(inOurWords(error?.message ?? message, args));
    });
}
