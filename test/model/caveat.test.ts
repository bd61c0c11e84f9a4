import { describe, expect, test } from 'vitest';
import { causes, caveatOf, type Note, type Noted, weightiest } from '../../src/model/caveat.ts';
import type { Cause, Part } from '../../src/model/pricing/breakdown.ts';
import { compareSystems } from '../../src/model/run.ts';
import { applyOverrides, parseOverride, presetSystem } from '../../src/model/systems/load.ts';
import { ingest } from '../../src/trace/ingest.ts';
import { openWorkload } from '../../src/trace/workloads/open.ts';

/** A run with so many picoseconds of each cause, and notes. */
function run(ps: Partial<Record<Cause, number>>, ...notes: Note[]): Noted {
  const parts = Object.entries(ps).map(
    ([cause, time]): Part => ({
      cpu: 0,
      context: 'user',
      category: 'user',
      cause: cause as Cause,
      owner: 'workload',
      kind: 'execution',
      count: 1,
      ps: time,
    }),
  );
  return { breakdown: { total_ps: parts.reduce((sum, part) => sum + part.ps, 0), parts }, notes };
}

const harmless: Note = { text: 'harmless' };
const timer: Note = { text: 'timer', touches: causes('timer') };
const idle: Note = { text: 'idle', touches: causes('idle') };
const missing: Note = { text: 'missing', missing: true };

describe('the weightiest note', () => {
  const base = run({ execution: 100, idle: 50, timer: 50 }, harmless);

  test('is the one that touches most of the difference, whichever comes first', () => {
    const ps = { execution: 100, idle: 90, timer: 60 };
    expect(caveatOf(run(ps, harmless, timer, idle), base)).toEqual({
      note: 'idle',
      missing: false,
      percent: 20,
    });
    expect(caveatOf(run(ps, idle, timer, harmless), base)?.note).toBe('idle');
    // Large, but the same on both sides: nothing of the difference rests on it.
    expect(caveatOf(run({ execution: 300, idle: 50, timer: 40 }, idle, timer), base)?.note).toBe('timer');
  });

  test('may be a note of the baseline, and is its own where it stands alone', () => {
    const noted = run({ idle: 30, timer: 70 }, idle, timer);
    expect(caveatOf(run({ idle: 30, timer: 10 }, idle), noted)).toMatchObject({ note: 'timer', percent: 60 });
    expect(caveatOf(noted, null)).toMatchObject({ note: 'timer', percent: 70 });
  });

  test('what is missing from the model outweighs what it has', () => {
    expect(caveatOf(run({ idle: 1000 }, idle, harmless, missing), base)?.note).toBe('missing');
    const [a, b] = [caveatOf(run({ idle: 1e6 }, idle), base)!, caveatOf(run({}, missing), base)!];
    expect(weightiest([a, b])).toBe(b);
    expect(weightiest([b, a])).toBe(b);
  });

  test('none, no time, and equal ones', () => {
    expect(caveatOf(run({ idle: 1 }), run({ idle: 1 }))).toBeNull();
    expect(weightiest([])).toBeNull();
    expect(caveatOf(run({}, idle), run({}))).toEqual({ note: 'idle', missing: false, percent: 0 });
    expect(caveatOf(run({ execution: 1 }, harmless, timer), run({ execution: 1 }))?.note).toBe('harmless');
  });
});

describe('of a run', () => {
  const compared = async (workload: string, ...settings: string[]) => {
    const trace = await ingest(openWorkload(workload));
    const systems = applyOverrides(['irix', 'disco'].map(presetSystem), settings.map(parseOverride));
    const { runs } = await compareSystems(trace, systems, { warmup: null, baseline: null, seeds: 1 });
    await trace.close();
    return runs[1]!;
  };

  test('that waits for disks much longer than its baseline: that idle time is computed', async () => {
    const disco = await compared(
      'workload:services?cpus=2&instructions=200K',
      'disco:prices.disk_ns=9000000',
    );
    expect(disco.notes[0]).not.toMatch(/^Idle time is computed/);
    expect(disco.caveat).toMatchObject({
      note: expect.stringMatching(/^Idle time is computed/),
      missing: false,
    });
    expect(disco.notes).toContain(disco.caveat!.note);
  });

  test('of a workload that asks no disk: not that waiting for disks is missing', async () => {
    const disco = await compared('workload:services?cpus=2&instructions=50K&warm=1');
    expect(disco.notes.join(' ')).not.toContain('disk waits');
    expect(disco.caveat).toMatchObject({ missing: false });
  });
});
