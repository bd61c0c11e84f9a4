import { describe, expect, test } from 'vitest';
import { replayAll } from '../../src/model/compare.ts';
import { PATH_CYCLES } from '../../src/model/monitor/footprint.ts';
import { sumBy } from '../../src/model/pricing/breakdown.ts';
import { price } from '../../src/model/pricing/price.ts';
import type { ResolvedPrices } from '../../src/model/systems/resolve.ts';
import { type SystemInput, systemSchema } from '../../src/model/systems/schema.ts';
import { type Counter, LAYERS, type Layer, sumCounter, type Tally } from '../../src/model/tally.ts';
import type { TraceBuilder } from '../../src/trace/builder.ts';
import {
  EVENT,
  GLOBAL,
  KERNEL,
  LOAD,
  MAPPED,
  referenceWord,
  SEGMENT_KERNEL,
  STORE,
} from '../../src/trace/types.ts';
import { traceOf } from './trace-of.ts';

const native: SystemInput = { name: 'native' };
const disco: SystemInput = { name: 'disco', monitor: {} };

type Write = (builder: TraceBuilder, chunk: () => void) => void;

async function tallies(write: Write, inputs: readonly SystemInput[], level: 'user' | 'system' = 'system') {
  const trace = traceOf({ level }, write);
  const systems = inputs.map((input) => systemSchema.parse(input));
  const result = await replayAll(trace, trace.summary()!, systems, { warmup: 0 });
  return result.tallies;
}

const layer = (tally: Tally, name: Layer, counter: Counter = 'count'): number =>
  sumCounter(tally, counter, (row) => row.layer === name);

const privileged = (tally: Tally, of: Layer, op: string): number =>
  tally.rows
    .filter((row) => row.layer === of)
    .reduce((sum, row) => sum + ((row.privileged as Record<string, number> | undefined)?.[op] ?? 0), 0);

/** Loads from `pages` user pages in turn, `rounds` times, two pages apart so that pairs do not help. */
const loop =
  (pages: number, rounds: number): Write =>
  (builder) => {
    for (let round = 0; round < rounds; round++)
      for (let page = 0; page < pages; page++)
        builder.record(builder.translate(0, 2 * page, 1000 + 2 * page, MAPPED), referenceWord(LOAD, 0, 4));
  };

const lruTlb = { entries: 64, pairs: true, tags: 'asid', wired: 0, replacement: 'lru', seed: 1 } as const;

describe('TLB misses under the monitor', () => {
  test('a hit in the second-level TLB installs the entry without any event in the guest', async () => {
    // 100 pairs in turn through 64 LRU entries: every reference misses, natively and under the monitor.
    const machine = { tlb: lruTlb };
    const [onNative, onDisco] = await tallies(loop(100, 5), [
      { ...native, machine },
      { ...disco, machine },
    ]);
    expect(layer(onNative!, 'refill')).toBe(500);
    expect(layer(onDisco!, 'refill')).toBe(100);
    expect(layer(onDisco!, 'l2tlb')).toBe(400);
    expect(layer(onDisco!, 'trap')).toBe(100);
  });

  test('without a second-level TLB every miss goes to the guest, and each writes one entry', async () => {
    const [tally] = await tallies(loop(100, 3), [
      { name: 'disco', machine: { tlb: lruTlb }, monitor: { l2tlb: { entries: 0, ways: 1 } } },
    ]);
    expect(layer(tally!, 'l2tlb')).toBe(0);
    expect(layer(tally!, 'refill')).toBe(300);
    expect(layer(tally!, 'tlb_write')).toBe(300);
    expect(privileged(tally!, 'tlb_write', 'tlbwr')).toBe(300);
  });

  test('a second-level TLB too small for the working set thrashes when direct-mapped', async () => {
    const [small, large] = await tallies(loop(200, 4), [
      { name: 'small', machine: { tlb: lruTlb }, monitor: { l2tlb: { entries: 128, ways: 128 } } },
      { name: 'large', machine: { tlb: lruTlb }, monitor: { l2tlb: { entries: 256, ways: 1 } } },
    ]);
    expect(layer(small!, 'l2tlb')).toBe(0); // LRU and a cyclic pattern: never a hit
    expect(layer(large!, 'l2tlb')).toBe(600);
  });

  test('a changed mapping leaves both TLBs', async () => {
    const remap: Write = (builder) => {
      for (const physical of [1, 2, 1])
        for (let i = 0; i < 3; i++)
          builder.record(builder.translate(0, 10, physical, MAPPED), referenceWord(LOAD, 0, 4));
    };
    const [onNative, onDisco] = await tallies(remap, [native, disco]);
    expect(layer(onNative!, 'refill')).toBe(3);
    expect(layer(onDisco!, 'refill')).toBe(3);
    expect(layer(onDisco!, 'l2tlb')).toBe(0);
  });

  test('the relocated kernel takes TLB entries, served by the monitor itself', async () => {
    const kernelLoads: Write = (builder) => {
      builder.segment(0, SEGMENT_KERNEL, 0);
      for (let page = 0; page < 10; page++)
        builder.record(
          builder.translate(-1, 2 ** 51 + 2 * page, 2 * page, KERNEL | GLOBAL),
          referenceWord(LOAD, 0, 4),
        );
    };
    const [onNative, relocated, kept] = await tallies(kernelLoads, [
      native,
      disco,
      { name: 'kept', monitor: { relocated_kernel: false } },
    ]);
    expect(layer(onNative!, 'refill')).toBe(0);
    expect(layer(relocated!, 'kernel_tlb')).toBe(10);
    expect(layer(relocated!, 'refill')).toBe(0);
    expect(layer(kept!, 'kernel_tlb')).toBe(0);
  });
});

