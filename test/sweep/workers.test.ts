import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { replayStructures } from '../../src/sweep/replays.ts';
import { sweepTrace } from '../../src/sweep/sweep.ts';
import { createReplayers } from '../../src/sweep/workers/replayers.ts';
import { bytesOf, chunkIn, copyChunk, sizesOf } from '../../src/sweep/workers/shared-chunk.ts';
import { InputError } from '../../src/trace/errors.ts';
import type { Chunk, Trace } from '../../src/trace/types.ts';
import { ended, expectRefusal, start, vmtax, workplace } from '../cli/cli.ts';
import { ROOT } from '../sources.ts';
import { planOf, presets, workload } from './sweeps.ts';

/** A thread runs what is built; everything else here is the source. */
const PROGRAM = new URL('../../dist/sweep/workers/worker.js', import.meta.url);
const pools = new Map([2, 3].map((count) => [count, createReplayers(count, PROGRAM)]));
const two = pools.get(2)!;
afterAll(() => Promise.all([...pools.values()].map(({ close }) => close())));

const place = workplace();
const SERVICES = 'workload:services?cpus=1&instructions=150K';
const services = await workload(SERVICES);
const OPTIONS = { warmup: 1000 };

/** A trace that is told when its chunks are asked for, and what to do before each (numbered from 0). */
const watched = (trace: Trace, before: (chunk: number) => void, begun: () => void = () => {}): Trace => ({
  ...trace,
  chunks: async function* () {
    begun();
    let number = 0;
    for await (const chunk of trace.chunks()) {
      before(number++);
      yield chunk;
    }
  },
});

describe('the same results', () => {
  test.each([2, 3])(
    'with %d threads, of families, single structures and what only one thread does',
    async (n) => {
      const plan = planOf([
        'machine.l2.size=64K,256K,1M',
        'machine.tlb.entries=16,64',
        'disco:monitor.l2tlb.entries=0,1024',
        'prices.local_ns=100,300',
      ]);
      const alone = await sweepTrace(services, presets('irix', 'disco', 'dinero'), plan);
      const together = await sweepTrace(services, presets('irix', 'disco', 'dinero'), plan, {
        replayers: pools.get(n)!,
      });
      expect(together.rows.length).toBe(72);
      expect(together).toEqual(alone);
    },
  );

  test('on several CPUs, with coherent caches, virtual machines that share a CPU, and moving pages', async () => {
    const trace = await workload('workload:services?cpus=4&instructions=40K');
    const plan = planOf(['machine.l2.size=64K,1M', 'machine.cpus=2,4', 'monitor.vms.count=1,2']);
    const systems = presets('disco', 'disco-numa');
    const alone = await sweepTrace(trace, systems, plan);
    expect(alone.rows.length).toBe(16);
    expect(await sweepTrace(trace, systems, plan, { replayers: two })).toEqual(alone);
  });

  test('the trace is decoded once for all threads', async () => {
    let passes = 0;
    const trace = watched(
      services,
      () => {},
      () => passes++,
    );
    const systems = [16, 24, 32, 48].flatMap((entries) =>
      presets('irix').map((irix) => ({
        ...irix,
        machine: { ...irix.machine, tlb: { ...irix.machine.tlb!, entries } },
      })),
    );
    const tallies = await two.replay(trace, trace.summary()!, systems, OPTIONS);
    expect(passes).toBe(1);
    expect(tallies).toEqual(await replayStructures(services, services.summary()!, systems, OPTIONS));
  });

  test('the command line writes the same bytes', async () => {
    const sweep = ['sweep', SERVICES, '--systems', 'irix,disco', '--vary', 'machine.tlb.entries=16,64'];
    const [one, several] = await Promise.all(
      ['1', '2'].map((workers) => vmtax([...sweep, '--workers', workers, '--json', '-'], place)),
    );
    expect(one!.status).toBe(0);
    expect(several).toEqual(one);
    expectRefusal(await vmtax([...sweep, '--workers', '0'], place), /--workers 0: expected/);
  });
});

