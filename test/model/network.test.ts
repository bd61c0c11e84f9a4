import { beforeAll, describe, expect, test } from 'vitest';
import { replayAll } from '../../src/model/compare.ts';
import { createSharing } from '../../src/model/monitor/sharing.ts';
import { type SystemInput, systemSchema } from '../../src/model/systems/schema.ts';
import { type Counter, sumCounter, type Tally } from '../../src/model/tally.ts';
import { EVENT, MAPPED_RECEIVED, PAGE_BYTES, type TraceSummary } from '../../src/trace/types.ts';
import { openWorkload } from '../../src/trace/workloads/open.ts';
import { walk } from '../trace/workloads-reading.ts';

const LINE = 64;
const LINES = PAGE_BYTES / LINE;
/** On four CPUs, the first of which is the server. */
const nfs = () => openWorkload('nfs?cpus=4&pages=64&every=4000&instructions=5M');

/** What the trace sends and receives. */
async function traffic() {
  const sent: { cpu: number; bytes: number; peer: number }[] = [];
  const received: { cpu: number; block: number }[] = [];
  const blocks: number[] = [];
  const summary = await walk(nfs(), {
    event: ({ kind, cpu, arg, lo, hi }) => {
      if (kind === EVENT.networkRequest) sent.push({ cpu, bytes: arg, peer: hi * 2 ** 32 + lo });
      if (kind === EVENT.pageMapped && lo === MAPPED_RECEIVED) {
        // The page is the answer to what its CPU asked for last.
        expect(sent.findLast((one) => one.cpu === cpu)).toMatchObject({ bytes: 128, peer: 0 });
        received.push({ cpu, block: hi });
      }
      if (kind === EVENT.pageMapped && lo === 2 && cpu === 0) blocks.push(hi);
    },
  });
  return { sent, received, blocks, summary };
}

const system = (name: string, more: Partial<SystemInput> = {}): SystemInput => ({
  name,
  machine: { cpus: 4, nodes: 4, l1d: { size: 32768, ways: 2, line: LINE } },
  ...more,
});

const disco = (network: 'remap' | 'copy'): SystemInput =>
  system(network, { monitor: { network, vms: { count: 4 }, footprint: false } });

async function talliesOf(inputs: readonly SystemInput[], summary: TraceSummary): Promise<readonly Tally[]> {
  const systems = inputs.map((input) => systemSchema.parse(input));
  return (await replayAll(nfs(), summary, systems, { warmup: 0 })).tallies;
}

const messages = (tally: Tally, counter: Counter): number =>
  sumCounter(tally, counter, ({ layer }) => layer === 'packet');

describe('files at a server', () => {
  let sent: Awaited<ReturnType<typeof traffic>>['sent'] = [];
  let received: Awaited<ReturnType<typeof traffic>>['received'] = [];
  let blocks: readonly number[] = [];
  let [native, remap, copy]: (Tally | undefined)[] = [];

  beforeAll(async () => {
    const found = await traffic();
    ({ sent, received, blocks } = found);
    [native, remap, copy] = await talliesOf([system('native'), disco('remap'), disco('copy')], found.summary);
  });

  test('clients ask for each page once, and for nothing else by page', () => {
    expect(sent.every(({ cpu, peer }) => cpu > 0 && peer === 0)).toBe(true);
    expect(new Set(received.map(({ cpu, block }) => `${cpu}:${block}`)).size).toBe(received.length);
    expect(new Set(received.map(({ cpu }) => cpu))).toEqual(new Set([1, 2, 3]));
    expect(received.length).toBeGreaterThan(60);
    // The same file: what the server reads from its disk is what it sends.
    for (const { block } of received) expect(blocks).toContain(block);
    expect(new Set(sent.map(({ bytes }) => bytes))).toEqual(new Set([128, 2 * PAGE_BYTES + 128]));
  });

  test('remapping saves the references of both copies, and no others; natively there is no message', () => {
    expect(messages(native!, 'count')).toBe(0);
    const pages = sent.reduce((sum, { bytes }) => sum + Math.floor(bytes / PAGE_BYTES), 0);
    const rest = sent.reduce((sum, { bytes }) => sum + (bytes % PAGE_BYTES) / LINE, 0);
    expect(pages).toBeGreaterThan(0);
    for (const tally of [remap!, copy!]) expect(messages(tally, 'count')).toBe(sent.length + received.length);
    for (const kind of ['load_accesses', 'store_accesses'] as const) {
      expect(messages(remap!, kind)).toBe(rest);
      expect(messages(copy!, kind)).toBe(rest + LINES * (pages + 2 * received.length));
    }
    const without = (tally: Tally): number =>
      sumCounter(tally, 'instructions', ({ layer }) => layer === 'workload');
    expect(without(copy!)).toBe(without(remap!));
  });

  test('remapped pages are one page of the machine; copies are pages of their own', () => {
    const cache = (tally: Tally, of: 'virtual' | 'machine'): number => tally.memory![of].buffer_cache;
    const all = received.length + new Set(blocks).size;
    for (const tally of [remap!, copy!]) expect(cache(tally, 'virtual')).toBe(all);
    expect(cache(copy!, 'machine')).toBe(all);
    // Until a client stores to one.
    const { copies } = remap!.memory!.counts;
    expect(copies).toBeGreaterThan(0);
    expect(cache(remap!, 'machine')).toBe(new Set(blocks).size + copies);
    for (const name of ['kernel_text', 'process_data'] as const)
      expect(remap!.memory!.machine[name]).toBe(copy!.memory!.machine[name]);
  });
});

test('a received page shares its block, saves no read of a disk, and is found by who reads later', () => {
  const sharing = createSharing();
  const read = sharing.mapped(0, 700, true);
  expect(sharing.received(1, 700)).toMatchObject({ effect: 'share', machine: read.machine });
  expect(sharing.received(2, -1)).toMatchObject({ effect: 'nothing' });
  expect(sharing.received(3, -1).machine).not.toBe(sharing.machine(2));
  expect(sharing.users(read.machine)).toBe(2);
  expect(sharing.counts().reads_saved).toBe(0);
  expect([sharing.footprint().virtual.buffer_cache, sharing.footprint().machine.buffer_cache]).toEqual([
    4, 3,
  ]);
  expect(sharing.stored(1)).toMatchObject({ effect: 'copy', before: read.machine });
  sharing.received(4, 800);
  expect(sharing.resident(800)).toBe(true);
});
