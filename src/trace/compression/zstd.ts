import { Decompress } from 'fzstd';
import { InputError } from '../errors.ts';
import { createXxh64 } from './xxh64.ts';

/** Largest window that is accepted: what `zstd -d` accepts without --long. */
const MAX_WINDOW = 1 << 27;
const MAX_BLOCK = 1 << 17;

/**
 * Decompresses zstd (any number of frames, skippable ones too), streaming.
 *
 * The block decoder is fzstd. It checks neither sizes nor checksums, holds back errors and would allocate
 * whatever window a header asks for, so the frame layer is walked here: each frame's header and blocks are
 * handed over one by one, and content size and checksum are compared.
 */
export async function* unzstd(label: string, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const bytes = byteQueue(source);
  const corrupt = (what: string): InputError =>
    new InputError(
      `${label}: the zstd data is corrupt near byte ${bytes.position()} (${what}); get a clean copy`,
    );
  const need = async (count: number): Promise<Uint8Array> => {
    const got = await bytes.take(count);
    if (got.length === count) return got;
    throw new InputError(
      `${label}: the zstd data is truncated: it ends at byte ${bytes.position()}, in the middle of a frame; get a complete copy`,
    );
  };
  try {
    for (;;) {
      const magic = await bytes.take(4);
      if (magic.length === 0) return;
      const id = magic.length === 4 ? u32(magic, 0) : 0;
      if (id >>> 4 === 0x184d2a5) {
        let left = u32(await need(4), 0);
        for (; left > 0; left -= Math.min(left, MAX_BLOCK)) await need(Math.min(left, MAX_BLOCK));
      } else if (id === 0xfd2fb528) {
        yield* frame(magic, need, corrupt);
      } else {
        throw new InputError(
          `${label}: something else follows the zstd data at byte ${bytes.position() - magic.length}; cut it off or get a clean copy`,
        );
      }
    }
  } finally {
    await bytes.close();
  }
}

async function* frame(
  magic: Uint8Array,
  need: (count: number) => Promise<Uint8Array>,
  corrupt: (what: string) => InputError,
): AsyncGenerator<Uint8Array> {
  const descriptor = (await need(1))[0]!;
  const single = (descriptor & 0x20) !== 0;
  const checksum = (descriptor & 4) !== 0;
  if ((descriptor & 8) !== 0) throw corrupt('reserved bit set');
  if ((descriptor & 3) !== 0) throw corrupt('needs a dictionary');
  const sizeBytes = descriptor >>> 6 === 0 ? (single ? 1 : 0) : 1 << (descriptor >>> 6);
  const rest = await need((single ? 0 : 1) + sizeBytes);
  let contentSize = -1;
  if (sizeBytes > 0) {
    contentSize = 0;
    for (let i = sizeBytes; i-- > 0; ) contentSize = contentSize * 256 + rest[rest.length - sizeBytes + i]!;
    if (sizeBytes === 2) contentSize += 256;
  }
  const base = single ? 0 : 2 ** (10 + (rest[0]! >>> 3));
  const window = single ? contentSize : base + (base / 8) * (rest[0]! & 7);
  if (window > MAX_WINDOW) throw corrupt('window larger than 128 MB; recompress without --long');

  let produced: Uint8Array[] = [];
  const decoder = new Decompress((data) => {
    if (data.length > 0) produced.push(data);
  });
  const hash = createXxh64();
  let total = 0;
  let pending: Uint8Array[] = [magic, Uint8Array.of(descriptor), rest];
  for (let last = false; !last; ) {
    const header = await need(3);
    const bits = header[0]! | (header[1]! << 8) | (header[2]! << 16);
    last = (bits & 1) !== 0;
    const type = (bits >>> 1) & 3;
    const size = bits >>> 3;
    if (type === 3) throw corrupt('reserved block type');
    if (size > MAX_BLOCK) throw corrupt('block larger than 128 KB');
    pending.push(header, await need(type === 1 ? 1 : size));
    if (last && checksum) pending.push(new Uint8Array(4)); // fzstd steps over it
    const input = Buffer.concat(pending);
    pending = [];
    try {
      decoder.push(input, last);
    } catch (error) {
      throw corrupt(error instanceof Error ? error.message : 'block');
    }
    for (const data of produced) {
      // The decoder may hand out a view of a buffer that it goes on using.
      const copy = data.slice();
      total += copy.length;
      if (checksum) hash.update(copy);
      yield copy;
    }
    produced = [];
  }
  if (contentSize >= 0 && total !== contentSize) throw corrupt('content size differs');
  if (checksum && u32(await need(4), 0) !== hash.digestLow()) throw corrupt('checksum differs');
}

const u32 = (b: Uint8Array, at: number): number =>
  (b[at]! | (b[at + 1]! << 8) | (b[at + 2]! << 16) | (b[at + 3]! << 24)) >>> 0;

/** Takes exact counts of bytes out of a stream of chunks; fewer only at the end. */
function byteQueue(source: AsyncIterable<Uint8Array>) {
  const iterator = source[Symbol.asyncIterator]();
  let chunk: Uint8Array = new Uint8Array(0);
  let at = 0;
  let taken = 0;
  return {
    position: () => taken,
    async take(count: number): Promise<Uint8Array> {
      const parts: Uint8Array[] = [];
      let missing = count;
      while (missing > 0) {
        if (at === chunk.length) {
          const next = await iterator.next();
          if (next.done) break;
          chunk = next.value;
          at = 0;
          continue;
        }
        const part = chunk.subarray(at, at + missing);
        parts.push(part);
        at += part.length;
        missing -= part.length;
      }
      taken += count - missing;
      return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    },
    close: async (): Promise<void> => {
      await iterator.return?.();
    },
  };
}
