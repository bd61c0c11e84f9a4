import type { Input } from '../../src/trace/formats/format.ts';
import { mtrcFormat } from '../../src/trace/formats/mtrc.ts';
import { EVENT, FETCH, SEGMENT_RDHWR, SEGMENT_REFILL, type Trace } from '../../src/trace/types.ts';
import { memoryInput } from './reading.ts';

/** Instruction classes by letter: '.' integer, Load, Store, Branch, Float, sYscall, Trap, Privileged, l/s LL/SC, Rdhwr, y sync. */
const CLASSES = '.LSBFYTPlsRy';
const MASK = (1n << 64n) - 1n;

/** A memory reference: instruction in the block, what, address, and what only some have. */
export interface Memory {
  readonly at: number;
  readonly address: bigint;
  readonly size?: 1 | 2 | 4 | 8;
  readonly store?: boolean;
  /** Physical page, where mapped. */
  readonly page?: number;
  readonly device?: boolean;
}

export const OPS = {
  MFC0: 0,
  MTC0: 1,
  DMFC0: 2,
  DMTC0: 3,
  TLBWI: 7,
  TLBWR: 8,
  TLBP: 9,
  ERET: 10,
  WAIT: 11,
  SYSCALL: 13,
};

/** Writes MTRC0002, as its description says; nothing is checked, so that bad files can be written too. */
export function mtrcEncoder(cpus = 1, bits = 64) {
  const bytes: number[] = [...new TextEncoder().encode('MTRC0002'), cpus, bits, 0, 0];
  const previous = new Array<bigint>(16).fill(0n);

  const number = (value: bigint | number): void => {
    let rest = BigInt(value);
    do {
      const low = Number(rest & 127n);
      rest >>= 7n;
      bytes.push(rest === 0n ? low : low | 128);
    } while (rest !== 0n);
  };
  const word = (value: bigint): void => {
    for (let i = 0n; i < 8n; i++) bytes.push(Number((value >> (8n * i)) & 255n));
  };
  const memories = (cpu: number, list: readonly Memory[]): void => {
    number(list.length);
    for (const m of list) {
      const direct = m.page === undefined;
      const log = Math.log2(m.size ?? 4);
      bytes.push(m.at, log | (m.store ? 4 : 0) | (m.device ? 8 : 0) | (direct ? 16 : 0));
      const delta = BigInt.asIntN(64, (m.address - previous[cpu]!) & MASK);
      number(BigInt.asUintN(64, (delta << 1n) ^ (delta >> 63n)));
      previous[cpu] = m.address & MASK;
      if (m.page !== undefined) number(m.page);
      if (m.device) bytes.push(1, 0);
    }
  };

  const file = {
    block: (id: number, virtual: bigint, physical: bigint, classes: string) => {
      bytes.push(0x60);
      number(id);
      word(virtual & MASK);
      word(physical);
      number(classes.length);
      for (const letter of classes) bytes.push(CLASSES.indexOf(letter));
      return file;
    },
    exec: (cpu: number, id: number, list: readonly Memory[] = []) => {
      bytes.push(0x10 | cpu);
      number(id);
      memories(cpu, list);
      return file;
    },
    part: (cpu: number, id: number, first: number, count: number, list: readonly Memory[] = []) => {
      bytes.push(0x20 | cpu);
      number(id);
      number(first);
      number(count);
      memories(cpu, list);
      return file;
    },
    privileged: (cpu: number, pc: bigint, op: number, register = 255, value = 0n, select = 0) => {
      bytes.push(0x30 | cpu);
      number(pc & MASK);
      bytes.push(op, register, select);
      number(value & MASK);
      return file;
    },
    discon: (cpu: number, type: number, from: bigint, to: bigint) => {
      bytes.push(0x40 | cpu, type);
      word(from & MASK);
      word(to & MASK);
      return file;
    },
    device: (id: number, name: string) => {
      bytes.push(0x70);
      number(id);
      number(name.length);
      for (const letter of name) bytes.push(letter.charCodeAt(0));
      return file;
    },
    raw: (...more: number[]) => {
      bytes.push(...more);
      return file;
    },
    end: () => {
      bytes.push(0);
      return Uint8Array.from(bytes);
    },
    length: () => bytes.length,
  };
  return file;
}

