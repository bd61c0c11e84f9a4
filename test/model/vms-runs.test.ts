import { describe, expect, test } from 'vitest';
import { replayAll } from '../../src/model/compare.ts';
import { price } from '../../src/model/pricing/price.ts';
import type { ResolvedPrices } from '../../src/model/systems/resolve.ts';
import { type SystemInput, systemSchema } from '../../src/model/systems/schema.ts';
import { type Counter, sumCounter, type Tally } from '../../src/model/tally.ts';
import type { TraceBuilder } from '../../src/trace/builder.ts';
import { composeTraces } from '../../src/trace/compose/compose.ts';
import { namedService } from '../../src/trace/services.ts';
import {
  EVENT,
  FETCH,
  GLOBAL,
  KERNEL,
  LOAD,
  MAPPED,
  referenceWord,
  SEGMENT_KERNEL,
  STORE,
  type Trace,
} from '../../src/trace/types.ts';
import { traceOf } from './trace-of.ts';

type Monitor = NonNullable<SystemInput['monitor']>;
const lru = { entries: 64, pairs: true, tags: 'asid', wired: 0, replacement: 'lru', seed: 1 } as const;
const disco = (name: string, monitor: Monitor = {}, machine: SystemInput['machine'] = {}): SystemInput => ({
  name,
  machine: { tlb: lru, ...machine },
  monitor,
});

async function tallies(trace: Trace, inputs: readonly SystemInput[], warmup = 0): Promise<readonly Tally[]> {
  const systems = inputs.map((input) => systemSchema.parse(input));
  return (await replayAll(trace, trace.summary()!, systems, { warmup })).tallies;
}

const copies = (trace: Trace, count: number, options: { offset?: number; slice?: number } = {}): Trace =>
  composeTraces(
    {
      sources: [{ name: 'one', trace, summary: trace.summary()! }],
      machines: new Array<number>(count).fill(0),
    },
    { offset: 0, slice: 1000, label: 'copies', ...options },
  );

const layer = (tally: Tally, name: string, counter: Counter = 'count'): number =>
  sumCounter(tally, counter, (row) => row.layer === name);

const direct = (builder: TraceBuilder, page: number): number =>
  builder.translate(-1, 2 ** 40 + page, page, KERNEL | GLOBAL);

/** A kernel of `pages` text pages that is entered now and then, user code and data. */
const machineTrace = (rounds: number, pages = 4, cpu = 0): Trace =>
  traceOf({ cpus: 1, instructionBytes: 4, name: 'one' }, (builder, chunk) => {
    for (let round = 0; round < rounds; round++) {
      builder.segment(cpu, 0, 0);
      for (let page = 0; page < 6; page++) {
        builder.record(
          builder.translate(0, 20 + 2 * page, 40 + page, MAPPED),
          referenceWord(FETCH, 64 * (round % 30), 64),
        );
        builder.record(
          builder.translate(0, 60 + 2 * page, 60 + page, MAPPED),
          referenceWord(STORE, 128 * (round % 8), 8),
        );
      }
      builder.segment(cpu, SEGMENT_KERNEL, 0);
      builder.event(EVENT.privileged, cpu, 10 | (255 << 8));
      for (let page = 0; page < pages; page++)
        builder.record(direct(builder, page), referenceWord(FETCH, 128 * (round % 30), 80));
      builder.record(direct(builder, 30), referenceWord(LOAD, 8 * (round % 60), 8));
      builder.record(direct(builder, 31), referenceWord(STORE, 8 * (round % 60), 8));
      if (round % 20 === 19) chunk();
    }
  });

