import { InputError } from '../errors.ts';
import { type BlockTable, MAX_BLOCK_ID, MAX_BLOCK_INSTRUCTIONS } from './mtrc-blocks.ts';
import { EXEC, HOST_CALL, LEAVE, PRIVILEGED, reserve } from './mtrc-columns.ts';
import { createCursor, feedCursor, readNumber, readSmall, readWord, wrong } from './mtrc-cursor.ts';
import { createExecReader } from './mtrc-exec.ts';
import type { RecordQueue } from './mtrc-queue.ts';

export const HEADER_BYTES = 12;
/** Bytes taken at once; larger pieces of input are cut. */
const FEED_BYTES = 1 << 18;
/** Longest record: 1,760 memory references of at most 33 bytes, and its head. */
const MAX_RECORD_BYTES = 1 << 16;
const MAX_NAME = 4096;
/** Entries parsed before the queue is emptied. */
const BATCH = 4096;

/** Record kinds (upper four bits of the first byte). */
const END = 0;
const PART = 2;
const BLOCK = 6;
const DEVICE = 7;

/** What a file holds, counted record by record. */
export interface RecordCounts {
  bytes: number;
  records: number;
  execWhole: number;
  execPart: number;
  hostCalls: number;
}

/** A streaming parser: bytes in, queue entries and block definitions out. */
export interface RecordParser {
  readonly counts: RecordCounts;
  /** Takes the next bytes; they are parsed by `run`. At most `FEED_BYTES` of them. */
  feed(bytes: Uint8Array): void;
  /** Parses until the bytes run out (false) or a batch of entries is in the queue (true). */
  run(): boolean;
  /** The input is at its end. Throws InputError if the file is not. */
  finish(): void;
}

export interface ParserOptions {
  /** What to call the file in messages. */
  readonly label: string;
  readonly cpus: number;
  readonly addressBits: 32 | 64;
}

/** Splits a piece of input into parts that `feed` takes. */
export function* feeds(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += FEED_BYTES) yield bytes.subarray(at, at + FEED_BYTES);
}

const DAMAGED = 'the file is damaged: copy it again';

/** `offset` of an error is in the uncompressed bytes. */
export function mtrcError(label: string, offset: number, what: string, remedy = DAMAGED): InputError {
  return new InputError(`${label}: byte ${offset} (uncompressed): ${what}; ${remedy}`);
}

export function truncated(label: string, offset: number): InputError {
  return new InputError(`${label}: the file is truncated at byte ${offset} (uncompressed): copy it again`);
}

/**
 * The parser of the records after the file header. A record that the bytes do not hold completely is
 * parsed again when more have come, so nothing may be kept of it before its end is seen: `at` runs past
 * `end` in that case, and what is read there is left over from before and means nothing.
 */
