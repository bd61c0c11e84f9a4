import { InputError } from '../errors.ts';
import { isTraceDirectory, type ThreadFile, threadFiles } from './drmemtrace-files.ts';
import { mergeThreads, zeroCounts } from './drmemtrace-merge.ts';
import {
  beginsLikeTrace,
  beginsLikeZip,
  FILE_TYPE,
  MARKER,
  RECORD_BYTES,
  TYPE,
} from './drmemtrace-records.ts';
import type { Format } from './format.ts';
import { streamedTrace, userHeader } from './streamed.ts';

/** Where in a file the version and file type are looked for. */
const HEADER_BYTES = 32 * RECORD_BYTES;

/** DynamoRIO's drmemtrace: one file, or a directory with one file per thread (or core). */
export const drmemtraceFormat: Format = {
  name: 'drmemtrace',
  description: 'DynamoRIO drmemtrace: a trace directory or one thread file (plain, gzip, zstd or zip)',
  sniff: (input) =>
    input.isDirectory
      ? isTraceDirectory(input.label)
      : beginsLikeTrace(input.head) || beginsLikeZip(input.head),
  open: async (input, options) => {
    const files = await threadFiles(input);
    const about = await fileHeader(files[0]!);
    const kernel = (about.fileType & FILE_TYPE.kernelSyscalls) !== 0;
    const base = userHeader(input, 'drmemtrace', {
      tool: `DynamoRIO drmemtrace, trace version ${about.version}`,
      fileType: `0x${about.fileType.toString(16)}`,
      cpus: (about.fileType & FILE_TYPE.coreSharded) !== 0 ? 'one per recorded core' : 'one per thread',
      ...(kernel ? { kernel: 'code inside system calls is recorded' } : {}),
    });
    const x64 = (about.fileType & FILE_TYPE.x86_64) !== 0;
    const header = { ...base, cpus: files.length, abi: x64 ? ('x86-64' as const) : ('' as const) };
    const total = files.reduce((sum, file) => sum + file.bytes, 0);
    return streamedTrace(input.label, header, async function* (builder) {
      const counts = zeroCounts();
      const progress = (): void =>
        options.progress?.(
          files.reduce((sum, file) => sum + file.position(), 0),
          total,
        );
      yield* mergeThreads(files, builder, counts, progress);
      return { ...counts };
    });
  },
};

/** Version and file-type bits (the lower 32) as the first records of a file say. */
async function fileHeader(file: ThreadFile): Promise<{ version: number; fileType: number }> {
  const head = Buffer.from(file.head.length > 0 ? file.head : await firstBytes(file));
  if (!beginsLikeTrace(head))
    throw new InputError(`${file.label}: does not begin with a drmemtrace header record`);
  let fileType = 0;
  for (let at = 0; at + RECORD_BYTES <= Math.min(head.length, HEADER_BYTES); at += RECORD_BYTES) {
    const marker = head.readUInt16LE(at) === TYPE.marker && head.readUInt16LE(at + 2) === MARKER.fileType;
    if (marker) fileType = head.readUInt32LE(at + 4);
  }
  return { version: head.readUInt32LE(4), fileType };
}

async function firstBytes(file: ThreadFile): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const bytes of file.stream()) {
    parts.push(bytes);
    length += bytes.length;
    if (length >= HEADER_BYTES) break;
  }
  return Buffer.concat(parts);
}
