import { expect } from 'vitest';
import { InputError } from '../../src/trace/errors.ts';
import type { Format, Input, ReadOptions } from '../../src/trace/formats/format.ts';
import {
  type Chunk,
  OFFSET_MASK,
  OFFSET_SHIFT,
  SIZE_SHIFT,
  TAIL_BIT,
  type Trace,
} from '../../src/trace/types.ts';

/** An input that is bytes in memory, given out in pieces of `piece` bytes. */
export function memoryInput(data: Uint8Array | string, piece = 1 << 16): Input {
  const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
  return {
    label: 'memory',
    path: null,
    isDirectory: false,
    head: bytes.subarray(0, 1 << 16),
    compression: null,
    stream: async function* () {
      for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece);
    },
  };
}

/** One reference in words: `I 0x1000 4`, with ` cpu1`, ` kernel`, ` space2`, ` service4096` where not the default. */
export interface Read {
  readonly references: string[];
  readonly events: string[];
}

/** Reads a whole trace and writes every reference down; page-crossing ones are put together again. */
export async function readAll(trace: Trace): Promise<Read> {
  const references: string[] = [];
  const events: string[] = [];
  const space: number[] = [];
  const page: number[] = [];
  let last = { kind: 0, address: 0n, size: 0, where: '' };
  const flush = (): void => {
    if (last.size > 0)
      references.push(`${'ILSM'[last.kind]} 0x${last.address.toString(16)} ${last.size}${last.where}`);
  };
  for await (const chunk of trace.chunks()) {
    checkChunk(chunk, space.length);
    for (let i = 0; i < chunk.translations.length; i++) {
      space.push(chunk.translations.space[i]!);
      page.push(chunk.translations.virtualPage[i]!);
    }
    let segment = 0;
    for (let i = 0; i < chunk.length; i++) {
      while (i >= chunk.segments.end[segment]!) segment++;
      const word = chunk.word[i]!;
      const size = word >>> SIZE_SHIFT;
      if ((word & TAIL_BIT) !== 0) {
        last.size += size;
        continue;
      }
      flush();
      const id = chunk.translation[i]!;
      const flags = chunk.segments.flags[segment]!;
      const where = [
        chunk.segments.cpu[segment]! > 0 ? ` cpu${chunk.segments.cpu[segment]}` : '',
        (flags & 1) !== 0 ? ' kernel' : '',
        space[id] !== 0 ? ` space${space[id]}` : '',
        chunk.segments.service[segment]! > 0 ? ` service${chunk.segments.service[segment]}` : '',
      ].join('');
      const address = BigInt(page[id]!) * 4096n + BigInt((word >>> OFFSET_SHIFT) & OFFSET_MASK);
      last = { kind: word & 3, address, size, where };
    }
    const { events: e } = chunk;
    for (let i = 0; i < e.length; i++) {
      events.push(`${e.kind[i]} cpu${e.cpu[i]} ${e.arg[i]} ${(BigInt(e.hi[i]!) << 32n) | BigInt(e.lo[i]!)}`);
    }
  }
  flush();
  return { references, events };
}

/** What must hold of every chunk, whatever the input was. */
function checkChunk(chunk: Chunk, translations: number): void {
  let before = 0;
  for (let i = 0; i < chunk.segments.length; i++) {
    if (chunk.segments.end[i]! <= before) throw new Error('segment ends do not grow');
    before = chunk.segments.end[i]!;
  }
  if (before !== chunk.length) throw new Error('segments do not cover the chunk');
  if (chunk.translations.first !== translations) throw new Error('translations are not consecutive');
  const known = translations + chunk.translations.length;
  for (let i = 0; i < chunk.length; i++) {
    const word = chunk.word[i]!;
    const size = word >>> SIZE_SHIFT;
    if (size < 1 || ((word >>> OFFSET_SHIFT) & OFFSET_MASK) + size > 4096)
      throw new Error('reference leaves its page');
    if (chunk.translation[i]! < 0 || chunk.translation[i]! >= known) throw new Error('unknown translation');
  }
}

export async function readBytes(
  format: Format,
  data: Uint8Array | string,
  options: ReadOptions = {},
  piece?: number,
) {
  const trace = await format.open(memoryInput(data, piece), options);
  const read = await readAll(trace);
  return { ...read, summary: trace.summary()!, header: trace.header };
}

/** The InputError's message; fails if there is none. */
export async function complaint(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(InputError);
  const { message } = error as InputError;
  expect(message).not.toContain('\n');
  return message;
}

/** A small deterministic generator: numbers below `limit`. */
export function randomNumbers(seed: number): (limit: number) => number {
  let state = seed | 0;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (((state >>> 8) / 16777216) * limit) | 0;
  };
}

/** A copy of `base` that is cut, flipped, overwritten, repeated or lengthened somewhere. */
export function mutate(
  base: Uint8Array,
  random: (limit: number) => number,
  scraps: readonly string[],
): Uint8Array {
  let bytes = Uint8Array.from(base);
  for (let rounds = 1 + random(3); rounds > 0; rounds--) {
    const at = random(bytes.length + 1);
    switch (random(6)) {
      case 0:
        bytes = bytes.slice(0, at);
        break;
      case 1:
        if (at < bytes.length) bytes[at]! ^= 1 << random(8);
        break;
      case 2:
        if (at < bytes.length) bytes[at] = random(256);
        break;
      case 3:
        bytes = Uint8Array.from(
          Buffer.concat([bytes.subarray(0, at), bytes.subarray(random(bytes.length + 1))]),
        );
        break;
      case 4: {
        const scrap = Buffer.from(scraps[random(scraps.length)]!, 'latin1');
        bytes = Uint8Array.from(Buffer.concat([bytes.subarray(0, at), scrap, bytes.subarray(at)]));
        break;
      }
      default:
        bytes.fill(random(256), at, at + random(40));
    }
  }
  return bytes;
}

/**
 * Mutates a valid input thousands of times: each result is a readable trace or an InputError, in bounded
 * time. Returns how many were which.
 */
export async function fuzz(
  format: Format,
  base: Uint8Array,
  rounds: number,
  scraps: readonly string[],
): Promise<{ good: number; refused: number }> {
  const random = randomNumbers(20 + base.length);
  const count = { good: 0, refused: 0 };
  const attempt = async (bytes: Uint8Array, options: ReadOptions): Promise<void> => {
    const started = performance.now();
    try {
      const input = memoryInput(bytes, 1 + random(400));
      format.sniff(input);
      await readAll(await format.open(input, options));
      count.good++;
    } catch (error) {
      if (!(error instanceof InputError)) {
        throw new Error(`on ${Buffer.from(bytes).toString('hex')}: ${error}`, { cause: error });
      }
      expect(error.message).not.toContain('\n');
      count.refused++;
    }
    if (performance.now() - started > 5000) throw new Error(`slow: ${Buffer.from(bytes).toString('hex')}`);
  };
  for (let at = 0; at <= base.length; at++) await attempt(base.subarray(0, at), {});
  for (let i = 0; i < rounds; i++)
    await attempt(mutate(base, random, scraps), { skipBadLines: random(3) === 0 });
  return count;
}

/** A Lackey text of so many lines, always the same; the compressed fixtures hold 3000 of them. */
export function sampleLackey(lines: number): string {
  const random = randomNumbers(7);
  return Array.from({ length: lines }, () => {
    const address = (0x4000000 + random(1 << 16)).toString(16).padStart(8, '0');
    return `${['I  ', ' L ', ' S ', ' M '][random(4)]}${address},${1 + random(8)}\n`;
  }).join('');
}