describe('one virtual machine', () => {
  test('by composition counts what the trace counts', async () => {
    const one = machineTrace(100);
    const inputs = [disco('a'), disco('b', { footprint: false }), { name: 'native' }];
    const [plain, composed] = [await tallies(one, inputs), await tallies(copies(one, 1), inputs)];
    for (const [at, tally] of composed.entries()) {
      expect(tally.rows).toEqual(plain[at]!.rows);
      expect(tally.state).toEqual(plain[at]!.state);
      expect(tally.memory).toEqual(plain[at]!.memory);
    }
  });

  test('beside another on a CPU of its own counts the same, if they share nothing', async () => {
    const one = machineTrace(100);
    // Elsewhere in a machine that comes second, so left out: the monitor’s tables, the guest’s page tables, and the
    // page of registers of a virtual CPU, which patched operations use.
    const system: SystemInput = {
      ...disco(
        'alone',
        { footprint: false, patched_hal: false, memory: { sharing: false } },
        { coherence: 'none', nodes: 1 },
      ),
      os: { refill_loads: 0 },
    };
    const [alone] = await tallies(one, [system]);
    const [both] = await tallies(copies(one, 2, { slice: 170 }), [system]);
    for (const cpu of [0, 1])
      expect(both!.rows.filter((row) => row.cpu === cpu).map((row) => ({ ...row, cpu: 0 }))).toEqual(
        alone!.rows,
      );
    const { virtual, machine } = both!.memory!;
    expect(machine).toEqual(virtual);
  });
});

