import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { replayAll } from '../../src/model/compare.ts';
import type { Kernel, KernelOptions } from '../../src/model/hardware/kernel.ts';
import { type SystemInput, systemSchema } from '../../src/model/systems/schema.ts';
import { sumCounter, type Tally } from '../../src/model/tally.ts';
import { MACHINE_PAGES } from '../../src/trace/compose/identity.ts';
import {
  EVENT,
  FETCH,
  GLOBAL,
  KERNEL,
  LOAD,
  MAPPED,
  referenceWord,
  STORE,
  type Trace,
} from '../../src/trace/types.ts';
import { runs } from './coherence-runs.ts';
import { traceOf } from './trace-of.ts';

/**
 * Pages that virtual machines share: whatever they do, each must find in its pages what it wrote there last. The
 * contents are kept here; where pages are is asked of the replay's kernel after each reference.
 */

const made: { kernel: Kernel; options: KernelOptions }[] = [];
vi.mock('../../src/model/hardware/kernel.ts', async (original) => {
  const module = await original<typeof import('../../src/model/hardware/kernel.ts')>();
  return {
    ...module,
    createKernel: (options: KernelOptions) => {
      const kernel = module.createKernel(options);
      made.push({ kernel, options });
      return kernel;
    },
  };
});

/** What a CPU does with one of its machine's pages. Pages 0–3 are the kernel's, others a process’s. */
interface Step {
  readonly cpu: number;
  readonly page: number;
  readonly what: 'fetch' | 'load' | 'store' | 'kernel load' | 'kernel store' | 'read' | 'zero' | 'free';
  readonly line: number;
  readonly block: number;
}

const KERNEL_PAGES = 4;
const PAGES = 9;
/** First of the physical pages: dense numbers without a page say 0. */
const FIRST = 16;

const traceOfSteps = (steps: readonly Step[], cpus: number): Trace =>
  traceOf({ cpus, name: 'steps' }, (builder, chunk) => {
    for (const { cpu, page, what, line, block } of steps) {
      const ofKernel = page < KERNEL_PAGES || what.startsWith('kernel') || what === 'fetch';
      const id = ofKernel
        ? builder.translate(-1, 2 ** 40 + page, FIRST + page, KERNEL | GLOBAL)
        : builder.translate(0, 100 + page, FIRST + page, MAPPED);
      builder.segment(cpu, ofKernel ? 1 : 0, 0);
      if (what === 'read') builder.event(EVENT.pageMapped, cpu, id, 2, block);
      else if (what === 'zero') builder.event(EVENT.pageMapped, cpu, id, 1);
      else if (what === 'free') builder.event(EVENT.pageFreed, cpu, id);
      else {
        const kind = what === 'fetch' ? FETCH : what.endsWith('load') ? LOAD : STORE;
        builder.record(id, referenceWord(kind, 256 * line, 4));
      }
      chunk();
    }
  });

/** Contents of pages by machine and page. */
function createContents(machines: number) {
  const of = Array.from({ length: machines }, () =>
    Array.from({ length: PAGES }, (_, page) => `image ${page}`),
  );
  let unique = 0;
  return {
    of,
    apply: (machine: number, { page, what, block }: Step): void => {
      if (what === 'read') of[machine]![page] = `block ${block}`;
      else if (what.endsWith('store') || what === 'zero' || what === 'free')
        of[machine]![page] = `new ${unique++}`;
    },
  };
}

const weighted = (weights: Readonly<Record<Step['what'], number>>): fc.Arbitrary<Step['what']> =>
  fc.oneof(
    ...Object.entries(weights).map(([what, weight]) => ({
      weight,
      arbitrary: fc.constant(what as Step['what']),
    })),
  );

const step = (cpus: number): fc.Arbitrary<Step> =>
  fc.record({
    cpu: fc.nat(cpus - 1),
    page: fc.nat(PAGES - 1),
    what: weighted({
      fetch: 8,
      load: 8,
      'kernel load': 4,
      store: 2,
      'kernel store': 1,
      read: 4,
      zero: 1,
      free: 1,
    }),
    line: fc.nat(15),
    block: fc.nat(2),
  });

/** Of the machines below: of a way of the L2. */
const COLOURS = 4;
const cache = { size: 8192, ways: 1, line: 64 };

/** Two colours in the L1, four in the L2. */
const system = (
  monitor: NonNullable<SystemInput['monitor']>,
  rest: Partial<SystemInput> = {},
): SystemInput => ({
  name: 'small',
  ...rest,
  machine: {
    l1i: cache,
    l1d: cache,
    l2: { size: 32768, ways: 2, line: 128, inclusive: true },
    tlb: { entries: 4, replacement: 'lru' },
    ...rest.machine,
  },
  monitor,
});

async function run(
  trace: Trace,
  input: SystemInput,
  check: (record: number) => void = () => {},
): Promise<Tally> {
  made.length = 0;
  const { tallies } = await replayAll(trace, trace.summary()!, [systemSchema.parse(input)], {
    warmup: 0,
    progress: check,
  });
  return tallies[0]!;
}

const layer = (tally: Tally, name: string): number => sumCounter(tally, 'count', (row) => row.layer === name);
const total = (pages: Readonly<Record<string, number>>): number =>
  Object.entries(pages).reduce((sum, [name, n]) => sum + (name === 'monitor' ? 0 : n), 0);

