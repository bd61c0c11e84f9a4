import { describe, expect, it } from 'vitest';
import { namedService } from '../../src/trace/services.ts';
import { FETCH, KERNEL, LOAD, MAPPED, STORE } from '../../src/trace/types.ts';
import { layOut } from '../../src/trace/workloads/layout.ts';
import { LIBRARY } from '../../src/trace/workloads/library.ts';
import { servicesWorkload } from '../../src/trace/workloads/library-services.ts';
import { checkedWorkload, type WorkloadInput } from '../../src/trace/workloads/schema.ts';
import { balanceCheck, describeTrace, digest, open, walk } from './workloads-reading.ts';

const names = Object.keys(LIBRARY);
/** Three CPUs, or as many as a workload can have. */
const cpusOf = (name: string): number => Math.min(3, LIBRARY[name]!.parameters.cpus!.most);

/** Two jobs a CPU that never exit, with everything else that the `services` workload has. */
function immortal(changes: Partial<WorkloadInput> = {}): WorkloadInput {
  const workload = servicesWorkload({ cpus: 2, jobs: 2 });
  const [{ life: _, ...job }] = workload.processes as [WorkloadInput['processes'][number]];
  const phases = job.phases.map((phase, at) => ({ ...phase, instructions: at === 0 ? '90K' : '20K' }));
  return { ...workload, processes: [{ ...job, phases, rounds: 1 }], instructions: '100M', ...changes };
}

/** What each address space does in user mode, as a hash and a count. */
async function userStreams(description: WorkloadInput): Promise<Map<number, [number, number]>> {
  const streams = new Map<number, [number, number]>();
  await walk(describeTrace(description), {
    reference: ({ kind, space, virtual, segmentFlags, size }) => {
      if (segmentFlags !== 0) return;
      const stream = streams.get(space) ?? [0x811c9dc5, 0];
      streams.set(space, stream);
      stream[0] = Math.imul(stream[0] ^ (virtual * 4 + kind + size * 31), 0x01000193);
      stream[1]++;
    },
  });
  return streams;
}

describe('determinism', () => {
  it.each(names)('%s is the same for the same seed', async (name) => {
    const spec = `${name}?instructions=200K&cpus=${cpusOf(name)}`;
    const trace = open(spec);
    const first = await digest(trace);
    expect(await digest(trace)).toBe(first);
    expect(await digest(open(`${spec}&seed=1`))).toBe(first);
  });

  it.each(['zipf', 'services'])('%s is another for another seed', async (name) => {
    const digests = await Promise.all(
      [1, 2, 3, 4].map((seed) => digest(open(`${name}?instructions=200K&seed=${seed}`))),
    );
    expect(new Set(digests).size).toBe(4);
  });

  it('a process does the same whatever the stretch, the time slice, and the services are', async () => {
    const expected = await userStreams(immortal());
    expect(expected.size).toBe(4);
    for (const changes of [{ stretch: 37, slice: 7000 }, { stretch: 100_000 }])
      expect(await userStreams(immortal(changes))).toEqual(expected);
    const { kernel: _, ...bare } = immortal();
    expect(await userStreams(bare)).toEqual(expected);
  });

  it('CPUs take turns of exactly the stretch', async () => {
    const turns: number[] = [];
    await walk(open('zipf?cpus=3&instructions=90K&stretch=500&theta=1.3'), {
      segment: (cpu, _flags, _service, instructions) => turns.push(cpu * 10_000 + instructions),
    });
    // A chunk's end cuts a segment; there are few.
    expect(turns.slice(0, 30)).toEqual(Array.from({ length: 30 }, (_, i) => (i % 3) * 10_000 + 500));
  });
});

describe.each(names)('%s', (name) => {
  it('is well formed, and stays inside its regions', async () => {
    const cpus = cpusOf(name);
    const trace = open(`${name}?cpus=${cpus}&instructions=600K`);
    const defaults = Object.entries(LIBRARY[name]!.parameters).map(([key, { value }]) => [key, value]);
    const layout = layOut(
      checkedWorkload(LIBRARY[name]!.describe({ ...Object.fromEntries(defaults), cpus }), name),
    );
    const inRegion = new Set<number>();
    // Programs that share nothing with each other may have regions of several processes at the same address.
    const sharedFrames = new Map<number, Set<number>>();
    const kernelPages = new Set<number>();
    for (const instance of layout.instances) {
      for (let page = 0; page < instance.pages; page++) {
        const physical = layout.physical(instance.frame + page);
        const virtual = instance.virtualPage + (instance.direct ? physical : page);
        if (instance.owner < 0) kernelPages.add(virtual);
        else {
          inRegion.add(virtual);
          if (instance.shared)
            sharedFrames.set(virtual, (sharedFrames.get(virtual) ?? new Set()).add(physical));
        }
      }
    }
    const balance = balanceCheck(cpus);
    const summary = await walk(trace, {
      reference: ({ page, physical, flags, segmentFlags, kind }) => {
        const frame = Math.floor(physical / 4096);
        if (frame >= layout.frames) throw new Error('no such frame');
        if ((flags & KERNEL) === 0) {
          if (!inRegion.has(page)) throw new Error(`no region at page ${page.toString(16)}`);
          if (sharedFrames.get(page)?.has(frame) === false) throw new Error('not shared');
          if (kind === FETCH && segmentFlags !== 0) throw new Error('the kernel runs user code');
        } else {
          if (segmentFlags === 0) throw new Error('user code in kernel memory');
          // Pages are zeroed through the direct segment, wherever they are.
          if (page !== layout.directBase + frame && !kernelPages.has(page)) throw new Error('no kernel page');
        }
      },
      event: balance.event,
    });
    expect(balance.open()).toBe(0);
    expect(summary.instructions).toBeGreaterThan(40_000);
  });
});