describe('more virtual CPUs than CPUs', () => {
  const scheduled = (
    cpus: number,
    schedule: NonNullable<Monitor['schedule']>,
    rest: Monitor = {},
  ): SystemInput => disco('scheduled', { schedule, ...rest }, { cpus, nodes: cpus > 1 ? 2 : 1 });

  test.each([0, 5000])(
    'nothing is lost, and what the scheduler did is counted (warm-up %i)',
    async (warmup) => {
      const trace = copies(machineTrace(60), 6, { offset: 777 });
      const all = trace.summary()!.workloadInstructions;
      const inputs = [
        scheduled(2, { slice_instructions: 900 }),
        scheduled(2, { slice_instructions: 300, affinity: false, stretch: 50 }),
        scheduled(1, { slice_instructions: 500 }),
      ];
      for (const input of inputs) {
        const [tally] = await tallies(trace, [input], warmup);
        const { vcpus, cpus } = tally!.schedule!;
        const sum = (of: 'switches' | 'moves' | 'farMoves' | 'ran'): number =>
          vcpus.reduce((total, vcpu) => total + vcpu[of], 0);
        expect(sumCounter(tally!, 'instructions', (row) => row.layer === 'workload')).toBe(
          tally!.instructions,
        );
        expect(all - tally!.instructions).toBeGreaterThanOrEqual(warmup);
        expect(all - tally!.instructions).toBeLessThan(warmup + 20);
        expect(sum('ran')).toBe(tally!.instructions);
        for (const [cpu, { ran }] of cpus.entries())
          expect(
            sumCounter(tally!, 'instructions', (row) => row.layer === 'workload' && row.cpu === cpu),
          ).toBe(ran);
        expect(layer(tally!, 'world_switch')).toBe(sum('switches'));
        expect(sum('switches')).toBeGreaterThan(6);
        expect(layer(tally!, 'vcpu_move')).toBe(sum('moves'));
        expect(layer(tally!, 'vcpu_move', 'node_moves')).toBe(sum('farMoves'));
        const system = systemSchema.parse(input);
        const { breakdown } = price(tally!, system.prices as ResolvedPrices, system);
        expect(breakdown.parts.reduce((total, part) => total + part.ps, 0)).toBe(breakdown.total_ps);
        const paths = breakdown.parts
          .filter(({ cause, kind }) => cause === 'world_switch' && kind === 'execution')
          .reduce((total, part) => total + part.ps, 0);
        const near = sum('moves') - sum('farMoves');
        expect(paths).toBe(sum('switches') * 2.5e6 + near * 37e6 + sum('farMoves') * 520e6);
      }
      const [moving] = await tallies(trace, [inputs[1]!]);
      expect(layer(moving!, 'vcpu_move')).toBeGreaterThan(0);
    },
  );

  test('moves to other cells are counted and priced by themselves', async () => {
    const trace = copies(machineTrace(60), 6, { offset: 777 });
    const wandering = { slice_instructions: 300, affinity: false, stretch: 50 };
    const inputs = [1, 2, 4].map((cells) =>
      disco(`cells ${cells}`, { schedule: wandering }, { cpus: 4, nodes: 4, cells, coherence: 'none' }),
    );
    const counts = (await tallies(trace, inputs)).map((tally, i) => {
      const system = systemSchema.parse(inputs[i]);
      const { breakdown } = price(tally, system.prices as ResolvedPrices, system);
      const paths = breakdown.parts
        .filter(({ cause, kind }) => cause === 'world_switch' && kind === 'execution')
        .reduce((total, part) => total + part.ps, 0);
      expect(breakdown.parts.reduce((total, part) => total + part.ps, 0)).toBe(breakdown.total_ps);
      const all = layer(tally, 'vcpu_move');
      const node = layer(tally, 'vcpu_move', 'node_moves');
      const cell = layer(tally, 'vcpu_move', 'cell_moves');
      const switches = layer(tally, 'world_switch');
      expect(paths).toBe(switches * 2.5e6 + (all - node - cell) * 37e6 + node * 520e6 + cell * 1520e6);
      const far = tally.schedule!.vcpus.reduce((total, { farMoves }) => total + farMoves, 0);
      return { all, node, cell, far };
    });
    const [one, two, four] = counts;
    // The schedule is the same. Of the moves between nodes those that also cross a border of cells become theirs.
    for (const { all, node, cell, far } of counts) expect([all, node + cell]).toEqual([one!.all, far]);
    expect(one!.cell).toBe(0);
    expect(two!.node).toBeGreaterThan(0);
    expect(two!.cell).toBeGreaterThan(0);
    expect(four!.node).toBe(0);
    expect(two!.cell).toBeLessThan(four!.cell);
  });

  test('cells that do not divide the nodes are refused, also where the trace decides how many there are', async () => {
    const refused = async (machine: SystemInput['machine']) =>
      tallies(machineTrace(10), [disco('three', {}, machine)]);
    await expect(refused({ cells: 3 })).rejects.toThrow(
      'system three: machine.cells: 1 node does not divide evenly into 3 cells: set cells to a divisor of nodes',
    );
    expect(() => systemSchema.parse({ machine: { cpus: 8, nodes: 8, cells: 3 } })).toThrow(
      '8 nodes do not divide evenly into 3 cells',
    );
  });

  test('a world switch empties the TLB and leaves the virtual CPU its second-level TLB', async () => {
    // Four pages each, in four pairs: after the first slice every page is found in the second-level TLB.
    const one = traceOf({ cpus: 1, instructionBytes: 4 }, (builder) => {
      for (let i = 0; i < 4000; i++)
        builder.record(builder.translate(0, 2 * (i % 4), i % 4, MAPPED), referenceWord(FETCH, 0, 4));
    });
    const [tally] = await tallies(copies(one, 2), [
      scheduled(1, { slice_instructions: 500 }, { memory: { sharing: false } }),
    ]);
    const switches = layer(tally!, 'world_switch');
    expect(switches).toBe(16);
    expect(layer(tally!, 'refill')).toBe(2 * 4);
    expect(layer(tally!, 'l2tlb')).toBe((switches - 2) * 4);
  });
});