/** Runs steps and holds the kernel's machine pages to the contents after each. */
async function checked(steps: readonly Step[], machines: number, cpusEach: number, input: SystemInput) {
  const cpus = machines * cpusEach;
  const trace = traceOfSteps(steps, cpus);
  const contents = createContents(machines);
  let done = 0;
  const where = (): Map<string, { physical: number; on: number[]; guarded: boolean }> => {
    const { kernel, options } = made[0]!;
    const { pages } = options;
    const { nodes } = options.machine;
    const found = new Map<string, { physical: number; on: number[]; guarded: boolean }>();
    for (let physical = 0; physical < pages.physicalSize; physical++) {
      const number = pages.physicalPage[physical]!;
      const machine = Math.floor(number / MACHINE_PAGES);
      const page = (number % MACHINE_PAGES) - FIRST;
      if (machine >= machines || page < 0 || page >= PAGES) continue;
      found.set(`${machine}:${page}`, {
        physical,
        on: Array.from({ length: nodes }, (_, node) => kernel.machinePages.of(physical, node)),
        guarded: kernel.machinePages.guarded(physical),
      });
    }
    return found;
  };
  let before = new Map<string, { on: number[] }>();
  const check = (): void => {
    const one = steps[done++]!;
    const machine = Math.floor(one.cpu / cpusEach);
    contents.apply(machine, one);
    const now = where();
    const holders = new Map<number, string>();
    for (const [name, { physical, on, guarded }] of now) {
      const [m, p] = name.split(':').map(Number);
      const content = contents.of[m!]![p!]!;
      const alone = new Set(on).size === 1;
      if (!alone && !guarded) throw new Error(`${name} is replicated and can be written`);
      for (const page of new Set(on)) {
        const { physicalPage } = made[0]!.options.pages;
        if ((physicalPage[page]! - physicalPage[physical]!) % COLOURS !== 0)
          throw new Error(`${name} is on a machine page of another colour`);
        const other = holders.get(page);
        if (other !== undefined) {
          if (!guarded || !now.get(other)!.guarded)
            throw new Error(`${name} and ${other} share a page that can be written`);
          const [om, op] = other.split(':').map(Number);
          if (contents.of[om!]![op!] !== content)
            throw new Error(`${name} and ${other} are on one page: ${content}`);
        }
        holders.set(page, name);
      }
      if (name === `${machine}:${one.page}` && one.what.endsWith('store') && before.has(name)) {
        const were = before.get(name)!.on;
        if (new Set(were).size > 1 && were.join() === on.join())
          throw new Error(`${name}: copies outlive a store`);
      }
    }
    before = now;
  };
  const tally = await run(trace, input, check);
  expect(done).toBe(steps.length);
  return tally;
}

describe('machine pages', () => {
  const shape = fc.constantFrom([2, 1, 2], [2, 2, 4], [4, 1, 1], [3, 1, 3], [4, 1, 2]);
  test('hold what each virtual machine wrote last, with and without replication', async () => {
    const happened: Record<string, number> = {};
    await fc.assert(
      fc.asyncProperty(
        shape.chain(([machines, each, nodes]) =>
          fc.record({
            machines: fc.constant(machines!),
            each: fc.constant(each!),
            nodes: fc.constant(nodes!),
            steps: fc.array(step(machines! * each!), { minLength: 1, maxLength: 200, size: 'max' }),
            policy: fc.constantFrom('none' as const, 'disco' as const),
            scheduled: fc.boolean(),
          }),
        ),
        async ({ machines, each, nodes, steps, policy, scheduled }) => {
          const tally = await checked(
            steps,
            machines,
            each,
            system(
              { vms: { count: machines } },
              {
                machine: { nodes, ...(scheduled && { cpus: 0 }) },
                pages: { policy, disco: { trigger: 2, sharing: 1, write: 2 } },
              },
            ),
          );
          const { virtual, machine, counts } = tally.memory!;
          expect(total(virtual)).toBeGreaterThanOrEqual(total(machine));
          expect(layer(tally, 'copy_on_write')).toBe(counts.copies);
          for (const [name, n] of Object.entries(counts)) happened[name] = (happened[name] ?? 0) + n;
          for (const name of ['replicate', 'migrate'])
            happened[name] = (happened[name] ?? 0) + layer(tally, name);
        },
      ),
      runs(40),
    );
    for (const [name, n] of Object.entries(happened)) expect(n, name).toBeGreaterThan(0);
  }, 120_000);

  test('a shared page that has moved stays read-only for the CPU that moved it', async () => {
    const of = (cpu: number, what: Step['what'], line: number): Step => ({
      cpu,
      page: 0,
      what,
      line,
      block: 0,
    });
    const tally = await checked(
      [
        of(0, 'fetch', 0),
        ...[0, 1, 2, 3, 4, 5].map((line) => of(1, 'fetch', line)),
        of(1, 'kernel load', 9),
        of(1, 'kernel store', 9),
      ],
      2,
      1,
      system(
        { vms: { count: 2 } },
        {
          machine: { nodes: 2 },
          pages: { policy: 'disco', disco: { trigger: 3, sharing: 'infinite' } },
        },
      ),
    );
    expect(layer(tally, 'migrate')).toBe(1);
    expect(layer(tally, 'copy_on_write')).toBe(1);
  });
});
