import { expect, test } from 'vitest';
import { replayAll } from '../../src/model/compare.ts';
import { presetSystem } from '../../src/model/systems/load.ts';
import { ingest } from '../../src/trace/ingest.ts';
import { openWorkload } from '../../src/trace/workloads/open.ts';

test('progress goes on over all passes that forms of the trace need', async () => {
  const trace = await ingest(openWorkload('workload:ping-pong?cpus=4&instructions=200K'));
  const summary = trace.summary()!;
  const heard = async (...names: string[]): Promise<number[]> => {
    const seen: number[] = [];
    await replayAll(trace, summary, names.map(presetSystem), {
      warmup: 0,
      progress: (done, total) => seen.push(done / total),
    });
    return seen;
  };
  for (const names of [['irix'], ['irix', 'disco', 'disco-2vms', 'disco-4vms']]) {
    const seen = await heard(...names);
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(new Set(seen).size).toBe(seen.length);
  }
  await trace.close();
});