describe('transparent sharing', () => {
  test('kernel text of equal machines is one machine’s, composed or divided; a store makes a copy', async () => {
    const one = machineTrace(40, 5);
    const [alone] = await tallies(one, [disco('alone')]);
    const [composed] = await tallies(copies(one, 3), [disco('composed')]);
    const [off] = await tallies(copies(one, 3), [disco('off', { memory: { sharing: false } })]);
    const [onOne] = await tallies(copies(one, 3), [
      disco('one', { schedule: { slice_instructions: 400 } }, { cpus: 1 }),
    ]);
    expect(alone!.memory!.machine.kernel_text).toBe(5);
    for (const tally of [composed!, onOne!]) {
      expect(tally.memory!.virtual.kernel_text).toBe(15);
      expect(tally.memory!.machine.kernel_text).toBe(5);
      expect(tally.memory!.counts.text_shared).toBe(10);
    }
    expect(off!.memory!.machine.kernel_text).toBe(15);
    for (const { virtual, machine } of composed!.memory!.samples)
      expect(virtual.kernel_data - machine.kernel_data).toBe(0);
    // The same machine recorded as CPUs of one trace, which then is divided.
    const divided = traceOf({ cpus: 2, instructionBytes: 4 }, (builder) => {
      for (let round = 0; round < 4; round++)
        for (const cpu of [0, 1]) {
          builder.segment(cpu, SEGMENT_KERNEL, 0);
          for (let page = 0; page < 5; page++)
            builder.record(direct(builder, page), referenceWord(FETCH, 0, 64));
          if (round === 2 && cpu === 1) builder.record(direct(builder, 3), referenceWord(STORE, 8, 8));
        }
    });
    const [split] = await tallies(divided, [disco('split', { vms: { count: 2 } })]);
    expect(split!.memory!.virtual).toMatchObject({ kernel_text: 9, kernel_data: 1 });
    expect(split!.memory!.machine).toMatchObject({ kernel_text: 5, kernel_data: 1 });
    expect(layer(split!, 'copy_on_write')).toBe(1);
    expect(layer(split!, 'copy_on_write', 'load_accesses')).toBeGreaterThanOrEqual(64);
    expect(layer(split!, 'copy_on_write', 'store_accesses')).toBeGreaterThanOrEqual(64);
  });

  test('who leaves a shared page takes nothing from those who stay', async () => {
    const write = (stores: boolean): Trace =>
      traceOf({ cpus: 2 }, (builder) => {
        for (const cpu of [0, 1, 0]) {
          builder.segment(cpu, SEGMENT_KERNEL, 0);
          for (let line = 0; line < 32; line++)
            builder.record(direct(builder, 3), referenceWord(FETCH, 128 * line, 4));
          if (cpu === 1 && stores) builder.record(direct(builder, 3), referenceWord(STORE, 0, 4));
        }
      });
    const system = disco('split', { vms: { count: 2 }, footprint: false });
    const misses = async (stores: boolean): Promise<number> => {
      const [tally] = await tallies(write(stores), [system]);
      return sumCounter(tally!, 'l2_fetch_misses', (row) => row.cpu === 0 && row.layer === 'workload');
    };
    expect(await misses(true)).toBe(await misses(false));
  });

  test('the other CPUs of a machine that leaves a shared page read its copy', async () => {
    const trace = traceOf({ cpus: 4 }, (builder) => {
      const touch = (cpu: number, kind: typeof LOAD | typeof STORE | typeof FETCH): void => {
        builder.segment(cpu, SEGMENT_KERNEL, 0);
        builder.record(direct(builder, 3), referenceWord(kind, 640, 4));
      };
      for (const cpu of [2, 0, 1]) touch(cpu, FETCH);
      touch(1, LOAD);
      touch(0, STORE);
      touch(1, LOAD);
    });
    const [tally] = await tallies(trace, [disco('split', { vms: { count: 2 }, footprint: false })]);
    const ofWorkload = (counter: Counter): number =>
      sumCounter(tally!, counter, (row) => row.layer === 'workload' && row.cpu === 1);
    expect(layer(tally!, 'copy_on_write')).toBe(1);
    expect(ofWorkload('l1d_load_misses')).toBe(2);
    expect(ofWorkload('moved_misses')).toBe(1);
    expect(ofWorkload('dirty_load_misses')).toBe(1);
  });

  test('a block that another machine has read needs no disk, if it is a whole page', async () => {
    const trace = traceOf({ cpus: 2 }, (builder) => {
      for (const cpu of [0, 1]) {
        builder.segment(cpu, SEGMENT_KERNEL, 0);
        // Other physical pages in each machine, so other colours.
        const first = builder.translate(0, 50 + cpu, 50 + cpu, MAPPED);
        const second = builder.translate(0, 60 + cpu, 60 + 3 * cpu, MAPPED);
        for (const [id, block] of [
          [first, 7],
          [second, 8],
        ] as const) {
          builder.event(EVENT.diskRequest, cpu, 4096, block);
          builder.event(EVENT.pageMapped, cpu, id, 2, block);
          builder.record(id, referenceWord(LOAD, 0, 8));
        }
        builder.event(EVENT.diskRequest, cpu, 8192, 7); // both of them
        builder.event(EVENT.diskRequest, cpu, 8192, 8); // the second is nowhere
        builder.event(EVENT.diskRequest, cpu, 512, 7);
        builder.record(second, referenceWord(STORE, 0, 8));
      }
    });
    const split = { count: 2 };
    const [shared, off, native] = await tallies(trace, [
      disco('shared', { vms: split }),
      disco('off', { vms: split, memory: { sharing: false } }),
      { name: 'native' },
    ]);
    const requests = (tally: Tally, cpu: number): number =>
      sumCounter(tally, 'disk_requests', (row) => row.cpu === cpu);
    // The second machine reads block 8 from disk: the first one has stored to its page.
    expect([requests(shared!, 0), requests(shared!, 1)]).toEqual([4, 3]);
    expect([requests(off!, 0), requests(off!, 1)]).toEqual([5, 5]);
    expect([requests(native!, 0), requests(native!, 1)]).toEqual([5, 5]);
    expect(shared!.memory!.machine.buffer_cache).toBe(3);
    expect(shared!.memory!.virtual.buffer_cache).toBe(4);
  });

  test('counts the same alone and beside others', async () => {
    const trace = copies(machineTrace(40), 3);
    const inputs = [
      disco('small', {}, { l2: { size: 65536, ways: 2, line: 128 } }),
      disco('large', {}, { l2: { size: 4194304, ways: 1, line: 128 } }),
    ];
    const together = await tallies(trace, inputs);
    for (const [at, input] of inputs.entries())
      expect(together[at]!.rows).toEqual((await tallies(trace, [input]))[0]!.rows);
  });
});

