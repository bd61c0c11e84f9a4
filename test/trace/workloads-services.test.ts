import { describe, expect, it } from 'vitest';
import { namedService } from '../../src/trace/services.ts';
import { EVENT, SEGMENT_KERNEL, STORE } from '../../src/trace/types.ts';
import { servicesWorkload } from '../../src/trace/workloads/library-services.ts';
import type { WorkloadInput } from '../../src/trace/workloads/schema.ts';
import { describeTrace, type Event, walk } from './workloads-reading.ts';

type Services = NonNullable<WorkloadInput['kernel']>['services'];
type Process = WorkloadInput['processes'][number];

const work = { code: { region: 'ktext' }, fetch: 4, data: [{ region: 'kdata', load: 1, store: 0.5 }] };

/** One process on one CPU over a kernel with these services. */
function workload(
  services: Services,
  process: Partial<Process> = {},
  rest: Partial<Omit<WorkloadInput, 'kernel'>> = {},
): WorkloadInput & { kernel: NonNullable<WorkloadInput['kernel']> } {
  return {
    name: 'test',
    instructions: 300_000,
    processes: [
      {
        name: 'p',
        regions: { text: { bytes: '8K' }, heap: { bytes: '256K', fault: 'zero' } },
        phases: [
          { instructions: 10_000, code: { region: 'text' }, fetch: 5, data: [{ region: 'heap', load: 1 }] },
        ],
        ...process,
      },
    ],
    kernel: {
      regions: { ktext: { bytes: '16K' }, kdata: { bytes: '16K' } },
      files: { disk: 100 },
      locks: { spin: {}, sleep: { kind: 'semaphore', count: 3 } },
      services,
    },
    ...rest,
  };
}

/** User instructions and, for each event, how many instructions (all, user) ran before it on its CPU. */
async function timeline(description: WorkloadInput) {
  const events: (Event & { at: number; user: number })[] = [];
  const instructions = { all: 0, user: 0 };
  const byService = new Map<number, number>();
  let zeroStores = 0;
  const summary = await walk(describeTrace(description), {
    reference: ({ kind, segmentFlags, service }) => {
      if (kind === STORE && service === namedService('ZERO_PAGE')) zeroStores++;
      if (kind !== 0) return;
      instructions.all++;
      if ((segmentFlags & SEGMENT_KERNEL) === 0) instructions.user++;
      else byService.set(service, (byService.get(service) ?? 0) + 1);
    },
    event: (event) => events.push({ ...event, at: instructions.all, user: instructions.user }),
  });
  const of = (kind: number, arg?: number) =>
    events.filter((event) => event.kind === kind && (arg === undefined || event.arg === arg));
  return { events, of, instructions, byService, zeroStores, summary };
}

const READ = namedService('read');

