import { pipeline } from 'node:stream/promises';
import { type BrotliDecompress, createBrotliDecompress, createGunzip, type Gunzip } from 'node:zlib';
import { InputError } from '../errors.ts';

const OUTPUT_CHUNK = 1 << 18;

/** Decompresses gzip (any number of members) or brotli, streaming. Errors name the byte position. */
export async function* unzlib(
  kind: 'gz' | 'br',
  label: string,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const engine: Gunzip | BrotliDecompress =
    kind === 'gz'
      ? createGunzip({ chunkSize: OUTPUT_CHUNK })
      : createBrotliDecompress({ chunkSize: OUTPUT_CHUNK });
  const name = kind === 'gz' ? 'gzip' : 'brotli';
  let supplied = 0;
  let sourceError: unknown = null;
  async function* counted(): AsyncGenerator<Uint8Array> {
    try {
      for await (const bytes of source) {
        supplied += bytes.length;
        yield bytes;
      }
    } catch (error) {
      sourceError = error;
      throw error;
    }
  }
  // Errors of the engine come out of its own iteration; those of the source are kept aside.
  const feeding = pipeline(counted(), engine).catch(() => undefined);
  try {
    for await (const bytes of engine) yield bytes as Uint8Array;
    await feeding;
  } catch (error) {
    if (sourceError instanceof InputError) throw sourceError;
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (code === 'Z_BUF_ERROR') {
      throw new InputError(
        `${label}: the ${name} data is truncated: it ends at byte ${engine.bytesWritten}, in the middle of the stream; get a complete copy`,
      );
    }
    if (code.startsWith('Z_') || code.startsWith('ERR_')) {
      throw new InputError(
        `${label}: the ${name} data is corrupt near byte ${engine.bytesWritten} (${(error as Error).message}); get a clean copy`,
      );
    }
    throw error;
  } finally {
    engine.destroy();
  }
  if (engine.bytesWritten < supplied) {
    throw new InputError(
      `${label}: something else follows the ${name} data at byte ${engine.bytesWritten}; cut it off or get a clean copy`,
    );
  }
}
