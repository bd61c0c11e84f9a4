#!/usr/bin/env node
import yargs from 'yargs';
import { InputError } from '../trace/errors.ts';
import { version } from '../version.ts';
import { describeError } from './errors.ts';
import { flag } from './options.ts';
import { createProgress } from './progress.ts';
import { runCommand } from './run.ts';
import type { Session } from './session.ts';
import { systemCommand } from './system.ts';
import { traceCommand } from './trace.ts';

async function main(args: readonly string[]): Promise<number> {
  const controller = new AbortController();
  // The first Ctrl-C ends the work cleanly (temporary files go); the second one ends the process.
  const interrupt = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  // A reader that has seen enough (head) closes the pipe: that is its right, not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });

  const session: Session = { signal: controller.signal, progress: createProgress() };
  const debug = args.includes('--debug');
  try {
    await parser(args, session).parseAsync();
    return 0;
  } catch (error) {
    session.progress.clear();
    const { message, status } = describeError(controller.signal.aborted ? controller.signal.reason : error);
    process.stderr.write(debug && error instanceof Error ? `${error.stack}\n` : `vmtax: ${message}\n`);
    return status;
  }
}

function parser(args: readonly string[], session: Session) {
  return yargs([...args])
    .scriptName('vmtax')
    .usage('$0 <command>\n\nWhat a virtual machine monitor costs a workload, and where the cost goes.')
    .parserConfiguration({
      'boolean-negation': false,
      'greedy-arrays': false,
      'camel-case-expansion': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'dot-notation': false,
    })
    .command(runCommand(session))
    .command(traceCommand(session))
    .command(systemCommand())
    .option('debug', { type: 'boolean', describe: 'show the stack of an error', coerce: flag('debug') })
    .demandCommand(1, 'name a command')
    .recommendCommands()
    .strict()
    .version(version())
    .help()
    .alias('help', 'h')
    .completion('completion', 'print a script for shell completion')
    .wrap(Math.min(100, process.stdout.columns ?? 80))
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail((message, error) => {
      if (error) throw error;
      throw new InputError(`${message}; try vmtax --help`);
    });
}

process.exitCode = await main(process.argv.slice(2));
