import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { InputError } from '../trace/errors.ts';
import { lackeyFormat } from '../trace/formats/lackey.ts';
import { writeStore } from '../trace/store/write.ts';
import { print } from './output.ts';
import type { Session } from './session.ts';

/** File descriptor that Valgrind writes the trace to; the command keeps its own three. */
const TRACE_FD = 3;

/**
 * Runs a command under Valgrind Lackey, which prints every reference as text, and writes the store as the
 * text arrives. The command's own input and output are its own.
 */
export async function record(
  command: readonly string[],
  path: string,
  quality: number | undefined,
  session: Session,
): Promise<void> {
  const child = spawn(
    'valgrind',
    ['--tool=lackey', '--trace-mem=yes', '--basic-counts=no', `--log-fd=${TRACE_FD}`, ...command],
    { stdio: ['inherit', 'inherit', 'inherit', 'pipe'], signal: session.signal },
  );
  const exit = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  const failure = once(child, 'error').then(([error]: NodeJS.ErrnoException[]) => {
    if (error?.code === 'ENOENT')
      throw new InputError(
        'valgrind is not installed, and recording runs the command under it: install it (Debian: apt-get install valgrind)',
      );
    throw error;
  });
  exit.catch(() => {});
  failure.catch(() => {});
  await Promise.race([once(child, 'spawn'), failure]);

  const text = child.stdio[TRACE_FD] as Readable;
  let bytes = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const piece of text) {
      bytes += (piece as Buffer).length;
      session.progress.update(`recording ${command[0]} (bytes of trace text)`, bytes, 0);
      yield piece as Buffer;
    }
  }
  const trace = await lackeyFormat.open(
    {
      label: `valgrind ${command.join(' ')}`,
      path: null,
      isDirectory: false,
      head: new Uint8Array(0),
      compression: null,
      stream: counted,
    },
    {},
  );
  const named = {
    ...trace,
    header: {
      ...trace.header,
      name: command[0]!,
      provenance: { ...trace.header.provenance, command: command.join(' ') },
    },
  };
  const summary = await writeStore(named, path, {
    ...(quality === undefined ? {} : { quality }),
    signal: session.signal,
  });
  const [status, signal] = await exit;
  session.progress.clear();
  const references = summary.instructions + summary.loads + summary.stores;
  await print(`wrote ${path}: ${references} references\n`);
  if (status !== 0)
    process.stderr.write(
      `vmtax: note: ${command[0]} ended with ${signal === null ? `status ${status}` : `signal ${signal}`}; its trace was written\n`,
    );
}