describe('rates', () => {
  it('staggered services come as regularly, from a first time that is drawn', async () => {
    const firsts = new Set<number>();
    for (const seed of [1, 2, 3]) {
      const when = { on: 'rate', every: 5000, spacing: 'staggered' } as const;
      const run = await timeline(
        workload({ read: { ...work, when, syscall: 3, instructions: 10 } }, {}, { seed }),
      );
      const times = run.of(EVENT.syscall).map(({ user }) => user);
      expect(times[0]).toBeLessThanOrEqual(5000);
      expect(times.slice(1).map((user, at) => user - times[at]!)).toEqual(times.slice(1).map(() => 5000));
      firsts.add(times[0]!);
    }
    expect(firsts.size).toBe(3);
  });

  it('does privileged operations of a lock while it is held, each time', async () => {
    const run = await timeline(
      workload({
        read: {
          ...work,
          when: { on: 'rate', every: 5000, spacing: 'regular' },
          instructions: 800,
          privileged: { tlbp: 1 },
          locks: [{ lock: 'spin', hold: 100, times: 2, privileged: { tlbwi: 3 } }],
        },
      }),
    );
    const holds = run.of(EVENT.lockAcquire).length;
    let held = 0;
    const inside: number[] = [];
    let outside = 0;
    for (const { kind } of run.events) {
      if (kind === EVENT.lockAcquire) inside.push(0);
      held += kind === EVENT.lockAcquire ? 1 : kind === EVENT.lockRelease ? -1 : 0;
      if (kind !== EVENT.privileged) continue;
      if (held > 0) inside[inside.length - 1]!++;
      else outside++;
    }
    expect(holds).toBeGreaterThan(10);
    expect(inside).toEqual(inside.map(() => 3));
    expect(outside).toBe(holds / 2);
  });

  it('regular services come exactly every so many user instructions', async () => {
    const run = await timeline(
      workload({
        read: { ...work, when: { on: 'rate', every: 5000, spacing: 'regular' }, instructions: 800 },
      }),
    );
    const times = run.of(EVENT.serviceBegin, READ).map((event) => event.user);
    expect(times).toEqual(times.map((_, i) => (i + 1) * 5000));
    expect(times.length).toBeGreaterThan(45);
    expect(run.byService.get(READ)).toBe(800 * times.length);
  });

  it('exponential ones on average, and as evenly spread over the services as described', async () => {
    const when = { on: 'rate', every: 1000 } as const;
    const run = await timeline(
      workload({
        read: { ...work, when, instructions: 200, spread: 0.5 },
        open: { ...work, when: { ...when, every: 4000 }, instructions: 300 },
      }),
    );
    const reads = run.of(EVENT.serviceBegin, READ).length;
    const opens = run.of(EVENT.serviceBegin, namedService('open')).length;
    const { user } = run.instructions;
    expect(Math.abs(reads - user / 1000)).toBeLessThan(4 * Math.sqrt(user / 1000));
    expect(Math.abs(opens - user / 4000)).toBeLessThan(4 * Math.sqrt(user / 4000));
    const mean = run.byService.get(READ)! / reads;
    expect(Math.abs(mean - 200)).toBeLessThan((4 * 200 * 0.5) / Math.sqrt(3 * reads));
  });

  it("interrupts follow the CPU's clock, the kernel's instructions included", async () => {
    const run = await timeline(
      workload({
        TIMER: {
          ...work,
          when: { on: 'rate', every: 10_000, of: 'cpu', spacing: 'regular' },
          interrupt: 7,
          instructions: 2500,
        },
      }),
    );
    const times = run.of(EVENT.interrupt, 7).map((event) => event.at);
    expect(times).toEqual(times.map((_, i) => (i + 1) * 10_000));
    expect(times.length).toBe(29);
  });
});

