import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { cleanText } from '../report/words.ts';
import { InputError } from '../trace/errors.ts';
import { lackeyFormat } from '../trace/formats/lackey.ts';
import { type StoreOptions, writeStore } from '../trace/store/write.ts';
import type { CommandContext } from './context.ts';
import { findProgram } from './programs.ts';

/** File descriptor that Valgrind writes the trace to; the command keeps its own three. */
const TRACE_FD = 3;

/**
 * Runs a command under Valgrind Lackey, which prints every reference as text, and writes the store as the
 * text arrives. The command's own input and output are its own; what we say goes to standard error. Gives
 * the command's exit status (128 + the signal that ended it, as a shell does).
 */
export async function record(
  command: readonly string[],
  path: string,
  options: StoreOptions,
  context: CommandContext,
): Promise<number> {
  const name = command[0]!;
  const valgrind = findProgram('valgrind');
  if (valgrind === null)
    throw new InputError(
      'valgrind is not installed, and recording runs the command under it: install it (Debian: apt-get install valgrind)',
    );
  if (findProgram(name) === null)
    throw new InputError(`${name}: no such command, or it may not be executed; nothing was recorded`);

  const child = spawn(
    valgrind,
    [
      ...['--tool=lackey', '--trace-mem=yes', '--basic-counts=no', `--log-fd=${TRACE_FD}`],
      // The lines of a forked child carry no process number and would mix with the command's own.
      '--child-silent-after-fork=yes',
      ...command,
    ],
    { stdio: ['inherit', 'inherit', 'inherit', 'pipe'] },
  );
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  exit.catch(() => {});
  const stop = (): void => {
    child.kill();
    // The command may have left the descriptor to a process that lives on.
    child.stdio[TRACE_FD]?.destroy();
  };
  context.signal.addEventListener('abort', stop);
  try {
    await once(child, 'spawn');
    const trace = await lackeyFormat.open(
      {
        label: `valgrind ${command.join(' ')}`,
        path: null,
        isDirectory: false,
        head: new Uint8Array(0),
        compression: null,
        stream: () => counted(child.stdio[TRACE_FD] as Readable, name, context),
      },
      {},
    );
    const provenance = { ...trace.header.provenance, command: command.join(' ') };
    const named = { ...trace, header: { ...trace.header, name, provenance } };
    const summary = await writeStore(named, path, { ...options, signal: context.signal });
    const [status, signal] = await exit;
    context.progress.clear();
    const references = summary.instructions + summary.loads + summary.stores;
    const ended = signal === null ? `status ${status}` : `signal ${signal}`;
    const aside = status === 0 ? '' : `; ${name} ended with ${ended}`;
    process.stderr.write(`vmtax: ${cleanText(`wrote ${path}: ${references} references${aside}`)}\n`);
    return signal === null ? (status ?? 0) : 128 + constants.signals[signal];
  } finally {
    context.signal.removeEventListener('abort', stop);
    stop();
  }
}

async function* counted(text: Readable, name: string, context: CommandContext): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of text) {
    bytes += (piece as Buffer).length;
    context.progress.update(`recording ${name} (bytes of trace text)`, bytes, 0);
    yield piece as Buffer;
  }
}