describe('privileged instructions', () => {
  const [STATUS, EPC, COUNT] = [12, 14, 9];
  const [MFC0, MTC0, DI, ERET] = [0, 1, 4, 10];
  const operations: Write = (builder) => {
    builder.segment(0, SEGMENT_KERNEL, 0);
    builder.record(builder.translate(-1, 2 ** 51, 0, KERNEL | GLOBAL), referenceWord(LOAD, 0, 4));
    for (const [op, register] of [
      [MFC0, STATUS],
      [MFC0, EPC],
      [MFC0, COUNT],
      [MTC0, EPC],
      [MTC0, STATUS],
      [DI, 255],
      [ERET, 255],
    ] as const)
      builder.event(EVENT.privileged, 0, op | (register << 8));
  };

  test('all trap under an unmodified kernel; only those with side effects under a patched one', async () => {
    const [unmodified, patched, withDi, onNative] = await tallies(operations, [
      { name: 'unmodified', monitor: { patched_hal: false } },
      disco,
      { name: 'di', monitor: { patched_interrupt_enable: true } },
      native,
    ]);
    expect(layer(unmodified!, 'privileged')).toBe(7);
    // Left: reading Count, writing Status, DI, ERET.
    expect(layer(patched!, 'privileged')).toBe(4);
    expect(layer(withDi!, 'privileged')).toBe(3);
    expect(layer(onNative!, 'privileged')).toBe(0);
    expect(privileged(onNative!, 'workload', 'mfc0')).toBe(3);
    expect(privileged(patched!, 'workload', 'mfc0')).toBe(2);
    expect(sumCounter(unmodified!, 'patchable')).toBe(4);
  });

  test('exceptions and interrupts are delivered, in the service that they open', async () => {
    const [tally] = await tallies(
      (builder) => {
        builder.record(builder.translate(0, 1, 1, MAPPED), referenceWord(LOAD, 0, 4));
        builder.event(EVENT.exception, 0, 11);
        builder.event(EVENT.interrupt, 0, 7);
      },
      [disco],
    );
    const row = (context: string) => tally!.rows.find((r) => r.context === context);
    expect(row('coprocessor unusable')?.layer).toBe('trap');
    expect(row('interrupt 7')?.layer).toBe('interrupt');
  });

  test('device accesses: each one intercepted, or one call a request', async () => {
    const [intercepted, calls] = await tallies(
      (builder) => {
        builder.segment(0, SEGMENT_KERNEL, 0);
        const id = builder.translate(-1, 2 ** 51, 0, KERNEL | GLOBAL);
        for (let request = 0; request < 3; request++) {
          for (let i = 0; i < 5; i++) {
            builder.event(EVENT.device, 0, 4);
            builder.record(id, referenceWord(LOAD, 0, 4));
          }
          for (let i = 0; i < 2000; i++) builder.record(id, referenceWord(LOAD, 8 * (i % 100), 4));
        }
      },
      [{ name: 'intercepted', monitor: { drivers: 'intercepted' } }, disco],
    );
    expect(layer(intercepted!, 'device')).toBe(15);
    expect(layer(calls!, 'device')).toBe(0);
    expect(layer(calls!, 'call')).toBe(3);
  });
});

