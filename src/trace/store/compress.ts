/** Compression of sections: by zlib's own methods, so that a store needs nothing but Node to be read. */
import { promisify } from 'node:util';
import { brotliCompress, brotliDecompress, constants, deflateRaw, inflateRaw } from 'node:zlib';
import { InputError } from '../errors.ts';
import { METHODS, type Method } from './layout.ts';

const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);
const brotli = promisify(brotliCompress);
const unbrotli = promisify(brotliDecompress);

export interface StoredSection {
  readonly method: number;
  readonly bytes: Uint8Array;
}

/**
 * Compresses a raw section; keeps it as it is where that is not larger.
 * @param quality deflate 1–9, brotli 0–11
 */
export async function compress(raw: Uint8Array, method: Method, quality: number): Promise<StoredSection> {
  let bytes = raw;
  if (method === 'deflate') bytes = await deflate(raw, { level: quality });
  else if (method === 'brotli') {
    bytes = await brotli(raw, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: quality,
        [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
      },
    });
  }
  const smaller = bytes.length < raw.length;
  return { method: METHODS.indexOf(smaller ? method : 'none'), bytes: smaller ? bytes : raw };
}

/** The raw section of `length` bytes; an InputError where the bytes do not give exactly that. */
export async function decompress(
  stored: Uint8Array,
  method: Method | undefined,
  length: number,
): Promise<Uint8Array> {
  if (method === undefined) throw new InputError('an unknown compression method');
  let raw = stored;
  if (method !== 'none') {
    // Room for everything in one piece, and a little more, which saves zlib a second one.
    const options = { maxOutputLength: Math.max(1, length), chunkSize: Math.max(64, length + 64) };
    try {
      const buffer = await (method === 'deflate' ? inflate : unbrotli)(stored, options);
      // A Buffer's slices share memory, and its own hidden class would slow the decoders down.
      raw = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
    } catch {
      throw new InputError(`a section is not valid ${method}`);
    }
  }
  if (raw.length !== length) throw new InputError('a section has another length than it says');
  return raw;
}
