import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { InputError } from '../trace/errors.ts';
import { isSystemError, systemReason } from '../trace/system-errors.ts';
import { makeDirectory } from './make-directory.ts';
import { OUTPUTS } from './outputs.ts';
import type { Block } from './price-cells.ts';

/**
 * A directory of finished units, one file each. A file appears whole (written under a temporary name, synchronised,
 * renamed) or not at all, so whoever is killed loses the unit at hand and no other. Several processes may write
 * into one directory: of one unit they write the same bytes.
 *
 * A file is a line with the CRC-32 (hexadecimal) of all that follows, a line of JSON, and the columns that differ
 * from row to row as 64-bit little-endian floating-point numbers, one column after the other.
 */

export interface Journal {
  readonly directory: string;
  /** Ids of the units that are there. */
  readonly done: () => Promise<Set<string>>;
  readonly write: (id: string, block: Block) => Promise<void>;
  /** The unit's results; null where they are missing or damaged. */
  readonly read: (id: string) => Promise<Block | null>;
  /** Notes that a unit could not be done; what is noted is tried again by the next run. */
  readonly fail: (id: string, message: string) => Promise<void>;
  /** Why a unit could not be done, or null. */
  readonly failure: (id: string) => Promise<string | null>;
  /** Removes what killed processes have left of units that others have finished since. */
  readonly sweepUp: () => Promise<void>;
}

const DONE = '.unit';
const FAILED = '.failed';
const SCHEMA = 'vmtax.sweep-unit/1';

/**
 * Opens, and makes where it is missing, the journal in a directory. `durable`: units survive a crash of the machine,
 * for which each waits for the disk. Throws InputError.
 */
export async function openJournal(directory: string, durable: boolean): Promise<Journal> {
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (!isSystemError(error)) throw error;
      throw new InputError(`${directory}: ${systemReason(error, 'cannot be written')}`, { cause: error });
    }
  };
  const pathOf = (id: string, kind: string): string => join(directory, `${id}${kind}`);
  await guarded(() => makeDirectory(directory));
  return {
    directory,
    done: async () => {
      const names = await guarded(() => readdir(directory));
      return new Set(names.filter((name) => name.endsWith(DONE)).map((name) => name.slice(0, -DONE.length)));
    },
    write: (id, block) =>
      guarded(async () => {
        await writeWhole(pathOf(id, DONE), encodeUnit(id, block), durable);
        await rm(pathOf(id, FAILED), { force: true });
      }),
    read: async (id) => decodeUnit(id, await readOrNull(pathOf(id, DONE))),
    fail: (id, message) =>
      guarded(() => writeWhole(pathOf(id, FAILED), Buffer.from(`${message}\n`), durable)),
    failure: async (id) => (await readOrNull(pathOf(id, FAILED)))?.toString('utf8').trimEnd() ?? null,
    sweepUp: () =>
      guarded(async () => {
        const names = await readdir(directory);
        const finished = new Set(names);
        for (const name of names) {
          const [whole] = name.split(TEMPORARY);
          if (name !== whole && finished.has(whole!)) await rm(join(directory, name), { force: true });
        }
      }),
  };
}

const TEMPORARY = '.tmp-';

/** Writes a file that is there whole or not at all; `durable`: even if the machine stops. */
export async function writeWhole(path: string, bytes: Uint8Array, durable: boolean): Promise<void> {
  const temporary = `${path}${TEMPORARY}${process.pid}-${randomBytes(4).toString('hex')}`;
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(bytes);
      if (durable) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

async function readOrNull(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isSystemError(error) && error.code === 'ENOENT') return null;
    throw error;
  }
}

interface Head {
  readonly schema: typeof SCHEMA;
  readonly id: string;
  readonly rows: number;
  /** By output: the value of all rows, or null: a column follows. */
  readonly columns: readonly (number | null)[];
  readonly failures: Block['failures'];
}

function encodeUnit(id: string, { rows, columns, failures }: Block): Buffer {
  const head: Head = {
    schema: SCHEMA,
    id,
    rows,
    columns: columns.map((column) => (typeof column === 'number' ? column : null)),
    failures,
  };
  const body = Buffer.concat([
    Buffer.from(`${JSON.stringify(head)}\n`),
    ...columns.flatMap((column) =>
      typeof column === 'number' ? [] : [Buffer.from(column.buffer, column.byteOffset, column.byteLength)],
    ),
  ]);
  return Buffer.concat([Buffer.from(`${crc32(body).toString(16).padStart(8, '0')}\n`), body]);
}

/** What a file says, or null where it is none, damaged, or of another version. */
function decodeUnit(id: string, bytes: Buffer | null): Block | null {
  const start = bytes === null ? -1 : bytes.indexOf(10) + 1;
  if (bytes === null || start !== 9) return null;
  const body = bytes.subarray(start);
  if (crc32(body) !== Number.parseInt(bytes.toString('latin1', 0, start - 1), 16)) return null;
  const end = body.indexOf(10);
  const head = JSON.parse(body.toString('utf8', 0, end)) as Head;
  if (head.schema !== SCHEMA || head.id !== id || head.columns.length !== OUTPUTS.length) return null;
  let at = end + 1;
  const columns = head.columns.map((value) => {
    if (value !== null) return value;
    // A copy, which begins where numbers may begin.
    const column = new Float64Array(head.rows);
    new Uint8Array(column.buffer).set(body.subarray(at, at + column.byteLength));
    at += column.byteLength;
    return column;
  });
  return { rows: head.rows, columns, failures: head.failures };
}
