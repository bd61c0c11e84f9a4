import { createReadStream, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { type Compression, detectCompression, refuseUnsupported } from './compression/detect.ts';
import { unxz } from './compression/xz.ts';
import { unzlib } from './compression/zlib.ts';
import { unzstd } from './compression/zstd.ts';
import { InputError } from './errors.ts';
import type { Input } from './formats/format.ts';
import { systemReason } from './system-errors.ts';

/** Most bytes of decompressed head that formats get to see. */
export const HEAD_BYTES = 1 << 16;

/** Raw bytes that may go by before the first decompressed ones come out; more is not a trace. */
const MAX_SILENT_BYTES = 1 << 24;
/** Large reads cost least; readers of many files at once ask for less. */
const READ_BYTES = 1 << 20;

/** An input with what `openTrace` needs beyond reading it. */
export interface OpenedInput extends Input {
  /** Source bytes (before decompression) that the latest `stream()` took, of a total (0: unknown). */
  readonly position: () => { readonly done: number; readonly total: number };
  /**
   * The same input taken as brotli, or null if it cannot be. Brotli has no magic bytes, so this is for an
   * input that no format recognised as it is, and the head that comes out must then be recognised.
   */
  readonly asBrotli: () => Promise<OpenedInput | null>;
  /** Lets go of standard input; files hold nothing between streams. */
  readonly close: () => Promise<void>;
}

export interface OpenOptions {
  /** Stands in for the process's own standard input. */
  readonly stdin?: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean };
  /** Bytes per read of a file. */
  readonly readBytes?: number;
}

/** Where raw bytes come from. `peek` may be called often; `read` once where the source is a pipe. */
interface Source {
  readonly label: string;
  readonly path: string | null;
  readonly total: number;
  readonly peek: () => AsyncIterable<Uint8Array>;
  readonly read: (lent: boolean) => AsyncIterable<Uint8Array>;
  readonly close: () => Promise<void>;
}

/**
 * Opens a file, a directory or (`-`) standard input, and takes off gzip, xz or zstd by magic bytes.
 *
 * Throws InputError: missing, unreadable, empty, a special file, truncated or corrupt compressed data.
 */
export async function openInput(pathOrDash: string, options: OpenOptions = {}): Promise<OpenedInput> {
  if (pathOrDash === '-') {
    const stdin = options.stdin ?? process.stdin;
    if (stdin.isTTY)
      throw new InputError('standard input is a terminal; pipe a trace into it or name a file');
    return fromSource(pipeSource('standard input', null, stdin));
  }
  const label = pathOrDash;
  const info = await stat(pathOrDash).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(`${label}: ${reason(error)}`);
  });
  if (info.isDirectory()) return directory(label);
  if (info.isFIFO() && isOpenDescriptor(pathOrDash)) {
    // Process substitution: <(command) is a pipe that is already open.
    return fromSource(pipeSource(label, null, createReadStream(pathOrDash)));
  }
  if (!info.isFile()) {
    throw new InputError(
      `${label}: is a ${kindOf(info)}, not a file or directory; pipe its data in and read "-"`,
    );
  }
  if (info.size === 0) throw new InputError(`${label}: the file is empty (0 bytes)`);
  return fromSource(fileSource(label, pathOrDash, info.size, options.readBytes));
}

/**
 * The file's raw bytes, streaming. `lent`: each piece holds until the next is asked for, so that all are read into the
 * same memory. Throws InputError where it cannot be read.
 */