describe('what goes wrong', () => {
  test('with one structure leaves the others alone, and is said as without threads', async () => {
    const four = await workload('workload:services?cpus=4&instructions=10K');
    const [irix, disco] = presets('irix', 'disco');
    const narrow = { ...irix!, machine: { ...irix!.machine, cpus: 3 } };
    const systems = [irix!, narrow, disco!];
    const alone = await replayStructures(four, four.summary()!, systems, OPTIONS);
    expect(alone.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await two.replay(four, four.summary()!, systems, OPTIONS)).toEqual(alone);
  });

  test('with the trace is said for each structure; the threads go on', async () => {
    const damaged = watched(services, (chunk) => {
      if (chunk === 2) throw new InputError('a damaged chunk');
    });
    const settled = await two.replay(damaged, services.summary()!, presets('irix', 'disco'), OPTIONS);
    expect(settled).toEqual(
      [1, 2].map(() => ({ status: 'rejected', reason: new InputError('a damaged chunk') })),
    );
    const after = await two.replay(services, services.summary()!, presets('irix', 'disco'), OPTIONS);
    expect(after.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled']);
  });

  test('a thread that cannot start is done without', async () => {
    const lost = createReplayers(2, new URL('data:text/javascript,process.exit(1)'));
    const settled = await lost.replay(services, services.summary()!, presets('irix', 'disco'), OPTIONS);
    await lost.close();
    expect(settled).toEqual(
      await replayStructures(services, services.summary()!, presets('irix', 'disco'), OPTIONS),
    );
  });

  test('an interruption ends all', async () => {
    const controller = new AbortController();
    const interrupted = watched(services, (chunk) => {
      if (chunk === 2) controller.abort();
    });
    const pool = createReplayers(2, PROGRAM);
    const { signal } = controller;
    await expect(
      pool.replay(interrupted, services.summary()!, presets('irix', 'disco'), { ...OPTIONS, signal }),
    ).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    await pool.close();
  });

  test('an interrupted command ends with its threads', async () => {
    const child = start(
      [
        ...['sweep', join(ROOT, 'traces/malta64-pmake.vmt'), '--systems', 'linux-mips,disco-linux-mips'],
        ...['--vary', 'machine.tlb.entries=8..64+1', '--workers', '2', '--json', 'rows.json'],
      ],
      place,
    );
    const end = ended(child);
    await once(child.stderr!, 'data');
    await setTimeout(500);
    child.kill('SIGINT');
    expect(await end).toMatchObject({ status: 130, stderr: expect.stringContaining('vmtax: interrupted\n') });
    expect(existsSync(place.path('rows.json'))).toBe(false);
  });
});

test('a chunk is the same in shared memory, whatever its sizes', () => {
  const length = fc.nat({ max: 40 });
  fc.assert(
    fc.property(
      length,
      length,
      length,
      length,
      length,
      fc.nat(),
      (records, segments, events, pages, code, seed) => {
        let state = seed;
        /** Longer than they say, as columns that are used again are. */
        const column = <T extends Int32Array | Uint32Array | Uint16Array | Uint8Array | Float64Array>(
          type: new (length: number) => T,
          length: number,
        ): T => {
          const made = new type(length + 3);
          for (let i = 0; i < made.length; i++) {
            state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
            made[i] = state;
          }
          return made;
        };
        const chunk: Chunk = {
          length: records,
          translation: column(Int32Array, records),
          word: column(Int32Array, records),
          segments: {
            length: segments,
            end: column(Int32Array, segments),
            cpu: column(Uint8Array, segments),
            flags: column(Uint8Array, segments),
            service: column(Uint16Array, segments),
            instructions: column(Int32Array, segments),
            loads: column(Int32Array, segments),
            stores: column(Int32Array, segments),
          },
          events: {
            length: events,
            at: column(Int32Array, events),
            kind: column(Uint8Array, events),
            cpu: column(Uint8Array, events),
            flags: column(Uint8Array, events),
            arg: column(Int32Array, events),
            lo: column(Uint32Array, events),
            hi: column(Uint32Array, events),
          },
          translations: {
            first: seed,
            length: pages,
            space: column(Int32Array, pages),
            virtualPage: column(Float64Array, pages),
            physicalPage: column(Float64Array, pages),
            flags: column(Uint8Array, pages),
          },
          code: {
            length: code,
            at: column(Int32Array, code),
            physicalPage: column(Float64Array, code),
            offset: column(Uint16Array, code),
            count: new Uint16Array(code).fill(2),
            classes: column(Uint8Array, 2 * code),
          },
        };
        const sizes = sizesOf(chunk);
        const shared = chunkIn(new SharedArrayBuffer(bytesOf(sizes)), sizes);
        copyChunk(chunk, shared);
        expect(withoutSpare(shared)).toEqual(withoutSpare(chunk));
      },
    ),
    { numRuns: 50 },
  );
});

/** A chunk with columns as long as they say, as plain numbers. */
function withoutSpare({ length, translation, word, code, ...parts }: Chunk): unknown {
  const cut = (column: unknown, to: number): unknown =>
    typeof column === 'number' ? column : Array.from((column as Int32Array).subarray(0, to));
  const part = (of: { readonly length: number }): unknown =>
    Object.fromEntries(Object.entries(of).map(([name, column]) => [name, cut(column, of.length)]));
  return {
    length,
    translation: cut(translation, length),
    word: cut(word, length),
    segments: part(parts.segments),
    events: part(parts.events),
    translations: part(parts.translations),
    code: { ...(part(code) as object), classes: cut(code.classes, 2 * code.length) },
  };
}
