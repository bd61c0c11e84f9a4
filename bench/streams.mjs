/** Streams for the benchmarks: a trace's chunks, packed for one machine and kept in memory. */
import { granularity, maxIds, wordLayout } from '../dist/model/hardware/kernel.js';
import { createPacker, packRule } from '../dist/model/hardware/pack.js';
import { createSpanPacker } from '../dist/model/hardware/pack-spans.js';
import { createPages } from '../dist/model/hardware/pages.js';
import { systemSchema } from '../dist/model/systems/schema.js';
import { createTraceBuilder } from '../dist/trace/builder.js';
import { FETCH, GLOBAL, KERNEL, LOAD, MAPPED, referenceWord, STORE, UNCACHED } from '../dist/trace/types.js';

/** A machine from what differs from the defaults (the paper's machine). */
export const machineOf = (changes = {}) => systemSchema.parse({ machine: { nodes: 1, ...changes } }).machine;

/**
 * Packs all chunks for a machine. Gives the words of the whole trace, its segments (end, CPU), the pages,
 * the accesses that the words stand for, and spans where caches are coherent; and, if asked for, copies of the
 * first chunks with the tables that packing needs.
 */
export async function packAll(name, header, chunks, machine, { keepRecords = 0, limit = Infinity } = {}) {
  const layout = wordLayout(machine);
  const pages = createPages(layout.colourBits, maxIds(layout));
  const rule = packRule(machine, layout, header.instructionBytes, false);
  const grain = granularity(machine, header.cpus);
  const packer = grain === null ? createPacker(rule) : createSpanPacker(rule, grain);
  const ids = growing(Int32Array);
  const words = growing(Int32Array);
  const spans = growing(Uint16Array);
  const segmentEnd = growing(Int32Array);
  const segmentCpu = growing(Int32Array);
  const kept = [];
  let records = 0;
  let accesses = 0;
  let cpus = 1;
  for await (const chunk of chunks) {
    const { translations, segments } = chunk;
    for (let i = 0; i < translations.length; i++) {
      const flag = translations.flags[i];
      const id = pages.add(
        translations.space[i],
        translations.virtualPage[i],
        translations.physicalPage[i],
        flag,
      );
      ids.push((flag & UNCACHED) !== 0 ? -1 : id);
    }
    if (records < keepRecords) kept.push(copyOf(chunk));
    const packed = packer.pack(chunk, ids.array);
    const base = words.length;
    words.append(packed.words.subarray(0, packed.length));
    if (packed.spans !== null) spans.append(packed.spans.subarray(0, packed.length));
    for (let s = 0; s < segments.length; s++) {
      const end = base + packed.segmentEnd[s];
      const start = segmentEnd.length === 0 ? 0 : segmentEnd.array[segmentEnd.length - 1];
      if (end === start) continue;
      segmentEnd.push(end);
      segmentCpu.push(segments.cpu[s]);
      cpus = Math.max(cpus, segments.cpu[s] + 1);
      for (let kind = 0; kind < 3; kind++) accesses += packed.accesses[s * 4 + kind];
    }
    records += chunk.length;
    if (records >= limit) break;
  }
  return {
    name,
    machine,
    layout,
    pages,
    cpus,
    records,
    accesses,
    words: words.view(),
    spans: grain === null ? null : spans.view(),
    segmentEnd: segmentEnd.view(),
    segmentCpu: segmentCpu.view(),
    kept,
    header,
    ids: ids.view(),
  };
}

/** A typed array that grows. */
function growing(Type) {
  const self = {
    array: new Type(1 << 16),
    length: 0,
    reserve: (length) => {
      if (length <= self.array.length) return;
      const wider = new Type(Math.max(length, self.array.length * 2));
      wider.set(self.array);
      self.array = wider;
    },
    push: (value) => {
      self.reserve(self.length + 1);
      self.array[self.length++] = value;
    },
    append: (values) => {
      self.reserve(self.length + values.length);
      self.array.set(values, self.length);
      self.length += values.length;
    },
    view: () => self.array.subarray(0, self.length),
  };
  return self;
}

/** A chunk of its own: a source's columns hold only until the next chunk. */
function copyOf(chunk) {
  const columns = (group) =>
    Object.fromEntries(Object.entries(group).map(([k, v]) => [k, ArrayBuffer.isView(v) ? v.slice() : v]));
  return {
    length: chunk.length,
    translation: chunk.translation.slice(),
    word: chunk.word.slice(),
    segments: columns(chunk.segments),
    events: columns(chunk.events),
    translations: columns(chunk.translations),
    code: columns(chunk.code),
  };
}

const SYNTHETIC_HEADER = { name: 'synthetic', cpus: 1, instructionBytes: 4 };