describe('limited memory', () => {
  test('without balancing a machine pages; with it, it borrows while another has memory free', async () => {
    // Machine 0 uses 400 pages twice, machine 1 only 20: 256 pages each.
    const trace = traceOf({ cpus: 2 }, (builder) => {
      for (let round = 0; round < 2; round++)
        for (const cpu of [1, 0]) {
          builder.segment(cpu, 0, 0);
          for (let page = 0; page < (cpu === 0 ? 400 : 20); page++)
            builder.record(
              builder.translate(cpu, 1000 + page, 1000 + 1000 * cpu + page, MAPPED),
              referenceWord(LOAD, 0, 8),
            );
        }
    });
    const vms = { count: 2, memory: 2 ** 20 };
    const [without, balanced, plenty] = await tallies(trace, [
      disco('without', { vms }),
      disco('balanced', { vms, memory: { balancing: true, cell_memory: 2 ** 28 } }),
      disco('plenty', { vms: { count: 2 } }),
    ]);
    expect(without!.memory!.balance![0]!.page_outs).toBeGreaterThan(300);
    expect(layer(without!, 'page_out')).toBe(
      without!.memory!.balance!.reduce((sum, vm) => sum + vm.page_outs + vm.page_ins, 0),
    );
    expect(layer(without!, 'borrow')).toBe(0);
    expect(balanced!.memory!.balance![0]!.borrows).toBeGreaterThan(0);
    expect(layer(balanced!, 'borrow')).toBeGreaterThan(100);
    expect(layer(balanced!, 'page_out')).toBe(0);
    expect(plenty!.memory!.balance).toBeNull();
    expect(layer(plenty!, 'page_out')).toBe(0);
  });
});