describe('programs', () => {
  const one = (phase: object, regions: object = {}): WorkloadInput => ({
    name: 'one',
    instructions: 400_000,
    processes: [
      {
        name: 'p',
        regions: { text: { bytes: '64K' }, heap: { bytes: '64K' }, ...regions },
        phases: [{ instructions: 1e6, code: { region: 'text' }, ...phase }],
      },
    ],
  });

  it('have the mix of fetches, loads and stores asked for', async () => {
    const data = [
      { region: 'heap', load: 20, store: 7 },
      { region: 'heap', load: 1, update: 1, size: 8 },
    ];
    for (const order of ['random', 'turns'] as const) {
      const { instructions, loads, stores } = await walk(describeTrace(one({ fetch: 100, data, order })));
      expect(instructions).toBe(400_000);
      expect(loads + stores).toBe(400_000 * 0.3);
      const tolerance = order === 'turns' ? 200 : 4 * Math.sqrt(120_000 * 0.27 * 0.73);
      expect(Math.abs(loads - 400_000 * 0.22)).toBeLessThan(tolerance);
    }
  });

  it('run straight for the mean run length, and repeat runs as loops', async () => {
    for (const loop of [0, 0.75]) {
      let next = -1;
      let from = -1;
      let branches = 0;
      let repeats = 0;
      const targets = { kind: 'uniform' } as const;
      await walk(describeTrace(one({ code: { region: 'text', run: 12, loop, targets } })), {
        reference: ({ kind, virtual }) => {
          if (kind !== FETCH) return;
          if (virtual !== next) {
            branches++;
            if (virtual === from) repeats++;
            from = virtual;
          }
          next = virtual + 4;
        },
      });
      expect(400_000 / branches).toBeGreaterThan(11.5);
      expect(400_000 / branches).toBeLessThan(12.5);
      expect(Math.abs(repeats / branches - loop)).toBeLessThan(0.02);
    }
  });

  it('go through phases in order, the first time through those that are done once', async () => {
    const input = one({});
    const [process] = input.processes as [WorkloadInput['processes'][number]];
    const loads = { fetch: 10, data: [{ region: 'heap', load: 1 }], code: { region: 'text' } };
    const stores = { fetch: 10, data: [{ region: 'heap', store: 1 }], code: { region: 'text' } };
    const phases = [
      { ...stores, instructions: 1000, once: true },
      { ...loads, instructions: 2000 },
      { ...stores, instructions: 500 },
    ];
    const seen: number[] = [];
    const trace = describeTrace({ ...input, processes: [{ ...process, phases, rounds: 2 }] });
    const summary = await walk(trace, {
      reference: ({ kind }) => {
        if (kind !== FETCH) seen.push(kind);
      },
    });
    expect(summary.instructions).toBe(6000);
    const part = (kind: number, count: number): number[] => new Array(count).fill(kind);
    expect(seen).toEqual([
      ...part(STORE, 100),
      ...part(LOAD, 200),
      ...part(STORE, 50),
      ...part(LOAD, 200),
      ...part(STORE, 50),
    ]);
  });

  it('threads share an address space, but for regions of their own', async () => {
    const input = one({
      fetch: 5,
      data: [
        { region: 'heap', load: 1 },
        { region: 'stack', store: 1 },
      ],
    });
    const [process] = input.processes as [WorkloadInput['processes'][number]];
    const regions = { ...process.regions, stack: { bytes: '8K', per: 'thread' as const } };
    const stackOf = new Map<number, Set<number>>();
    const spaces = new Set<number>();
    await walk(describeTrace({ ...input, cpus: 4, processes: [{ ...process, regions, threads: 4 }] }), {
      reference: ({ kind, cpu, space, virtual }) => {
        spaces.add(space);
        if (kind === STORE) stackOf.set(cpu, (stackOf.get(cpu) ?? new Set()).add(Math.floor(virtual / 4096)));
      },
    });
    expect(spaces).toEqual(new Set([0]));
    expect([...stackOf.values()].map((pages) => pages.size)).toEqual([2, 2, 2, 2]);
    expect(new Set([...stackOf.values()].flatMap((pages) => [...pages])).size).toBe(8);
  });

  it('memory and translations do not grow with the length', async () => {
    const trace = open('zipf?cpus=2&instructions=4M&theta=1&heap=65536');
    const late = { translations: 0, chunks: 0, before: 0 };
    for await (const chunk of trace.chunks()) {
      if (++late.chunks === 40) late.before = process.memoryUsage().arrayBuffers;
      if (late.chunks > 40) late.translations += chunk.translations.length;
    }
    expect(late.chunks).toBeGreaterThan(80);
    expect(late.translations).toBeLessThan(4000);
    expect(process.memoryUsage().arrayBuffers - late.before).toBeLessThan(4 << 20);
  });
});

it('services are named and their pages are flagged as the trace vocabulary says', async () => {
  const flags = new Set<number>();
  const services = new Set<number>();
  await walk(open('services?instructions=4M'), {
    reference: (reference) => {
      if (reference.space < 0) flags.add(reference.flags);
      if (reference.segmentFlags !== 0) services.add(reference.service);
    },
  });
  expect(flags).toEqual(new Set([KERNEL | 2, KERNEL | 2 | MAPPED]));
  for (const name of [
    'DEMAND_ZERO',
    'ZERO_PAGE',
    'FILE_PAGE',
    'QUICK_FAULT',
    'open',
    'read',
    'write',
    'TIMER',
  ] as const)
    expect(services).toContain(namedService(name));
  expect(services).not.toContain(0);
});