/** An input of these bytes, delivered in pieces. */
export const mtrcInput = (bytes: Uint8Array, piece?: number): Input => ({
  ...memoryInput(bytes, piece),
  label: 'test.mtrc',
});

export const openMtrc = (bytes: Uint8Array, piece?: number): Promise<Trace> =>
  mtrcFormat.open(mtrcInput(bytes, piece), {});

/** One reference of a trace, spelled out. */
export interface Line {
  readonly cpu: number;
  readonly flags: number;
  readonly service: number;
  readonly kind: number;
  readonly space: number;
  readonly virtual: bigint;
  readonly physical: bigint;
  readonly size: number;
}
export interface EventLine {
  readonly at: number;
  readonly kind: number;
  readonly cpu: number;
  readonly flags: number;
  readonly arg: number;
  readonly value: bigint;
}
export interface CodeLine {
  readonly at: number;
  readonly physical: bigint;
  readonly classes: string;
}

/** All of a trace, spelled out; places count over the whole trace. */
export async function spell(trace: Trace) {
  const lines: Line[] = [];
  const events: EventLine[] = [];
  const code: CodeLine[] = [];
  const translations: { space: number; virtual: bigint; physical: bigint; flags: number }[] = [];
  for await (const chunk of trace.chunks()) {
    const base = lines.length;
    const { translations: t, segments: s, events: e, code: c } = chunk;
    for (let i = 0; i < t.length; i++) {
      translations.push({
        space: t.space[i]!,
        virtual: BigInt(t.virtualPage[i]!) << 12n,
        physical: BigInt(t.physicalPage[i]!) << 12n,
        flags: t.flags[i]!,
      });
    }
    let start = 0;
    for (let i = 0; i < s.length; i++) {
      for (let r = start; r < s.end[i]!; r++) {
        const w = chunk.word[r]!;
        const of = translations[chunk.translation[r]!]!;
        const offset = BigInt((w >>> 3) & 4095);
        lines.push({
          cpu: s.cpu[i]!,
          flags: s.flags[i]!,
          service: s.service[i]!,
          kind: w & 3,
          space: of.space,
          virtual: of.virtual + offset,
          physical: of.physical + offset,
          size: w >>> 15,
        });
      }
      start = s.end[i]!;
    }
    for (let i = 0; i < e.length; i++) {
      const value = (BigInt(e.hi[i]!) << 32n) | BigInt(e.lo[i]!);
      events.push({
        at: base + e.at[i]!,
        kind: e.kind[i]!,
        cpu: e.cpu[i]!,
        flags: e.flags[i]!,
        arg: e.arg[i]!,
        value,
      });
    }
    let classes = 0;
    for (let i = 0; i < c.length; i++) {
      const letters = [...c.classes.subarray(classes, classes + c.count[i]!)].map((x) => CLASSES[x]).join('');
      classes += c.count[i]!;
      code.push({
        at: base + c.at[i]!,
        physical: (BigInt(c.physicalPage[i]!) << 12n) + BigInt(c.offset[i]!),
        classes: letters,
      });
    }
  }
  return { lines, events, code, translations, summary: trace.summary()! };
}
export type Spelled = Awaited<ReturnType<typeof spell>>;

/** `space:address+bytes` of fetches and `L/S address` of data, with `!` for set-aside refills, `?` for RDHWR. */
export function text(spelled: Spelled): string[] {
  return spelled.lines.map((l) => {
    const mark = `${(l.flags & SEGMENT_REFILL) !== 0 ? '!' : ''}${(l.flags & SEGMENT_RDHWR) !== 0 ? '?' : ''}`;
    const address = l.virtual.toString(16).replace(/^ffffffff/, '~');
    return l.kind === FETCH
      ? `${mark}${address}+${l.size / 4}`
      : `${mark}${'FLS'[l.kind]}${l.size} ${address}`;
  });
}

/** Events of a kind. */
export const eventsOf = (spelled: Spelled, kind: keyof typeof EVENT): EventLine[] =>
  spelled.events.filter((e) => e.kind === EVENT[kind]);
