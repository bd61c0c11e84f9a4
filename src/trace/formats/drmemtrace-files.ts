import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { crc32, gunzipSync, constants as zlibConstants } from 'node:zlib';
import type yauzl from 'yauzl';
import { detectCompression, unsupportedCompression } from '../compression/detect.ts';
import { InputError } from '../errors.ts';
import { openInput } from '../input.ts';
import { MOST_CPUS } from '../types.ts';
import { beginsLikeTrace, beginsLikeZip } from './drmemtrace-records.ts';
import type { Input } from './format.ts';

/** Threads, or cores of a core-sharded trace, that a trace may have. */
export const MAX_THREADS = MOST_CPUS;

/** Many files are read at once, so each reads little at a time. */
const READ_BYTES = 1 << 17;

/** What DynamoRIO writes beside the thread files. */
const SIDE_FILE =
  /^(\.|readme|serial_schedule|cpu_schedule|modules|funclist|encodings?\.|v2p|pt_|kernel\.raw|.*\.(log|textproto|txt|md|json|ya?ml)$)/i;

/** One thread's records, decompressed. `stream()` may be called again. */
export interface ThreadFile {
  readonly label: string;
  readonly bytes: number;
  /** First records, or nothing where only `stream()` can tell. */
  readonly head: Uint8Array;
  readonly stream: () => AsyncIterable<Uint8Array>;
  readonly position: () => number;
}

/** Whether a directory holds drmemtrace files, directly or in `trace/`. Looks into the files, not at names. */
export function isTraceDirectory(path: string): boolean {
  try {
    return candidates(path).some((file) => looksLikeThread(headOf(file)));
  } catch {
    return false; // unreadable: not recognised here, and opening says why
  }
}

function looksLikeThread(head: Uint8Array): boolean {
  if (beginsLikeZip(head) || beginsLikeTrace(head)) return true;
  const compression = detectCompression(head);
  if (compression !== 'gz') return compression !== null || unsupportedCompression(head) !== null;
  try {
    return beginsLikeTrace(gunzipSync(head, { finishFlush: zlibConstants.Z_SYNC_FLUSH }));
  } catch {
    return true; // corrupt: opening says where
  }
}

/** The thread files of a directory, or the one file that the input is. Throws InputError. */
export async function threadFiles(input: Input): Promise<ThreadFile[]> {
  if (!input.isDirectory) return [await single(input)];
  let paths: string[];
  try {
    paths = candidates(input.label);
  } catch (error) {
    throw new InputError(`${input.label}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  if (paths.length === 0) throw new InputError(`${input.label}: holds no trace file`);
  if (paths.length > MAX_THREADS) {
    throw new InputError(
      `${input.label}: has ${paths.length} thread files, more than the ${MAX_THREADS} that can be replayed; leave some out`,
    );
  }
  const files: ThreadFile[] = [];
  for (const path of paths) {
    const opened = await openInput(path, { readBytes: READ_BYTES });
    if (!beginsLikeZip(opened.head) && !beginsLikeTrace(opened.head)) {
      throw new InputError(`${path}: is not a drmemtrace file; move it out of the trace directory`);
    }
    // The xz decoder serves one stream at a time; merging reads all of them at once.
    if (opened.compression === 'xz' && paths.length > 1) {
      throw new InputError(`${path}: xz is not read for thread files; recompress them with gzip or zstd`);
    }
    files.push(await single(opened));
  }
  return files;
}

async function single(input: Input): Promise<ThreadFile> {
  if (!beginsLikeZip(input.head)) {
    const bytes = input.path === null ? 0 : statSync(input.path).size;
    const position = (): number => input.position?.().done ?? 0;
    return { label: input.label, bytes, head: input.head, stream: input.stream, position };
  }
  const path = input.path;
  if (path === null) {
    throw new InputError(`${input.label}: a zip archive cannot be read from a pipe; name the file`);
  }
  let done = 0;
  return {
    label: input.label,
    bytes: statSync(path).size,
    head: new Uint8Array(0),
    stream: () => {
      done = 0;
      return zipMembers(input.label, path, (bytes) => {
        done += bytes;
      });
    },
    position: () => done,
  };
}

/** All members of the archive, one after the other: `chunk.0000`, `chunk.0001`… */
async function* zipMembers(
  label: string,
  path: string,
  progress: (compressedBytes: number) => void,
): AsyncGenerator<Uint8Array> {
  let zip: yauzl.ZipFile | null = null;
  try {
    // Loaded when it is needed, for start-up time.
    const { default: reader } = await import('yauzl');
    zip = await reader.openPromise(path, { lazyEntries: true, autoClose: false });
    let expected = 0;
    for await (const entry of zip.eachEntry()) {
      if (Number(/^chunk\.(\d{1,9})$/.exec(entry.fileName)?.[1] ?? -1) !== expected) {
        throw new InputError(
          `${label}: member ${JSON.stringify(entry.fileName.slice(0, 60))} stands where chunk ${expected} should be; the archive is not a drmemtrace trace or is incomplete`,
        );
      }
      expected++;
      let check = 0;
      for await (const bytes of await zip.openReadStreamPromise(entry, {})) {
        check = crc32(bytes as Uint8Array, check);
        yield bytes as Uint8Array;
      }
      if (check !== entry.crc32) {
        throw new InputError(
          `${label}: member ${entry.fileName} is corrupt (checksum differs); get a clean copy`,
        );
      }
      progress(entry.compressedSize);
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${label}: the zip archive is truncated or corrupt (${(error as Error).message})`);
  } finally {
    zip?.close();
  }
}

/** Files of the directory or of its `trace/` folder, in natural order of their names, side files left out. */
function candidates(directory: string): string[] {
  const list = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory() && !SIDE_FILE.test(entry.name))
      .map((entry) => join(folder, entry.name))
      .filter((path) => statSync(path).isFile());
  const own = list(directory);
  const nested = readdirSync(directory).includes('trace') && statSync(join(directory, 'trace')).isDirectory();
  const paths = own.length === 0 && nested ? list(join(directory, 'trace')) : own;
  return paths.sort((a, b) => basename(a).localeCompare(basename(b), 'en', { numeric: true }));
}

function headOf(path: string): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const head = new Uint8Array(4096);
    return head.subarray(0, readSync(file, head, 0, head.length, 0));
  } finally {
    closeSync(file);
  }
}
