import { InputError } from '../errors.ts';

/** xz-embedded's return codes, as far as they need their own words. */
const MEMORY = 3;
const OPTIONS = 6;
const ENDED = 8;

/**
 * Decompresses xz (any number of streams), streaming.
 *
 * The decoder serves one stream at a time: a second one waits until the first is finished or closed, so two
 * xz inputs are read one after the other, never in lock-step.
 */
export async function* unxz(label: string, source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let supplied = 0;
  let ended = false;
  let sourceError: unknown = null;
  const iterator = source[Symbol.asyncIterator]();
  const feed = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = await iterator.next();
          if (next.done) {
            ended = true;
            // The decoder takes the end only after it has seen some data.
            if (supplied === 0) controller.enqueue(new Uint8Array(0));
            controller.close();
          } else {
            supplied += next.value.length;
            controller.enqueue(next.value);
          }
        } catch (error) {
          sourceError = error;
          controller.error(error);
        }
      },
    },
    { highWaterMark: 0 },
  );
  // Loaded when it is needed, for start-up time. CommonJS: its exports come as the default.
  const { default: xz } = await import('xz-decompress');
  const reader = new xz.XzReadableStream(feed).getReader();
  let open = true;
  try {
    for (;;) {
      const next = await reader.read();
      if (next.done) {
        open = false;
        return;
      }
      if (next.value.length > 0) yield next.value;
    }
  } catch (error) {
    open = false;
    if (sourceError !== null) throw sourceError;
    throw new InputError(`${label}: ${explain(error, supplied, ended)}`);
  } finally {
    if (open) await reader.cancel();
    await iterator.return?.();
  }
}

function explain(error: unknown, supplied: number, ended: boolean): string {
  const code = Number(/code (\d+)/.exec(String(error))?.[1] ?? -1);
  if (code === ENDED && ended) {
    return `the xz data is truncated: it ends at byte ${supplied}, in the middle of a stream; get a complete copy`;
  }
  if (code === OPTIONS)
    return 'this xz variant is not read (filters or SHA-256 check); recompress it with plain xz';
  if (code === MEMORY) return 'the xz data needs too large a dictionary; recompress it with xz -9 or less';
  return `the xz data is corrupt before byte ${supplied}; get a clean copy`;
}
