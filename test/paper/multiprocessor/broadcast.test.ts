import { describe, expect, test } from 'vitest';
import { broadcast, summaryOf } from '../../../src/paper/multiprocessor/broadcast.ts';
import type { Trace } from '../../../src/trace/types.ts';
import { openWorkload } from '../../../src/trace/workloads/open.ts';

/** A number for all records of a trace in order. */
async function digest(trace: Trace, pause = 0): Promise<number> {
  let sum = 0;
  for await (const { length, word, translation } of trace.chunks()) {
    if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    for (let i = 0; i < length; i++) sum = (Math.imul(sum, 31) + word[i]! + translation[i]!) | 0;
  }
  return sum;
}

describe('a trace for several readers', () => {
  test('all see all of it, however fast they read', async () => {
    const spec = 'workload:services?cpus=2&instructions=300K';
    const alone = await digest(openWorkload(spec));
    const trace = openWorkload(spec);
    const summary = await summaryOf(trace);
    expect(summary.workloadInstructions).toBeGreaterThanOrEqual(300000);
    const digests = await Promise.all(broadcast(trace, summary, 3).map((reader, at) => digest(reader, at)));
    expect(digests).toEqual([alone, alone, alone]);
  });

  test('a failure reaches every reader', async () => {
    const trace = openWorkload('workload:services?cpus=2&instructions=1K');
    const broken: Trace = {
      ...trace,
      // biome-ignore lint/correctness/useYield: it fails before there is anything to give
      chunks: async function* () {
        throw new Error('no more');
      },
    };
    const summary = await summaryOf(trace);
    const results = await Promise.allSettled(broadcast(broken, summary, 2).map((reader) => digest(reader)));
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});
