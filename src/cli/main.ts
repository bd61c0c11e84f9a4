#!/usr/bin/env node
import './v8-flags.ts';
import { setMaxListeners } from 'node:events';
import { constants } from 'node:os';
import { runCli } from './cli.ts';
import { describeError } from './errors.ts';
import { createProgress } from './progress.ts';

const controller = new AbortController();
// Each thread of the work listens to it, however many there are.
setMaxListeners(0, controller.signal);
let interrupted = 0;

const interrupt = (signal: NodeJS.Signals): void => {
  interrupted = 128 + constants.signals[signal];
  // The first one ends the work cleanly (temporary files go); the second one ends the process.
  if (controller.signal.aborted) process.exit(interrupted);
  controller.abort();
  // Whoever waits for a pipe that stays silent is woken up.
  process.stdin.destroy();
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt);
// Each write tells its caller when it fails (`print`); without a listener Node would end the process.
process.stdout.on('error', () => {});
// A terminal that is gone (SIGHUP) takes no messages.
process.stderr.on('error', () => {});
// What no caller waits for (an event of a stream that nobody listens to) is a defect, said in one line.
process.on('uncaughtException', (error) => {
  const { message, status } = describeError(error);
  process.stderr.write(`vmtax: ${message}\n`);
  process.exit(status);
});

const status = await runCli(process.argv.slice(2), {
  signal: controller.signal,
  progress: createProgress(),
});
process.exitCode = interrupted || status;