describe('the virtual network', () => {
  test('remaps whole pages, copies what is less than a page', async () => {
    const messages = (bytes: number): Trace =>
      traceOf({ cpus: 2 }, (builder) => {
        builder.segment(0, SEGMENT_KERNEL, 0);
        builder.record(direct(builder, 1), referenceWord(LOAD, 0, 8));
        for (let i = 0; i < 20; i++) builder.event(EVENT.networkRequest, 0, bytes, 1);
      });
    const inputs = [
      disco('remap', { vms: { count: 2 } }),
      disco('copy', { vms: { count: 2 }, network: 'copy' }),
    ];
    const [remap, copy] = await tallies(messages(8192), inputs);
    expect([layer(remap!, 'packet'), layer(copy!, 'packet')]).toEqual([20, 20]);
    expect(layer(copy!, 'packet', 'store_accesses')).toBe(20 * 128);
    expect(layer(remap!, 'packet', 'store_accesses')).toBe(20 * 2 * 3);
    expect(layer(copy!, 'packet', 'l2_store_misses')).toBeGreaterThan(
      layer(remap!, 'packet', 'l2_store_misses'),
    );
    const [small, same] = await tallies(messages(1500), inputs);
    expect(layer(small!, 'packet', 'store_accesses')).toBe(20 * 24);
    expect(small!.rows).toEqual(same!.rows);
  });
});

describe('zeroed pages', () => {
  const ZERO_PAGE = namedService('ZERO_PAGE');
  const zeroing = traceOf({ cpus: 1, instructionBytes: 4 }, (builder, chunk) => {
    const code = direct(builder, 1);
    for (let page = 10; page < 15; page++) {
      builder.segment(0, SEGMENT_KERNEL, 0);
      builder.record(code, referenceWord(FETCH, 0, 40));
      builder.segment(0, SEGMENT_KERNEL, ZERO_PAGE);
      for (let offset = 0; offset < 4096; offset += 8) {
        builder.record(code, referenceWord(FETCH, 64, 4));
        builder.record(direct(builder, page), referenceWord(STORE, offset, 8));
        // In two chunks.
        if (offset === 1024) chunk();
      }
      builder.segment(0, SEGMENT_KERNEL, 0);
      builder.event(EVENT.pageMapped, 0, builder.translate(0, 5 + page, page, MAPPED), 1);
    }
  });

  test('are the guest’s stores natively, one monitor call a page under the monitor', async () => {
    const [native, monitor, own] = await tallies(zeroing, [
      { name: 'native' },
      disco('monitor'),
      disco('own', { zeroes_pages: false }),
    ]);
    expect(layer(native!, 'workload', 'store_accesses')).toBe(5 * 512);
    expect(layer(native!, 'workload', 'instructions')).toBe(5 * (10 + 512));
    expect(layer(monitor!, 'workload', 'store_accesses')).toBe(0);
    expect(layer(monitor!, 'workload', 'instructions')).toBe(5 * 10);
    expect(layer(monitor!, 'call')).toBe(5);
    expect(layer(monitor!, 'call', 'pages_zeroed')).toBe(5);
    // Lines of 64 bytes are written, and lines of 128 bytes missed on; table and code misses are of other kinds.
    expect(layer(monitor!, 'call', 'store_accesses')).toBe(5 * 64);
    expect(layer(monitor!, 'call', 'l2_store_misses')).toBe(5 * 32);
    for (const row of monitor!.rows) if (row.layer === 'call') expect(row.context).toBe('ZERO_PAGE');
    expect(monitor!.instructions).toBe(native!.instructions);
    expect(layer(own!, 'workload', 'store_accesses')).toBe(5 * 512);
    expect(layer(own!, 'call')).toBe(0);
    // The page that is zeroed is used by the guest, not the page of the loop that zeroes.
    expect(layer(monitor!, 'backing')).toBe(5);
  });
});