describe('a service', () => {
  const operations = { 'mfc0 cause': 2, 'mtc0 entryHi': 1, tlbwi: 3 };
  const path = { ...work, instructions: 40 };

  it('does its privileged operations and its common paths, with everything between begin and end', async () => {
    const description = workload({
      read: {
        ...work,
        when: { on: 'rate', every: 10_000 },
        syscall: 3,
        instructions: 600,
        privileged: operations,
      },
    });
    const run = await timeline({
      ...description,
      kernel: {
        ...description.kernel,
        entry: { ...path, privileged: { 'mfc0 epc': 1 } },
        exit: { ...path, privileged: { 'mtc0 status': 1, eret: 1 } },
      },
    });
    const times = run.of(EVENT.serviceBegin).length;
    expect(times).toBeGreaterThan(10);
    expect(run.byService.get(READ)).toBe(times * 680);
    const first = run.events.findIndex((event) => event.kind === EVENT.serviceBegin);
    const kinds = run.events.slice(first, first + 13).map(({ kind, arg }) => [kind, arg]);
    const p = EVENT.privileged;
    expect(kinds).toEqual([
      [EVENT.serviceBegin, READ],
      [EVENT.syscall, 3],
      [EVENT.exception, 8],
      [p, 0 | (14 << 8)],
      [p, 0 | (13 << 8)],
      [p, 0 | (13 << 8)],
      [p, 1 | (10 << 8)],
      [p, 7],
      [p, 7],
      [p, 7],
      [p, 1 | (12 << 8)],
      [p, 10],
      [EVENT.serviceEnd, READ],
    ]);
  });

  it('holds its locks for the instructions described', async () => {
    const run = await timeline(
      workload({
        read: {
          ...work,
          when: { on: 'rate', every: 3000 },
          instructions: 1000,
          locks: [
            { lock: 'spin', hold: 120, times: 2 },
            { lock: 'sleep', hold: 300 },
          ],
        },
      }),
    );
    const taken = run.of(EVENT.lockAcquire);
    const given = run.of(EVENT.lockRelease);
    expect(taken.length).toBe(3 * run.of(EVENT.serviceBegin).length);
    const holds = taken.map((event, i) => {
      expect(given[i]!.arg).toBe(event.arg);
      expect(event.lo).toBe(event.arg === 0 ? 0 : 1);
      return [event.arg === 0 ? 'spin' : 'sleep', given[i]!.at - event.at];
    });
    expect(new Set(holds.map((hold) => hold.join(' ')))).toEqual(new Set(['spin 120', 'sleep 300']));
    expect(new Set(taken.map((event) => event.arg))).toEqual(new Set([0, 1, 2, 3]));
    expect(run.byService.get(READ)).toBe(1000 * run.of(EVENT.serviceBegin).length);
  });

  it('asks for disk blocks in order, and for messages, as often as described', async () => {
    const run = await timeline(
      workload({
        read: {
          ...work,
          when: { on: 'rate', every: 500 },
          instructions: 100,
          disk: { probability: 0.25, bytes: '8K', file: 'disk' },
          network: { probability: 0.5, bytes: 300, peer: 9 },
        },
      }),
    );
    const times = run.of(EVENT.serviceBegin).length;
    const requests = run.of(EVENT.diskRequest, 8192);
    expect(Math.abs(requests.length - times / 4)).toBeLessThan(4 * Math.sqrt(times * 0.1875));
    requests.forEach((event, i) => {
      if (i > 0) expect(event.lo).toBe((requests[i - 1]!.lo + 2) % 100);
    });
    const sent = run.of(EVENT.networkRequest, 300);
    expect(Math.abs(sent.length - times / 2)).toBeLessThan(4 * Math.sqrt(times / 4));
    expect(sent.every((event) => event.lo === 9)).toBe(true);
  });

  it('copies between buffers, word by word', async () => {
    const run = await timeline(
      workload({
        read: {
          ...work,
          data: [],
          when: { on: 'rate', every: 5000 },
          instructions: 100,
          copies: [{ from: 'kdata', to: 'heap', bytes: 1024 }],
        },
        DEMAND_ZERO: { ...work, when: { on: 'fault', kind: 'zero' }, instructions: 10 },
      }),
    );
    const times = run.of(EVENT.serviceBegin, READ).length;
    expect(run.byService.get(READ)).toBe(times * (100 + 288));
  });
});

