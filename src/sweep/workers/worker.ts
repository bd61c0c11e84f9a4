import { type MessagePort, parentPort } from 'node:worker_threads';
import { replayAll } from '../../model/compare.ts';
import { onePass } from '../../model/geometry/one-pass.ts';
import type { Tally } from '../../model/tally.ts';
import type { Chunk, Trace } from '../../trace/types.ts';
import type { FromWorker, ToWorker } from './messages.ts';
import { chunkIn } from './shared-chunk.ts';

/** A thread that replays systems on chunks that another one decodes. */

type Start = Extract<ToWorker, { kind: 'start' }>;

if (parentPort === null) throw new Error('worker.ts is the program of a worker thread');
serve(parentPort);

function serve(port: MessagePort): void {
  const say = (message: FromWorker): void => port.postMessage(message);
  const inbox: ToWorker[] = [];
  let wake = (): void => {};
  port.on('message', (message: ToWorker) => {
    inbox.push(message);
    wake();
  });
  const next = async (): Promise<ToWorker> => {
    while (inbox.length === 0)
      await new Promise<void>((done) => {
        wake = done;
      });
    return inbox.shift()!;
  };

  /** Chunks as they come. One is done with when the next is asked for: until then its columns are valid. */
  async function* chunks(taken: Int32Array): AsyncGenerator<Chunk> {
    for (;;) {
      const message = await next();
      if (message.kind === 'end') return;
      if (message.kind !== 'chunk') throw new Error('stopped');
      yield chunkIn(message.buffer, message.sizes);
      Atomics.add(taken, 0, 1);
      Atomics.notify(taken, 0);
    }
  }

  const replay = async (start: Start): Promise<readonly Tally[]> => {
    const { header, summary, systems, families, warmup, taken } = start;
    const trace: Trace = {
      header,
      summary: () => summary,
      chunks: () => chunks(taken),
      close: async () => {},
    };
    if (families) {
      const tallies = await onePass(trace, summary, systems, { warmup });
      return tallies.map((tally) => {
        if (tally === null) throw new Error('a system is in no family');
        return tally;
      });
    }
    return (await replayAll(trace, summary, systems, { warmup })).tallies;
  };

  const work = async (): Promise<never> => {
    for (;;) {
      const message = await next();
      // Anything else is left of a replay that ended early.
      if (message.kind !== 'start') continue;
      // Why it failed is found out by whoever replays the systems again, one by one.
      say({ tallies: await replay(message).catch(() => null) });
    }
  };
  void work();
}
