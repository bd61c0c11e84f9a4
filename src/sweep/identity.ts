import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isVmsSpec, parseVms, tracesIn } from '../trace/compose/spec.ts';
import { InputError } from '../trace/errors.ts';
import { isSystemError, systemReason } from '../trace/system-errors.ts';
import { isWorkloadSpec, WORKLOAD_PREFIX } from '../trace/workloads/spec.ts';
import type { Plan } from './types.ts';

/**
 * What a trace is, whatever its file is called: a hash of the content and of how it is read. Results of a sweep
 * are kept under it, so a trace that has changed is another trace.
 */
export async function traceIdentity(
  name: string,
  { format, skipBadLines }: Pick<Plan, 'format' | 'skipBadLines'>,
  signal?: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify([format, skipBadLines]));
  if (isVmsSpec(name)) {
    // Which trace drives which machine, not what they are called.
    const { machines, offset, slice } = parseVms(name);
    const names = tracesIn(name);
    hash.update(JSON.stringify([machines.map((machine) => names.indexOf(machine)), offset, slice]));
  }
  for (const part of tracesIn(name)) {
    const file = fileOf(part);
    if (file !== null) await addFile(hash, file, signal);
    hash.update(JSON.stringify(file === null ? part : parametersOf(part)));
  }
  return hash.digest('hex');
}

/** The file that a name of a trace reads, or null: a workload that ships is its name. */
function fileOf(name: string): string | null {
  if (!isWorkloadSpec(name)) return name;
  const [file] = name.slice(WORKLOAD_PREFIX.length).split('?', 1);
  return /\.ya?ml$/i.test(file!) ? file! : null;
}

const parametersOf = (name: string): string => (isWorkloadSpec(name) ? name.replace(/^[^?]*/, '') : '');

async function addFile(
  hash: ReturnType<typeof createHash>,
  path: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    if ((await stat(path)).isDirectory()) {
      const names = (await readdir(path, { recursive: true })).sort();
      for (const name of names) {
        const inside = join(path, name);
        hash.update(`${name}\0`);
        // A link to nothing has no content.
        const info = await stat(inside).catch(absent);
        if (info?.isFile()) await addFile(hash, inside, signal);
      }
      return;
    }
    let length = 0;
    for await (const bytes of createReadStream(path, { signal, highWaterMark: 1 << 20 })) {
      hash.update(bytes as Buffer);
      length += (bytes as Buffer).length;
    }
    hash.update(`\0${length}`);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new InputError(`${path}: ${systemReason(error, 'cannot be read')}`);
  }
}

function absent(error: unknown): null {
  if (isSystemError(error) && error.code === 'ENOENT') return null;
  throw error;
}