export function createRecordParser(
  options: ParserOptions,
  blocks: BlockTable,
  queue: RecordQueue,
): RecordParser {
  const { label, cpus } = options;
  const narrow = options.addressBits === 32;
  const c = queue.columns;
  const cursor = createCursor(FEED_BYTES, MAX_RECORD_BYTES, HEADER_BYTES);
  const { buffer } = cursor;
  const exec = createExecReader(cursor, cpus, narrow, blocks, queue);
  const counts: RecordCounts = { bytes: HEADER_BYTES, records: 0, execWhole: 0, execPart: 0, hostCalls: 0 };
  let ended = false;

  const readPrivileged = (cpu: number): string | null => {
    if (!readNumber(cursor)) return wrong(cursor, 'a number longer than 64 bits');
    if (!exec.isLast(cpu, cursor.lo, cursor.hi)) {
      return wrong(cursor, 'PRIV at another address than the last instruction');
    }
    const op = buffer[cursor.at]!;
    const register = buffer[cursor.at + 1]!;
    const select = buffer[cursor.at + 2]!;
    cursor.at += 3;
    if (op > 15) return wrong(cursor, `PRIV with op ${op}`);
    if (op <= 3 && (register > 31 || select > 7))
      return wrong(cursor, `PRIV of register ${register}, select ${select}`);
    if (!readNumber(cursor)) return wrong(cursor, 'a number longer than 64 bits');
    if (cursor.at > cursor.end) return null;
    reserve(c, 0);
    const entry = c.length;
    c.kind[entry] = PRIVILEGED;
    c.cpu[entry] = cpu;
    c.operation[entry] = op | (register << 8) | (select << 16);
    c.lo[entry] = cursor.lo;
    c.hi[entry] = cursor.hi;
    c.memoryStart[entry] = c.memoryEnd[entry] = c.memories;
    queue.enter();
    return null;
  };

  const readLeave = (cpu: number): string | null => {
    const type = buffer[cursor.at++]!;
    if (type > HOST_CALL) return wrong(cursor, `DISCON of type ${type}`);
    const fromLo = readWord(cursor);
    const fromHi = readWord(cursor);
    const toLo = readWord(cursor);
    const toHi = readWord(cursor);
    if (cursor.at > cursor.end) return null;
    if (fromLo % 4 !== 0 || toLo % 4 !== 0) return 'DISCON with a misaligned address';
    if (narrow && (fromHi !== (fromLo >> 31) >>> 0 || toHi !== (toLo >> 31) >>> 0)) {
      return 'DISCON with an address of more than 32 bits';
    }
    reserve(c, 0);
    const entry = c.length;
    c.kind[entry] = LEAVE;
    c.cpu[entry] = cpu;
    c.block[entry] = type | ((toLo & 0xfff) << 8);
    c.first[entry] = c.count[entry] = 0;
    c.lo[entry] = fromLo;
    c.hi[entry] = fromHi;
    c.toLo[entry] = toLo;
    c.toHi[entry] = toHi;
    c.memoryStart[entry] = c.memoryEnd[entry] = c.memories;
    queue.enter();
    if (type === HOST_CALL) counts.hostCalls++;
    return null;
  };

  const readBlock = (): string | null => {
    const id = readSmall(cursor, MAX_BLOCK_ID - 1);
    if (id < 0) return wrong(cursor, `BLOCK id beyond ${MAX_BLOCK_ID}`);
    const virtualLo = readWord(cursor);
    const virtualHi = readWord(cursor);
    const physicalLo = readWord(cursor);
    const physicalHi = readWord(cursor);
    const count = readSmall(cursor, MAX_BLOCK_INSTRUCTIONS);
    if (count < 0) return wrong(cursor, `BLOCK of more than ${MAX_BLOCK_INSTRUCTIONS} instructions`);
    cursor.at += count;
    if (cursor.at > cursor.end) return null;
    if (narrow && virtualHi !== (virtualLo >> 31) >>> 0) return 'BLOCK at an address of more than 32 bits';
    return blocks.define(
      id,
      virtualLo,
      virtualHi,
      physicalLo,
      physicalHi,
      buffer.subarray(cursor.at - count, cursor.at),
    );
  };

  /** Device names are made up by the recorder; devices are told apart by physical address. */
  const readDevice = (): string | null => {
    if (!readNumber(cursor)) return wrong(cursor, 'a number longer than 64 bits');
    const length = readSmall(cursor, MAX_NAME);
    if (length < 0) return wrong(cursor, `DEVICE with a name of more than ${MAX_NAME} bytes`);
    cursor.at += length;
    return null;
  };

  const readRecord = (kind: number, cpu: number): string | null => {
    if (cpu >= cpus) return wrong(cursor, `record of CPU ${cpu}, but the file has ${cpus}`);
    switch (kind) {
      case EXEC:
        return exec.read(cpu, true);
      case PART:
        return exec.read(cpu, false);
      case PRIVILEGED:
        return readPrivileged(cpu);
      case LEAVE:
        return readLeave(cpu);
      case BLOCK:
        return readBlock();
      case DEVICE:
        return readDevice();
      case END:
        ended = true;
        return null;
      default:
        return wrong(cursor, `a record of unknown kind ${kind}`);
    }
  };

  return {
    counts,
    feed: (bytes) => feedCursor(cursor, bytes),
    run: () => {
      const enough = c.length + BATCH;
      while (cursor.at < cursor.end && c.length < enough) {
        if (ended) throw mtrcError(label, cursor.base + cursor.at, 'bytes after the end record');
        const start = cursor.at;
        const first = buffer[cursor.at++]!;
        const error = readRecord(first >>> 4, first & 15);
        if (error !== null) throw mtrcError(label, cursor.base + start, error);
        if (cursor.at > cursor.end) {
          cursor.at = start;
          return false;
        }
        counts.records++;
        if (first >>> 4 === EXEC) counts.execWhole++;
        else if (first >>> 4 === PART) counts.execPart++;
        counts.bytes = cursor.base + cursor.at;
      }
      return cursor.at < cursor.end;
    },
    finish: () => {
      if (!ended || cursor.at < cursor.end) throw truncated(label, cursor.base + cursor.end);
    },
  };
}