export async function* readFileBytes(
  label: string,
  path: string,
  readBytes: number = READ_BYTES,
  lent = false,
): AsyncGenerator<Uint8Array> {
  let file: FileHandle | null = null;
  try {
    file = await open(path);
    for (let buffer = Buffer.allocUnsafeSlow(readBytes); ; ) {
      const { bytesRead } = await file.read(buffer, 0, readBytes, null);
      if (bytesRead === 0) return;
      yield bytesRead === readBytes ? buffer : buffer.subarray(0, bytesRead);
      if (!lent) buffer = Buffer.allocUnsafeSlow(readBytes);
    }
  } catch (error) {
    if (error instanceof InputError || (error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new InputError(`${label}: ${reason(error as NodeJS.ErrnoException)}`);
  } finally {
    await file?.close();
  }
}

/** Takes off a compression. */
export function decompress(
  kind: Compression | null,
  label: string,
  source: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  switch (kind) {
    case null:
      return source;
    case 'xz':
      return unxz(label, source);
    case 'zst':
      return unzstd(label, source);
    default:
      return unzlib(kind, label, source);
  }
}

async function fromSource(source: Source): Promise<OpenedInput> {
  try {
    const raw = await collect(source.peek(), HEAD_BYTES);
    if (raw.length === 0)
      throw new InputError(`${source.label}: is empty (0 bytes); the writer may have failed`);
    refuseUnsupported(raw, source.label);
    const compression = detectCompression(raw);
    if (compression === null) return input(source, null, raw);
    const head = await decodedHead(source, compression);
    if (head.length === 0) throw new InputError(`${source.label}: the ${compression} data holds 0 bytes`);
    return input(source, compression, head);
  } catch (error) {
    await source.close();
    throw error;
  }
}

function input(source: Source, compression: Compression | null, head: Uint8Array): OpenedInput {
  let done = 0;
  async function* counted(lent: boolean): AsyncGenerator<Uint8Array> {
    for await (const bytes of source.read(lent)) {
      done += bytes.length;
      yield bytes;
    }
  }
  return {
    label: source.label,
    path: source.path,
    isDirectory: false,
    head,
    compression,
    stream: (lent = false) => {
      done = 0;
      // What takes off a compression may hold what it was given.
      return decompress(compression, source.label, counted(lent && compression === null));
    },
    position: () => ({ done, total: source.total }),
    asBrotli: async () => {
      if (compression !== null) return null;
      const decoded = await decodedHead(source, 'br').catch((error: unknown) => {
        if (error instanceof InputError) return null;
        throw error;
      });
      return decoded === null || decoded.length === 0 ? null : input(source, 'br', decoded);
    },
    close: source.close,
  };
}

function directory(label: string): OpenedInput {
  const refuse = (): never => {
    throw new InputError(`${label}: is a directory; its files are read one by one`);
  };
  return {
    label,
    path: label,
    isDirectory: true,
    head: new Uint8Array(0),
    compression: null,
    stream: refuse,
    position: () => ({ done: 0, total: 0 }),
    asBrotli: async () => null,
    close: async () => undefined,
  };
}

function fileSource(label: string, path: string, size: number, readBytes?: number): Source {
  const peek = (): AsyncIterable<Uint8Array> => readFileBytes(label, path, HEAD_BYTES);
  const read = (lent: boolean): AsyncIterable<Uint8Array> => readFileBytes(label, path, readBytes, lent);
  return { label, path, total: size, peek, read, close: async () => undefined };
}

/** A source that can be read once; what is peeked at is kept for the reading. */
function pipeSource(label: string, path: string | null, bytes: AsyncIterable<Uint8Array>): Source {
  const iterator = bytes[Symbol.asyncIterator]();
  const held: Uint8Array[] = [];
  let taken = false;
  const next = async (): Promise<Uint8Array | null> => {
    try {
      const result = await iterator.next();
      return result.done ? null : result.value;
    } catch (error) {
      throw new InputError(`${label}: ${reason(error as NodeJS.ErrnoException)}`);
    }
  };
  async function* peek(): AsyncGenerator<Uint8Array> {
    for (let i = 0; ; i++) {
      if (i === held.length) {
        const more = await next();
        if (more === null) return;
        held.push(more);
      }
      yield held[i]!;
    }
  }
  async function* rest(): AsyncGenerator<Uint8Array> {
    try {
      while (held.length > 0) yield held.shift()!;
      for (let more = await next(); more !== null; more = await next()) yield more;
    } finally {
      await iterator.return?.();
    }
  }
  return {
    label,
    path,
    total: 0,
    peek,
    read: () => {
      if (taken) throw new InputError(`${label} can be read only once; save it to a file and name that`);
      taken = true;
      return rest();
    },
    close: async () => {
      taken = true;
      await iterator.return?.();
    },
  };
}

/** First decompressed bytes, at most HEAD_BYTES. */
async function decodedHead(source: Source, compression: Compression): Promise<Uint8Array> {
  async function* limited(): AsyncGenerator<Uint8Array> {
    let seen = 0;
    for await (const bytes of source.peek()) {
      yield bytes;
      seen += bytes.length;
      if (seen > MAX_SILENT_BYTES) {
        throw new InputError(
          `${source.label}: nothing useful in the first ${seen} bytes of ${compression} data`,
        );
      }
    }
  }
  return collect(decompress(compression, source.label, limited()), HEAD_BYTES);
}

/** The first `limit` bytes of a stream, which is then closed. */
async function collect(stream: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const bytes of stream) {
    parts.push(bytes.subarray(0, limit - length));
    length += parts.at(-1)!.length;
    if (length >= limit) break;
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

const isOpenDescriptor = (path: string): boolean =>
  /^\/(dev\/(fd\/\d+|stdin)|proc\/self\/fd\/\d+)$/.test(path);

function kindOf(info: Stats): string {
  if (info.isFIFO()) return 'named pipe';
  if (info.isSocket()) return 'socket';
  return 'device';
}

const reason = (error: NodeJS.ErrnoException): string => systemReason(error, 'cannot be read');