describe('the overlay of user-level traces', () => {
  const firstTouches: Write = (builder) => {
    for (const [page, kind] of [
      [0x400, 0],
      [0x500, STORE],
      [0x600, LOAD],
      [0x500, LOAD],
    ] as const)
      builder.access(kind, page << 12, 0, 4);
  };

  test('first store is demand-zero, first fetch a file page, first load as declared', async () => {
    const [zero, file] = await tallies(
      firstTouches,
      [native, { name: 'file', os: { first_load: 'file' } }],
      'user',
    );
    expect(layer(zero!, 'demand_zero')).toBe(2);
    expect(layer(zero!, 'file_page')).toBe(1);
    expect(layer(file!, 'demand_zero')).toBe(1);
    expect(layer(file!, 'file_page')).toBe(2);
    // A page of 64-byte lines.
    expect(layer(zero!, 'demand_zero', 'store_accesses')).toBe(2 * 64);
  });

  test('zeroing moves to the monitor when the guest asks for zeroed pages; the work is the same', async () => {
    const [asks, zeroes] = await tallies(
      firstTouches,
      [disco, { name: 'own', monitor: { zeroes_pages: false } }],
      'user',
    );
    expect(layer(asks!, 'call', 'pages_zeroed')).toBe(2);
    expect(layer(asks!, 'demand_zero', 'pages_zeroed')).toBe(0);
    expect(layer(zeroes!, 'demand_zero', 'pages_zeroed')).toBe(2);
    expect(layer(zeroes!, 'call')).toBe(0);
    expect(layer(asks!, 'backing')).toBe(2);
  });

  test('nothing is added to full-system traces, or when switched off', async () => {
    const [system] = await tallies(firstTouches, [native]);
    const [off] = await tallies(firstTouches, [{ name: 'off', os: { overlay: false } }], 'user');
    for (const tally of [system!, off!]) {
      expect(layer(tally, 'demand_zero')).toBe(0);
      expect(layer(tally, 'file_page')).toBe(0);
    }
  });

  test('timer interrupts come every so many instructions', async () => {
    const [tally] = await tallies(
      (builder, chunk) => {
        for (let i = 0; i < 40; i++) {
          for (let j = 0; j < 100; j++) builder.access(0, 0x1000 + 4 * j, 0, 4);
          chunk();
        }
      },
      [{ name: 'ticks', os: { timer_instructions: 1000 }, monitor: {} }],
      'user',
    );
    expect(layer(tally!, 'timer')).toBe(4);
    expect(layer(tally!, 'interrupt')).toBe(4);
  });
});

