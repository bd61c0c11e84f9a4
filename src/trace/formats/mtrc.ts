import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { TraceBuilder } from '../builder.ts';
import type { Chunk, TraceHeader } from '../types.ts';
import type { Format, Input, ReadOptions } from './format.ts';
import { createBlockTable } from './mtrc-blocks.ts';
import { createEmitter } from './mtrc-emit.ts';
import { createRecordQueue } from './mtrc-queue.ts';
import { createRecordParser, feeds, HEADER_BYTES, mtrcError, truncated } from './mtrc-records.ts';
import { streamedTrace } from './streamed.ts';
import { quoted, reportPosition } from './text.ts';

const MAGIC = 'MTRC';
const MAGIC_BYTES = 8;
const VERSION = '0002';
/** A record names its CPU in four bits. */
const MAX_CPUS = 16;

/**
 * Full-system MIPS traces (`MTRC0002`): user and kernel instructions, data references, privileged
 * operations, exceptions, interrupts and device accesses, with physical pages. See docs/formats.md.
 */
export const mtrcFormat: Format = {
  name: 'mtrc',
  description: 'full-system MIPS trace (MTRC0002): user and kernel, with privileged operations',
  sniff: (input) => magicOf(input.head).startsWith(MAGIC) && /^\d{4}$/.test(magicOf(input.head).slice(4)),
  open: async (input, options) => {
    const header = readHeader(input);
    return streamedTrace(input.label, header, (builder) => readChunks(input, options, header, builder));
  },
};

const magicOf = (head: Uint8Array): string => String.fromCharCode(...head.subarray(0, MAGIC_BYTES));

/** Throws InputError if the first bytes are no header of a version that can be read. */
function readHeader(input: Input): TraceHeader {
  const { head, label } = input;
  if (head.length < HEADER_BYTES) throw truncated(label, head.length);
  const magic = magicOf(head);
  if (!magic.startsWith(MAGIC))
    throw mtrcError(
      label,
      0,
      `no ${MAGIC}${VERSION}, with which such a trace begins`,
      'give another --format',
    );
  if (magic !== MAGIC + VERSION)
    throw mtrcError(
      label,
      0,
      `${quoted(head, 0, MAGIC_BYTES)} is not ${MAGIC}${VERSION}`,
      `record it in version ${VERSION}`,
    );
  const cpus = head[8]!;
  const bits = head[9]!;
  if (cpus < 1 || cpus > MAX_CPUS) throw mtrcError(label, 8, `${cpus} CPUs, not 1 to ${MAX_CPUS}`);
  if (bits !== 32 && bits !== 64) throw mtrcError(label, 9, `addresses of ${bits} bits, not 32 or 64`);
  if (head[10] !== 0 || head[11] !== 0) throw mtrcError(label, 10, 'reserved bytes that are not 0');
  return {
    name: input.path === null ? label : basename(input.path).replace(/(\.mtrc)?(\.(br|gz|xz|zst))?$/, ''),
    format: 'mtrc',
    level: 'system',
    cpus,
    instructionBytes: 4,
    addressBits: bits,
    physical: true,
    abi: bits === 64 ? 'n64' : 'o32',
    provenance: {
      source: label,
      recording: `${magic}, ${cpus} MIPS CPU${cpus === 1 ? '' : 's'}, ${bits}-bit addresses`,
    },
  };
}

/** One pass over the file: parse, look ahead, emit; see the files of these names. */
async function* readChunks(
  input: Input,
  options: ReadOptions,
  header: TraceHeader,
  builder: TraceBuilder,
): AsyncGenerator<Chunk, Readonly<Record<string, number>>> {
  const machine = { label: input.label, cpus: header.cpus, addressBits: header.addressBits };
  const blocks = createBlockTable();
  const queue = createRecordQueue(header.cpus, header.addressBits === 32, blocks);
  const parser = createRecordParser(machine, blocks, queue);
  const emitter = createEmitter(machine, queue.columns, blocks, builder);

  function* drain(): Generator<Chunk> {
    const limit = queue.settled();
    while (emitter.run(limit)) {
      emitter.flush();
      yield builder.take();
    }
    queue.release(limit);
  }

  let skip = HEADER_BYTES;
  for await (const piece of input.stream()) {
    const bytes = piece.subarray(Math.min(skip, piece.length));
    skip -= piece.length - bytes.length;
    for (const part of feeds(bytes)) {
      parser.feed(part);
      while (parser.run()) yield* drain();
    }
    reportPosition(input, options);
  }
  parser.finish();
  queue.finish();
  yield* drain();
  emitter.flush();
  const { bytes, records, execWhole, execPart, hostCalls } = parser.counts;
  const { failedAttempts, failedBranches, failedBranchesBefore, fetchBranches, forced } = queue.counts;
  return {
    'file.size': input.path === null ? bytes : (await stat(input.path)).size,
    'file.bytes': bytes,
    'file.records': records,
    'file.blocks': blocks.count(),
    'file.blockInstructions': blocks.instructions(),
    'file.execWhole': execWhole,
    'file.execPart': execPart,
    'file.hostCalls': hostCalls,
    'file.unresolved': forced,
    ...emitter.totals(),
    'refill.failedAttempts': failedAttempts,
    'refill.failedBranches': failedBranches,
    'refill.failedBranchesBefore': failedBranchesBefore,
    'refill.fetchBranches': fetchBranches,
  };
}