/** Pseudo-random 32-bit numbers (xorshift), the same in every run. */
export function generator(seed) {
  let x = seed | 0;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

/**
 * What synthetic programs do besides their heap: code in loops of a few lines that are left now and then for another
 * place in 400 pages, and a stack. Gives a function that makes such a reference of `cpu`, if `pick`, a random
 * number, says so, and tells whether it did: of a quarter of the numbers a fetch, of half of the others the stack.
 */
export function codeAndStack(builder, random, cpus) {
  const popularity = zipf(400, 1.2);
  const code = lazyIds(builder, 0x100, 0x100, -1, KERNEL | GLOBAL);
  const stack = lazyIds(builder, 0x8000, 0x800, 0, MAPPED);
  const loops = Array.from({ length: cpus }, () => ({ code: 0, at: 0, step: 0 }));
  return (cpu, pick) => {
    if ((pick & 3) === 0) {
      const loop = loops[cpu];
      if ((pick & 0x3f0) === 0) {
        loop.code = popularity(random());
        loop.at = random() & 0xe00;
      }
      loop.step = (loop.step + 1) & 7;
      builder.record(
        code(loop.code),
        referenceWord(FETCH, loop.at + loop.step * 64, 4 + ((pick >>> 9) & 60)),
      );
      return true;
    }
    if ((pick & 4) !== 0) return false;
    builder.record(stack(cpu), referenceWord((pick & 8) === 0 ? STORE : LOAD, (pick >>> 8) & 0x3f8, 8));
    return true;
  };
}

/**
 * A miss-heavy synthetic trace: code in loops of a few lines that are left now and then for another place in
 * 400 pages, a stack, and a heap of 30 000 pages visited by Zipf's law, each visit some loads and stores on one
 * line. CPUs, if there are several, take turns every `turn` records; the heap is shared, with
 * another order of popularity per CPU.
 */
export function* missHeavyChunks(records, { cpus = 1, turn = 1 << 20, heapPages = 30_000 } = {}) {
  const builder = createTraceBuilder({ instructionBytes: 4 });
  const random = generator(12345);
  const popularity = zipf(heapPages, 0.8);
  const heap = lazyIds(builder, 0x10000, 0x1000, 0, MAPPED);
  const codeOrStack = codeAndStack(builder, random, cpus);
  const visits = Array.from({ length: cpus }, () => ({ page: 0, offset: 0, left: 0 }));
  let made = 0;
  let cpu = 0;
  while (made < records) {
    builder.segment(cpu, 0, 0);
    const state = visits[cpu];
    for (let n = 0; n < turn && made < records; n++, made++) {
      const pick = random();
      if (!codeOrStack(cpu, pick)) {
        if (state.left === 0) {
          state.page = (popularity(random()) + cpu * 1009) % heapPages;
          state.offset = random() & 0xfc0;
          state.left = 4 + (random() & 7);
        }
        state.left--;
        const offset = state.offset + ((pick >>> 8) & 0x38);
        builder.record(heap(state.page), referenceWord((pick & 24) === 0 ? STORE : LOAD, offset, 8));
      }
      if (builder.full()) yield builder.take();
    }
    cpu = (cpu + 1) % cpus;
  }
  if (!builder.empty()) yield builder.take();
}

/** Translation ids made on first use, without a look-up on later ones. */
export function lazyIds(builder, virtualFirst, physicalFirst, space, flags) {
  const ids = [];
  return (page) => {
    ids[page] ??= builder.translate(space, virtualFirst + page, physicalFirst + page, flags);
    return ids[page];
  };
}

/** Draws 0 … n − 1 with probability ∝ 1 ⁄ (rank + 1)^s from a random 32-bit number; ranks are shuffled. */
export function zipf(n, s) {
  const table = new Int32Array(1 << 16);
  const weights = Array.from({ length: n }, (_, rank) => 1 / (rank + 1) ** s);
  const total = weights.reduce((sum, w) => sum + w, 0);
  const place = (rank) => (rank * 7919) % n;
  let sum = 0;
  let slot = 0;
  for (let rank = 0; rank < n; rank++) {
    sum += weights[rank];
    const end = Math.round((sum / total) * table.length);
    while (slot < end) table[slot++] = place(rank);
  }
  while (slot < table.length) table[slot++] = place(n - 1);
  // Ranks too rare for the table share its last part: spread by the number's other bits.
  return (random) => {
    const drawn = table[random >>> 16];
    return (random & 7) === 0 ? (random >>> 3) % n : drawn;
  };
}

/** The miss-heavy synthetic stream, packed. */
export function missHeavy(name, records, machine, options = {}) {
  const header = { ...SYNTHETIC_HEADER, cpus: options.cpus ?? 1 };
  return packAll(name, header, missHeavyChunks(records, options), machine, {
    keepRecords: options.keepRecords ?? 0,
  });
}
