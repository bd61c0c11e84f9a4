import yargs from 'yargs';
import { InputError } from '../trace/errors.ts';
import { version } from '../version.ts';
import type { CommandContext } from './context.ts';
import { describeError, stackOf } from './errors.ts';
import { flag, guardWords, unguarded } from './options.ts';
import { isClosedPipe, watched } from './output.ts';
import { reproduceCommand } from './reproduce.ts';
import { runCommand } from './run.ts';
import { sweepCommand } from './sweep.ts';
import { systemCommand } from './system.ts';
import { traceCommand } from './trace.ts';

/** Runs one command line (without the program's name) and gives the exit status. Never throws. */
export async function runCli(args: readonly string[], context: CommandContext): Promise<number> {
  try {
    let status = 0;
    const endWith = (other: number): void => {
      status = other;
    };
    await watched(() => parser(args, context, endWith).parseAsync());
    return status;
  } catch (thrown) {
    // Whatever the work ran into when it was interrupted, it was interrupted.
    const error: unknown = context.signal.aborted ? context.signal.reason : thrown;
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

function parser(args: readonly string[], context: CommandContext, endWith: (status: number) => void) {
  return yargs(guardWords(args))
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
    .command(runCommand(context))
    .command(sweepCommand(context, endWith))
    .command(reproduceCommand(context, endWith))
    .command(traceCommand(context, endWith))
    .command(systemCommand())
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
      throw new InputError(inOurWords(error?.message ?? message));
    });
}

/** The messages of yargs that do not say what to do, in words that do. */
function inOurWords(message: string): string {
  const noValue = /^Not enough arguments following: (.*)$/.exec(message);
  if (noValue) return `--${noValue[1]} needs a value`;
  if (message.startsWith('--')) return message;
  const text = unguarded(message)
    .replace(/^Not enough non-option arguments: .*$/, 'an argument is missing')
    .replace(/^Missing required arguments?: output$/, 'missing option: -o/--output FILE')
    .replace(/^Missing required/, 'missing required')
    .replace(/^Unknown arguments?: /, 'unknown option or argument: ')
    .replace(/^Invalid values:\s+Argument: (.*), Given: (.*), Choices: (.*)$/, '--$1 $2: expected one of $3')
    .replace(/^Did you mean (.*)\?$/, 'unknown command; did you mean $1?');
  return `${text}${/[?]$/.test(text) ? ' see' : '; see'} vmtax --help`;
}