describe('page faults', () => {
  const zero = { ...work, when: { on: 'fault', kind: 'zero' }, exception: 3, instructions: 500 } as const;
  const quick = { ...work, when: { on: 'fault', kind: 'quick' }, exception: 2, instructions: 100 } as const;
  const file = { ...work, when: { on: 'fault', kind: 'file' }, exception: 2, instructions: 700 } as const;

  it('come once for each page, and zero it', async () => {
    const run = await timeline(workload({ DEMAND_ZERO: zero }));
    const mapped = run.of(EVENT.pageMapped);
    expect(mapped.length).toBe(64);
    expect(new Set(mapped.map((event) => event.arg)).size).toBe(64);
    expect(mapped.every((event) => event.lo === 1)).toBe(true);
    expect(run.zeroStores).toBe(64 * 512);
    expect(run.of(EVENT.exception, 3).length).toBe(64);
    expect(run.byService.get(namedService('DEMAND_ZERO'))).toBe(64 * 500);
    expect(run.byService.get(namedService('ZERO_PAGE'))).toBe(64 * 640);
  });

  it('can leave the zeroing to whoever replays', async () => {
    const description = workload({ DEMAND_ZERO: zero });
    const run = await timeline({ ...description, kernel: { ...description.kernel, zeroing: 'none' } });
    expect(run.zeroStores).toBe(0);
    expect(run.of(EVENT.pageMapped).every((event) => event.lo === 1)).toBe(true);
  });

  it('read a page of a file once, and map it quickly for everybody else', async () => {
    const regions = {
      text: { bytes: '8K' },
      heap: { bytes: '64K', share: 'mapped', fault: 'file', file: 'disk' },
    } as const;
    const run = await timeline(
      workload({ QUICK_FAULT: quick, FILE_PAGE: file }, { regions, count: 3 }, { cpus: 3 }),
    );
    const mapped = run.of(EVENT.pageMapped);
    expect(mapped.length).toBe(48);
    expect(
      mapped
        .filter((event) => event.lo === 2)
        .map((event) => event.hi)
        .sort((a, b) => a - b),
    ).toEqual(Array.from({ length: 16 }, (_, block) => block));
    expect(run.of(EVENT.diskRequest).length).toBe(16);
    // Two may fault on a page before it is there.
    const quickly = run.of(EVENT.serviceBegin, namedService('QUICK_FAULT')).length;
    expect(run.of(EVENT.serviceBegin, namedService('FILE_PAGE')).length + quickly).toBe(48);
    expect(quickly).toBeGreaterThan(24);
  });

  it('without a service for them, pages are still said to be mapped', async () => {
    const run = await timeline(workload({}));
    expect(run.of(EVENT.pageMapped).length).toBe(64);
    expect(run.of(EVENT.serviceBegin).length).toBe(0);
  });

  it('happen inside system calls too', async () => {
    const data = [{ region: 'heap', load: 1 }];
    const run = await timeline(
      workload(
        {
          DEMAND_ZERO: zero,
          read: { ...work, data, when: { on: 'rate', every: 1000, spacing: 'regular' }, instructions: 2000 },
        },
        { phases: [{ instructions: 10_000, code: { region: 'text' } }] },
      ),
    );
    expect(run.of(EVENT.pageMapped).length).toBe(64);
    expect(run.byService.get(READ)).toBe(2000 * run.of(EVENT.serviceBegin, READ).length);
  });
});

describe('processes', () => {
  const events = { on: 'exit' } as const;

  it('exit, free their pages, and begin again in another address space', async () => {
    const run = await timeline(
      workload(
        {
          exit: { ...work, when: events, instructions: 1000 },
          fork: { ...work, when: { on: 'create' }, instructions: 2000 },
          execve: { ...work, when: { on: 'create' }, instructions: 3000 },
        },
        { life: { instructions: 20_000, spacing: 'regular' } },
      ),
    );
    const exits = run.of(EVENT.serviceBegin, namedService('exit'));
    expect(exits.map((event) => event.user)).toEqual(exits.map((_, i) => (i + 1) * 20_000));
    expect(run.of(EVENT.serviceBegin, namedService('execve')).length).toBe(exits.length);
    expect(run.summary.spaces).toBe(exits.length + 1);
    const freed = run.of(EVENT.pageFreed).map((event) => event.arg);
    const mapped = run.of(EVENT.pageMapped).map((event) => event.arg);
    expect(freed.length).toBeGreaterThan(64 * (exits.length - 1));
    expect(freed.every((id) => mapped.includes(id))).toBe(true);
    expect(new Set(freed).size).toBe(freed.length);
    expect(run.of(EVENT.spaceSwitch).map((event) => event.arg)).toEqual(exits.map((_, i) => i + 1));
  });

  it('take turns on a CPU by time slices', async () => {
    const SWITCH = { ...work, when: { on: 'switch' }, instructions: 300 } as const;
    const run = await timeline(workload({ SWITCH }, { count: 3 }, { slice: 10_000 }));
    const spaces = run.of(EVENT.spaceSwitch).map((event) => event.arg);
    expect(spaces.slice(0, 6)).toEqual([1, 2, 0, 1, 2, 0]);
    expect(run.of(EVENT.serviceBegin, namedService('SWITCH')).length).toBe(spaces.length);
    expect(run.of(EVENT.spaceSwitch).map((event) => event.user)).toEqual(
      spaces.map((_, i) => (i + 1) * 10_000),
    );
  });

  it('boot each CPU before anything else, in their order', async () => {
    const stat = { ...work, when: { on: 'boot' }, instructions: 700 } as const;
    const run = await timeline(workload({ stat }, { count: 3 }, { cpus: 3, stretch: 1000 }));
    const boots = run.of(EVENT.serviceBegin, namedService('stat'));
    expect(boots.map((event) => event.cpu)).toEqual([0, 1, 2]);
    // The first CPU’s user instructions begin when its kernel has started.
    expect(boots[0]!.user).toBe(0);
  });

  it('make room while they wait for a disk; a CPU with nobody else goes idle', async () => {
    const read = {
      ...work,
      when: { on: 'rate', every: 2000, spacing: 'regular' },
      instructions: 500,
      disk: { bytes: 4096, file: 'disk' },
      sleep: 1000,
    } as const;
    const two = await timeline(workload({ read }, { count: 2 }));
    expect(
      two
        .of(EVENT.spaceSwitch)
        .slice(0, 6)
        .map((event) => event.arg),
    ).toEqual([1, 0, 1, 0, 1, 0]);
    expect(two.of(EVENT.idle).length).toBe(0);
    const alone = await timeline(workload({ read }));
    const requests = alone.of(EVENT.diskRequest).length;
    expect(requests).toBeGreaterThan(100);
    // The trace may end with the last request.
    expect(requests - alone.of(EVENT.idle).length).toBeLessThanOrEqual(1);
    expect(alone.of(EVENT.spaceSwitch).length).toBe(0);
  });

  it('roam over their CPUs', async () => {
    const run = await timeline(
      workload(
        {},
        { roam: 1, cpus: [0, 1, 2] },
        { cpus: 3, slice: 5000, stretch: 1000, instructions: 60_000 },
      ),
    );
    expect(run.summary.instructions).toBe(60_000);
    const cpus: number[] = [];
    await walk(
      describeTrace(
        workload({}, { roam: 1, cpus: [0, 1, 2] }, { cpus: 3, slice: 5000, instructions: 60_000 }),
      ),
      { segment: (cpu) => cpus.at(-1) !== cpu && cpus.push(cpu) },
    );
    expect(cpus.slice(0, 7)).toEqual([0, 1, 2, 0, 1, 2, 0]);
  });
});

