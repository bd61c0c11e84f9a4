/** Streams of several CPUs for the rows `directory`: the system trace on 8 CPUs, and a synthetic one on any number. */

import { createTraceBuilder } from '../dist/trace/builder.js';
import { openTrace } from '../dist/trace/formats/registry.js';
import { FETCH, LOAD, MAPPED, referenceWord, STORE, UNCACHED } from '../dist/trace/types.js';
import { codeAndStack, generator, lazyIds, packAll, zipf } from './streams.mjs';

const HEADER = { name: 'synthetic', instructionBytes: 4 };
/** Records of a CPU's turn. */
const TURN = 40;
/**
 * Parts of a stream. In each the CPUs have exchanged what they run or what they work on, so that pages are on nodes
 * where they are not used, also at the beginning of a pass, after the last part of the one before.
 */
const PHASES = 2;

/** In which part a record is. */
const phaseOf = (made, records) => Math.min(PHASES - 1, Math.floor((PHASES * made) / records));

/**
 * One program on all CPUs: a trace of one CPU, from as many offsets as there are CPUs, in turns of 40 records. Text
 * is shared, data are each program's own, but for one operand in a hundred, which is on 16 pages that all write or
 * on 48 that all read and hardly ever write. Programs move to the next CPU in the middle.
 */
export async function oneProgram(name, path, records, machine, cpus = 8) {
  const source = await readAll(path);
  return packAll(name, { ...HEADER, cpus }, programChunks(source, records, cpus), machine);
}

/** Records and translations of a trace, but those uncached. */
async function readAll(path) {
  const trace = await openTrace(path);
  const translations = [];
  const parts = [];
  for await (const { translations: added, translation, word, length } of trace.chunks()) {
    for (let i = 0; i < added.length; i++)
      translations.push({
        space: added.space[i],
        virtualPage: added.virtualPage[i],
        physicalPage: added.physicalPage[i],
        flags: added.flags[i],
      });
    parts.push([translation.slice(0, length), word.slice(0, length)]);
  }
  await trace.close();
  return { translations, parts };
}

function* programChunks({ translations, parts }, records, cpus) {
  const builder = createTraceBuilder({ instructionBytes: 4 });
  const random = generator(4321);
  const text = translations.map(() => -1);
  const data = Array.from({ length: cpus }, () => translations.map(() => -1));
  const shared = lazyIds(builder, 0x70000, 0x700000, 5000, MAPPED);
  const total = parts.reduce((sum, [column]) => sum + column.length, 0);
  const at = Array.from({ length: cpus }, (_, cpu) => locate(parts, Math.floor((cpu * total) / cpus)));
  const textOf = (t) => {
    const { space, virtualPage, physicalPage, flags } = translations[t];
    if (text[t] < 0) text[t] = builder.translate(space, virtualPage, physicalPage, flags);
    return text[t];
  };
  const dataOf = (cpu, t) => {
    const { space, virtualPage, physicalPage } = translations[t];
    const own = data[cpu];
    if (own[t] < 0)
      own[t] = builder.translate(
        100 * (cpu + 1) + space + 1,
        virtualPage,
        (cpu + 1) * 2 ** 24 + physicalPage,
        MAPPED,
      );
    return own[t];
  };
  for (let made = 0, cpu = 0; made < records; cpu = (cpu + 1) % cpus) {
    builder.segment(cpu, 0, 0);
    const program = (cpu + phaseOf(made, records)) % cpus;
    const place = at[program];
    for (let n = 0; n < TURN; n++, made++) {
      const [translation, word] = parts[place.part];
      const t = translation[place.index];
      const r = word[place.index];
      if (++place.index === translation.length) {
        place.index = 0;
        place.part = (place.part + 1) % parts.length;
      }
      if ((translations[t].flags & UNCACHED) !== 0) continue;
      if ((r & 3) === FETCH) builder.record(textOf(t), r);
      else if (random() % 100 > 0) builder.record(dataOf(program, t), r);
      else {
        const pick = random();
        const page = pick & 63;
        const stored = page < 16 ? (pick & 0xc0) === 0 : (pick & 0x3fc0) === 0;
        builder.record(shared(page), referenceWord(stored ? STORE : LOAD, (pick >>> 16) & 0xff8, 8));
      }
    }
    if (builder.full()) yield builder.take();
  }
  if (!builder.empty()) yield builder.take();
}

function locate(parts, record) {
  let part = 0;
  let index = record;
  while (index >= parts[part][0].length) index -= parts[part++][0].length;
  return { part, index };
}

/**
 * Synthetic and miss-heavy: code in loops, a stack, and visits of some loads and stores on one line of a heap of
 * 30 200 pages by Zipf's law: three in four visits are to the CPU's own part of it, which is the next CPU's in the
 * second half, 15 % to 2000 pages that all read and hardly ever write, 10 % to 200 that all write.
 */
export function sharedMissHeavy(name, records, machine, cpus) {
  return packAll(name, { ...HEADER, cpus }, sharedChunks(records, cpus), machine);
}

function* sharedChunks(records, cpus) {
  const builder = createTraceBuilder({ instructionBytes: 4 });
  const random = generator(12345);
  const own = Math.floor(28_000 / cpus);
  const parts = [
    { popularity: zipf(own, 0.8), first: 0, store: 3 },
    { popularity: zipf(2000, 0.8), first: 28_000, store: 0x3ff },
    { popularity: zipf(200, 0.8), first: 30_000, store: 3 },
  ];
  const heap = lazyIds(builder, 0x10000, 0x1000, 0, MAPPED);
  const codeOrStack = codeAndStack(builder, random, cpus);
  const states = Array.from({ length: cpus }, () => ({ page: 0, offset: 0, left: 0, store: 0 }));
  for (let made = 0, cpu = 0; made < records; cpu = (cpu + 1) % cpus) {
    builder.segment(cpu, 0, 0);
    const state = states[cpu];
    const mine = own * ((cpu + phaseOf(made, records)) % cpus);
    for (let n = 0; n < TURN; n++, made++) {
      const pick = random();
      if (!codeOrStack(cpu, pick)) {
        if (state.left === 0) {
          const which = random() % 40;
          const part = parts[which < 30 ? 0 : which < 36 ? 1 : 2];
          state.page = part.first + part.popularity(random()) + (part.first === 0 ? mine : 0);
          state.store = part.store;
          state.offset = random() & 0xfc0;
          state.left = 4 + (random() & 7);
        }
        state.left--;
        const offset = state.offset + ((pick >>> 8) & 0x38);
        const kind = ((pick >>> 3) & state.store) === 0 ? STORE : LOAD;
        builder.record(heap(state.page), referenceWord(kind, offset, 8));
      }
    }
    if (builder.full()) yield builder.take();
  }
  if (!builder.empty()) yield builder.take();
}