describe('what systems have in common', () => {
  test('the workload is the same in every system; only who else runs differs', async () => {
    const inputs = [native, disco, { name: 'plain', monitor: { footprint: false, patched_hal: false } }];
    const all = await tallies(loop(300, 3), inputs);
    for (const tally of all) {
      expect(layer(tally, 'workload', 'load_accesses')).toBe(900);
      expect(layer(tally, 'workload', 'instructions')).toBe(layer(all[0]!, 'workload', 'instructions'));
    }
  });

  test('the monitor without a footprint does as much and touches less', async () => {
    const [full, none] = await tallies(loop(100, 3), [
      { ...disco, machine: { tlb: lruTlb } },
      { name: 'none', machine: { tlb: lruTlb }, monitor: { footprint: false } },
    ]);
    for (const name of LAYERS) expect(layer(none!, name)).toBe(layer(full!, name));
    expect(layer(none!, 'l2tlb', 'fetch_accesses')).toBe(0);
    expect(layer(full!, 'l2tlb', 'fetch_accesses')).toBeGreaterThan(0);
  });

  test('a system counts the same alone and beside others, whatever pages those add', async () => {
    const write: Write = (builder, chunk) => {
      for (let round = 0; round < 4; round++) {
        for (let page = 0; page < 150; page++) {
          builder.access(page % 3 === 0 ? STORE : LOAD, (0x10 + 3 * page) << 12, 0, 8);
          builder.access(0, (0x4000 + page) << 12, 0, 4);
        }
        chunk();
      }
    };
    const small = { ways: 1, entries: 64 };
    const inputs: SystemInput[] = [
      native,
      { ...disco, monitor: { l2tlb: small } },
      { name: 'bare', monitor: { footprint: false, l2tlb: small, patched_hal: false } },
    ];
    const together = await tallies(write, inputs, 'user');
    for (const [i, input] of inputs.entries()) {
      const [alone] = await tallies(write, [input], 'user');
      expect(together[i]!.rows).toEqual(alone!.rows);
      expect(together[i]!.state).toEqual(alone!.state);
    }
  });

  test('a flush by the guest drops its global pages too, but not the relocated kernel', async () => {
    const write: Write = (builder) => {
      for (let round = 0; round < 10; round++) {
        builder.record(
          builder.translate(-1, 2 ** 51 + 7000, 70, MAPPED | GLOBAL | KERNEL),
          referenceWord(LOAD, 0, 4),
        );
        builder.record(builder.translate(0, 10, 10, MAPPED), referenceWord(LOAD, 0, 4));
        builder.record(builder.translate(-1, 2 ** 51, 0, KERNEL | GLOBAL), referenceWord(LOAD, 0, 4));
        builder.event(EVENT.tlbFlush, 0, 0);
      }
    };
    const machine = { tlb: lruTlb };
    const [onNative, onDisco] = await tallies(write, [
      { ...native, machine },
      { ...disco, machine },
    ]);
    expect(layer(onNative!, 'refill')).toBe(20);
    expect(layer(onDisco!, 'refill')).toBe(20);
    // The kernel's page, and those of the guest's handler and page tables that its refills touch, stay.
    expect(layer(onDisco!, 'kernel_tlb')).toBeLessThan(10);
  });

  test('requests and allocations that a trace names are charged to the monitor', async () => {
    const write: Write = (builder) => {
      const id = builder.translate(0, 1, 1, MAPPED);
      builder.record(id, referenceWord(LOAD, 0, 4));
      builder.event(EVENT.diskRequest, 0, 4096);
      builder.event(EVENT.networkRequest, 0, 1500);
      builder.event(EVENT.pageMapped, 0, id, 1);
      builder.event(EVENT.pageMapped, 0, id, 1);
      builder.event(EVENT.pageMapped, 0, builder.translate(0, 2, 2, MAPPED), 0); // was in memory
    };
    const [onNative, onDisco] = await tallies(write, [native, disco]);
    expect(layer(onDisco!, 'call')).toBe(2);
    expect(layer(onDisco!, 'backing')).toBe(1);
    expect(layer(onNative!, 'call')).toBe(0);
  });
});

test('the code that activities touch is of the size of their default paths', () => {
  const { prices } = systemSchema.parse({});
  for (const [activity, cycles] of Object.entries(PATH_CYCLES)) {
    const name = activity === 'privileged' ? 'emulate_cycles' : (`${activity}_cycles` as keyof typeof prices);
    const factor = (prices[name as keyof typeof prices] as number) / cycles;
    expect(factor, activity).toBeGreaterThan(1 / 3);
    expect(factor, activity).toBeLessThan(3);
  }
});

describe('the overlay against the paper', () => {
  test('a native demand-zero fault takes Table 2’s 21 µs', async () => {
    const trace = traceOf({ level: 'user' }, (builder) => {
      for (let page = 0; page < 400; page++) builder.access(STORE, (0x10 + 2 * page) << 12, 0, 8);
    });
    const system = systemSchema.parse({ os: { timer_instructions: 0 } });
    const { tallies: result } = await replayAll(trace, trace.summary()!, [system], { warmup: 0 });
    const { breakdown } = price(result[0]!, system.prices as ResolvedPrices, system);
    const faults = sumBy(breakdown, (part) => part.context).get('DEMAND_ZERO')!;
    expect(faults / 400 / 1e6).toBeCloseTo(21, 0);
  });
});