it('per-CPU kernel data is the data of the CPU that runs', async () => {
  const description = workload(
    {
      read: {
        ...work,
        data: [{ region: 'percpu', store: 1 }],
        when: { on: 'rate', every: 1000 },
        instructions: 400,
      },
    },
    { count: 4 },
    { cpus: 4 },
  );
  const regions = { ...description.kernel.regions, percpu: { bytes: '4K', per: 'cpu' as const } };
  const pages = new Map<number, Set<number>>();
  await walk(describeTrace({ ...description, kernel: { ...description.kernel, regions } }), {
    reference: ({ kind, cpu, physical, segmentFlags }) => {
      if (kind === STORE && segmentFlags !== 0)
        pages.set(cpu, (pages.get(cpu) ?? new Set()).add(Math.floor(physical / 4096)));
    },
  });
  expect([...pages.values()].map((own) => own.size)).toEqual([1, 1, 1, 1]);
  expect(new Set([...pages.values()].flatMap((own) => [...own])).size).toBe(4);
});

describe('files that are in memory from the beginning', () => {
  const FILE = namedService('FILE_PAGE');
  const run = (warm: number) =>
    timeline({ ...servicesWorkload({ cpus: 2, jobs: 2, warm }), instructions: 600_000 });

  it('need no disk and no fault that waits for one, and stay the same work else', async () => {
    const [cold, warm] = [await run(0), await run(1)];
    expect(cold.of(EVENT.diskRequest).length).toBeGreaterThan(20);
    expect(warm.of(EVENT.diskRequest).length).toBeLessThan(3);
    expect(cold.of(EVENT.serviceBegin, FILE).length).toBeGreaterThan(10);
    expect(warm.of(EVENT.serviceBegin, FILE)).toEqual([]);
    expect(warm.of(EVENT.pageMapped).filter(({ lo }) => lo === 2)).toEqual([]);
    expect(warm.of(EVENT.pageMapped).filter(({ lo }) => lo === 1).length).toBeGreaterThan(0);
  });

  it('must be files', () => {
    const made = (resident: boolean) =>
      workload({}, { regions: { text: { bytes: '8K' }, heap: { bytes: '8K', fault: 'zero', resident } } });
    expect(() => describeTrace(made(false))).not.toThrow();
    expect(() => describeTrace(made(true))).toThrow('only a region with fault: file can be resident');
  });
});
