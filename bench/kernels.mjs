/** The three simulators that are compared on equal words: ours, the C reference, the naive one. */
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { C, createCounters } from '../dist/model/counters.js';
import { createKernel } from '../dist/model/hardware/kernel.js';
import { createPlacement } from '../dist/model/hardware/placement.js';
import { createIdealTlb, createTlb } from '../dist/model/hardware/tlb.js';
import { cpuSeconds } from './measure.mjs';

/** What the simulators must agree on, in the order in which the C reference prints it. */
export const COMPARED = [
  'l1i_misses',
  'l1d_load_misses',
  'l1d_store_misses',
  'l2_fetch_misses',
  'l2_load_misses',
  'l2_store_misses',
  'remote_fetch_misses',
  'remote_load_misses',
  'remote_store_misses',
  'l1_writebacks',
  'l2_writebacks',
  'tlb_fetch_misses',
  'tlb_load_misses',
  'tlb_store_misses',
];

const PARTS = { C, createCounters, createKernel, createPlacement, createTlb, createIdealTlb };

/**
 * Our kernel over a whole stream. A TLB miss counts and inserts, nothing else: no handler, no monitor. A pass
 * begins in the state that the pass before it left, and its counts are its own. `parts` may name another
 * build's functions.
 */
export function ourKernel(stream, machine = stream.machine, parts = PARTS) {
  const { cpus, pages, words, segmentEnd, segmentCpu, spans = null } = stream;
  const { C, createCounters, createKernel, createPlacement, createTlb, createIdealTlb } = parts;
  const counters = createCounters();
  const tlb = machine.tlb === null ? createIdealTlb(pages, cpus) : createTlb(machine.tlb, pages, cpus);
  const counted = machine.tlb === null ? 0 : 1;
  const first = C.tlb_fetch_misses;
  const kernel = createKernel({
    machine,
    cpus,
    pages,
    counters,
    stamps: machine.tlb?.replacement === 'lru' ? tlb.stamp : null,
    usable: tlb.resident,
    onMiss: (cpu, id, kind) => {
      counters.values[counters.row + first + kind] += counted;
      tlb.insert(cpu, id);
    },
    place: createPlacement(machine, pages, cpus, []),
    traffic: null,
    movable: false,
    onGuarded: () => {},
    counted: null,
    onHot: () => {},
  });
  tlb.reserve();
  kernel.reserve();
  const run = () => {
    counters.clear();
    const before = cpuSeconds();
    let at = 0;
    for (let s = 0; s < segmentEnd.length; s++) {
      const end = segmentEnd[s];
      kernel.run(words, at, end, segmentCpu[s], spans);
      at = end;
    }
    const seconds = cpuSeconds() - before;
    return { seconds, counts: COMPARED.map((name) => counters.values[counters.row + C[name]]) };
  };
  return { name: 'vmtax', run };
}

const log2 = (n) => 31 - Math.clz32(n);

/** Geometry as C definitions. */
function definitions({ machine, layout, cpus }, more) {
  const { l1i, l1d, l2, tlb } = machine;
  const sets = (cache) => cache.size / cache.ways / cache.line;
  if (l1i.line !== l1d.line || sets(l1i) !== sets(l1d) || !l2.inclusive || tlb?.replacement !== 'random')
    throw new Error('the C reference does not do this machine');
  return Object.entries({
    CPUS: cpus,
    NODES: machine.nodes,
    PAGE_LINE_BITS: layout.pageLineBits,
    L1_SETS: sets(l1i),
    FETCH_WAYS: l1i.ways,
    DATA_WAYS: l1d.ways,
    L2_SETS: sets(l2),
    L2_WAYS: l2.ways,
    L2_SHIFT: log2(l2.line) - layout.lineBits,
    TLB_ENTRIES: tlb.entries,
    TLB_WIRED: tlb.wired,
    TLB_SEED: `${tlb.seed}u`,
    PAIRS: tlb.pairs ? 1 : 0,
    ...more,
  }).map(([name, value]) => `-D${name}=${value}`);
}

/** Compiles a C file next to this one. */
export function compile(source, binary, flags = []) {
  execFileSync('gcc', ['-O3', '-Wall', ...flags, '-o', binary, join(import.meta.dirname, source)]);
  return binary;
}

/** A persistent child that answers each line with a line. */
export function dialogue(command, args) {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (line) => {
      child.stdin.write(`${line}\n`);
      const { value, done } = await lines.next();
      if (done) throw new Error(`${command} ended early`);
      return value;
    },
    close: () => child.stdin.end(),
  };
}

/**
 * The C reference on a stream: compiled for its geometry, fed by a file in `directory`. `source` may be another
 * one that has `more` definitions and reads spans, too.
 */
export function cReference(stream, directory, { source = 'reference.c', more = {}, spans = null } = {}) {
  const { words, segmentEnd, segmentCpu, pages, name } = stream;
  const stem = join(directory, `reference-${name.replace(/\W+/g, '-')}`);
  const binary = compile(source, stem, definitions(stream, more));
  const file = openSync(`${stem}.bin`, 'w');
  const put = (column) => {
    const bytes = new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
    for (let at = 0; at < bytes.length; at += 1 << 28)
      writeSync(file, bytes, at, Math.min(1 << 28, bytes.length - at));
  };
  put(Int32Array.of(words.length, segmentEnd.length, pages.size, pages.blocks, pages.physicalSize));
  put(words);
  put(segmentEnd);
  put(segmentCpu);
  put(pages.physical.subarray(0, pages.size));
  put(pages.block.subarray(0, pages.size));
  if (spans !== null) put(spans);
  closeSync(file);
  const child = dialogue(binary, [`${stem}.bin`]);
  return {
    name: 'C',
    run: async () => {
      const [microseconds, ...counts] = (await child.ask('run')).split(' ').map(Number);
      return { seconds: microseconds / 1e6, counts };
    },
    close: child.close,
  };
}
