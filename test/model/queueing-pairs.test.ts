import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { layDemands } from '../../src/model/pricing/queueing/demands.ts';
import {
  solveRun,
  solveRunInPairs,
  type Window,
} from '../../src/model/pricing/queueing/machine-contention.ts';
import { pairWindows } from '../../src/model/pricing/queueing/pairs/pairs.ts';
import { compileTraffic } from '../../src/model/pricing/queueing/traffic.ts';
import type { ContentionPrices } from '../../src/model/pricing/queueing/window-bases.ts';
import { type Machine, randomMachine, seeded } from './queueing-des.ts';

/** Windows of a machine: some do next to nothing, some only post, some leave CPUs and stations out. */
function windowsOf({ network, cpuNode, flows, think_ns }: Machine, count: number, seed: number): Window[] {
  const random = seeded(seed);
  return Array.from({ length: count }, () => {
    const share = random();
    const busy = random() * 2;
    const absent = cpuNode.map(() => random() < 0.2);
    const kept = flows
      .filter(({ cpu }) => !absent[cpu] && random() < share)
      .map((flow) => ({
        ...flow,
        count: flow.count * random() * (flow.kind === 'writeback' && random() < 0.1 ? 30 : 1),
      }));
    return {
      demands: layDemands(compileTraffic(network, cpuNode, kept)),
      think_ns: think_ns.map((ns, cpu) => (absent[cpu] ? 0 : ns * busy)),
    };
  });
}

const scaled = (prices: ContentionPrices, by: number): ContentionPrices => ({
  ...prices,
  service_ns: {
    controller: prices.service_ns.controller * by,
    memory: prices.service_ns.memory * by,
    control: by > 2 ? 0 : prices.service_ns.control,
    data: prices.service_ns.data * by,
  },
});

const machines = fc.record({
  seed: fc.nat(),
  count: fc.integer({ min: 1, max: 7 }),
  distribution: fc.constantFrom('exponential', 'deterministic'),
});

describe('windows in pairs', () => {
  it('come to what each comes to by itself, to the last bit, at any prices', () => {
    let alone = 0;
    let full = 0;
    fc.assert(
      fc.property(machines, ({ seed, count, distribution }) => {
        const machine = randomMachine(seed, distribution);
        const windows = windowsOf(machine, count, seed);
        const cpuNodes = machine.cpuNode;
        const cpus = cpuNodes.length;
        const pairs = pairWindows(windows.map(({ demands }) => demands))!;
        const counted = {
          ...pairs,
          answer: (lane: number) => {
            const answer = pairs.answer(lane);
            if (answer === null) alone++;
            else {
              const { list, at, step } = answer.buffer_ns;
              if (cpuNodes.some((_, cpu) => list[at + cpu * step]! > 0)) full++;
            }
            return answer;
          },
        };
        for (const by of [1, 0.3, 4, 1]) {
          const prices = scaled(machine.prices, by);
          expect(solveRunInPairs(machine.network, cpus, windows, counted, prices)).toEqual(
            solveRun(machine.network, cpus, windows, prices),
          );
        }
      }),
      { numRuns: 80, seed: 61 },
    );
    // Windows near saturation, and posted buffers that are full, are among them.
    expect(alone).toBeGreaterThan(10);
    expect(full).toBeGreaterThan(10);
  });
});

describe('without WebAssembly', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });
  const machine = randomMachine(1, 'exponential');
  const demands = windowsOf(machine, 3, 1).map((window) => window.demands);

  it('there are no pairs', () => {
    expect(pairWindows(demands)).not.toBeNull();
    expect(pairWindows([])).toBeNull();
    vi.stubGlobal('WebAssembly', undefined);
    expect(pairWindows(demands)).toBeNull();
  });

  it('nor where a page does not allow it, or the engine has no pairs of doubles', () => {
    const Memory = Reflect.get(Reflect.get(globalThis, 'WebAssembly') as object, 'Memory') as unknown;
    const Module = vi.fn(function refuse() {
      throw new Error('blocked by the content security policy');
    });
    vi.stubGlobal('WebAssembly', { Memory, Module, validate: () => false });
    expect(pairWindows(demands)).toBeNull();
    expect(Module).not.toHaveBeenCalled();
    vi.stubGlobal('WebAssembly', { Memory, Module, validate: () => true });
    expect(pairWindows(demands)).toBeNull();
    expect(Module).toHaveBeenCalledOnce();
  });
});
