import { createFlowCheck } from './flow-check.ts';
import {
  CLASS_NAMES,
  CP0,
  isTlbCause,
  OP,
  OP_NAMES,
  privilegedOp,
  privilegedRegister,
  readsRegister,
  writesRegister,
} from './mips.ts';
import { AGREE, createShadowTlb, DISAGREE, NO_ENTRY } from './shadow-tlb.ts';
import { LISTED_CAUSES } from './totals-list.ts';
import {
  type Chunk,
  EVENT,
  FETCH,
  MAPPED,
  MODIFY,
  OFFSET_MASK,
  OFFSET_SHIFT,
  PAGE_BYTES,
  SEGMENT_KERNEL,
  SIZE_SHIFT,
  TAIL_BIT,
  type Trace,
  type TraceHeader,
} from './types.ts';

const INSTRUCTIONS_PER_PAGE = PAGE_BYTES / 4;

/**
 * Counts of a full-system trace, from its vocabulary alone: the same whether the trace is read from its
 * recording or from a store. Together with the totals that the reader put into the summary they are
 * compared with published ones. Reads the whole trace once; a user-level trace has fewer of them.
 */
export async function traceTotals(trace: Trace): Promise<Record<string, number>> {
  const counter = createTotalsCounter(trace.header);
  for await (const chunk of trace.chunks()) counter.add(chunk);
  return { ...trace.summary()?.totals, ...counter.totals() };
}

/** Counts chunk by chunk, in the order of the trace. */
export interface TotalsCounter {
  add(chunk: Chunk): void;
  totals(): Record<string, number>;
}

export function createTotalsCounter(header: TraceHeader): TotalsCounter {
  const { cpus } = header;
  const flow = createFlowCheck(cpus);
  const tlb = createShadowTlb(cpus);
  const events = createEventCounter(cpus);
  const perCpu = new Float64Array(cpus);
  const executed = new Float64Array(16);
  const verdicts = new Float64Array(4);
  let user = 0;
  let kernel = 0;
  let loads = 0;
  let stores = 0;
  let mapped = 0;
  let direct = 0;
  let changes = 0;
  let lastCpu = -1;

  // Translations so far, as the checks need them.
  let virtualLo = new Uint32Array(1024); // page numbers
  let virtualHi = new Uint32Array(1024);
  let physical = new Float64Array(1024);
  let isMapped = new Uint8Array(1024);
  let pageOfCode = new Int32Array(1024).fill(-1); // index into `code`, where looked up
  const codeIndex = new Map<number, number>();
  const code: Uint8Array[] = [];

  const addTranslations = ({ translations: t }: Chunk): void => {
    while (t.first + t.length > physical.length) {
      const size = physical.length * 2;
      virtualLo = copied(new Uint32Array(size), virtualLo);
      virtualHi = copied(new Uint32Array(size), virtualHi);
      physical = copied(new Float64Array(size), physical);
      isMapped = copied(new Uint8Array(size), isMapped);
      pageOfCode = copied(new Int32Array(size).fill(-1), pageOfCode);
    }
    for (let i = 0; i < t.length; i++) {
      const id = t.first + i;
      virtualLo[id] = t.virtualPage[i]! % 4294967296;
      virtualHi[id] = t.virtualPage[i]! / 4294967296;
      physical[id] = t.physicalPage[i]!;
      isMapped[id] = t.flags[i]! & MAPPED;
    }
  };

  const addCode = (page: number, offset: number, classes: Uint8Array): void => {
    let index = codeIndex.get(page);
    if (index === undefined) {
      index = code.length;
      codeIndex.set(page, index);
      code.push(new Uint8Array(INSTRUCTIONS_PER_PAGE).fill(15));
    }
    code[index]!.set(classes, offset / 4);
  };

  /** Classes of the page that a translation leads to, or null if the trace has none. */
  const classesOf = (id: number): Uint8Array | null => {
    let index = pageOfCode[id]!;
    if (index < 0) {
      index = codeIndex.get(physical[id]!) ?? -1;
      if (index < 0) return null;
      pageOfCode[id] = index;
    }
    return code[index]!;
  };

  const addFetch = (cpu: number, id: number, word: number): void => {
    const classes = classesOf(id);
    if (classes === null) return;
    const offset = (word >>> OFFSET_SHIFT) & OFFSET_MASK;
    const count = word >>> (SIZE_SHIFT + 2);
    const end = offset / 4 + count;
    for (let i = offset / 4; i < end; i++) executed[classes[i]!]!++;
    const lo = ((virtualLo[id]! << 12) | offset) >>> 0;
    const hi = ((virtualHi[id]! << 12) | (virtualLo[id]! >>> 20)) >>> 0;
    flow.run(cpu, lo, hi, count, classes[end - 1]!, count > 1 ? classes[end - 2]! : 0);
  };

  const addData = (cpu: number, id: number, kind: number): void => {
    const references = kind === MODIFY ? 2 : 1;
    if (isMapped[id] === 0) {
      direct += references;
      return;
    }
    mapped += references;
    verdicts[tlb.check(cpu, virtualLo[id]!, virtualHi[id]!, physical[id]!)]!++;
  };

  const addEvent = ({ events: e }: Chunk, i: number): void => {
    const cpu = e.cpu[i]!;
    const arg = e.arg[i]!;
    const lo = e.lo[i]!;
    const hi = e.hi[i]!;
    events.add(e.kind[i]!, cpu, arg, lo);
    switch (e.kind[i]) {
      case EVENT.privileged: {
        const op = privilegedOp(arg);
        tlb.privileged(cpu, arg, lo, hi);
        if (op === OP.eret) flow.eret(cpu);
        else if (privilegedRegister(arg) === CP0.epc && (readsRegister(op) || writesRegister(op))) {
          flow.epc(cpu, lo, hi);
        }
        break;
      }
      case EVENT.exception:
      case EVENT.refill:
      case EVENT.interrupt:
        // The trace keeps the vector's offset; its page is the kernel's own choice.
        flow.leave(cpu, lo, hi, arg >>> 8, 0, PAGE_BYTES - 1);
        if (e.kind[i] === EVENT.refill || (e.kind[i] === EVENT.exception && isTlbCause(arg & 0xff))) {
          tlb.tlbException(cpu);
        }
        break;
    }
  };

  const add = (chunk: Chunk): void => {
    const { segments: s, events: e, code: c, translation, word } = chunk;
    addTranslations(chunk);
    let event = 0;
    let entry = 0;
    let classes = 0;
    let record = 0;
    for (let i = 0; i < s.length; i++) {
      const cpu = s.cpu[i]!;
      const end = s.end[i]!;
      if (cpu !== lastCpu) changes++;
      lastCpu = cpu;
      perCpu[cpu]! += s.instructions[i]!;
      if ((s.flags[i]! & SEGMENT_KERNEL) !== 0) kernel += s.instructions[i]!;
      else user += s.instructions[i]!;
      loads += s.loads[i]!;
      stores += s.stores[i]!;
      for (; record < end; record++) {
        while (entry < c.length && c.at[entry]! <= record) {
          addCode(
            c.physicalPage[entry]!,
            c.offset[entry]!,
            c.classes.subarray(classes, classes + c.count[entry]!),
          );
          classes += c.count[entry++]!;
        }
        while (event < e.length && e.at[event]! <= record) addEvent(chunk, event++);
        const w = word[record]!;
        if ((w & 3) === FETCH) addFetch(cpu, translation[record]!, w);
        else if ((w & TAIL_BIT) === 0) addData(cpu, translation[record]!, w & 3);
      }
    }
    while (event < e.length) addEvent(chunk, event++);
  };

  const totals = (): Record<string, number> => {
    const result: Record<string, number> = {
      'instructions.user': user,
      'instructions.kernel': kernel,
    };
    perCpu.forEach((count, cpu) => {
      result[`instructions.cpu${cpu}`] = count;
    });
    Object.assign(result, { cpuChanges: changes, loads, stores, mapped, direct });
    Object.assign(result, events.totals());
    CLASS_NAMES.forEach((_, c) => {
      result[`executed.class${c}`] = executed[c]!;
    });
    const { checked, wrong } = flow.counts();
    return {
      ...result,
      'tlb.data.agree': verdicts[AGREE]!,
      'tlb.data.unknown': verdicts[NO_ENTRY]!,
      'tlb.data.disagree': verdicts[DISAGREE]!,
      'flow.runs.checked': checked,
      'flow.runs.wrong': wrong,
    };
  };

  return { add, totals };
}

interface EventCounter {
  add(kind: number, cpu: number, arg: number, lo: number): void;
  totals(): Record<string, number>;
}

function createEventCounter(cpus: number): EventCounter {
  const kinds = new Float64Array(256);
  const causes = new Float64Array(256);
  const ops = new Float64Array(256);
  const asid = new Int32Array(cpus).fill(-1);
  let entryHiWrites = 0;
  let asidChanges = 0;
  return {
    add: (kind, cpu, arg, lo) => {
      kinds[kind]!++;
      if (kind === EVENT.exception) causes[arg & 0xff]!++;
      if (kind !== EVENT.privileged) return;
      const op = privilegedOp(arg);
      ops[op]!++;
      if (!writesRegister(op) || privilegedRegister(arg) !== CP0.entryHi) return;
      entryHiWrites++;
      if (asid[cpu] !== -1 && asid[cpu] !== (lo & 0xff)) asidChanges++;
      asid[cpu] = lo & 0xff;
    },
    totals: () => {
      const result: Record<string, number> = {
        device: kinds[EVENT.device]!,
        'exceptions.refill': kinds[EVENT.refill]!,
        'exceptions.other': kinds[EVENT.exception]!,
        interrupts: kinds[EVENT.interrupt]!,
      };
      causes.forEach((count, cause) => {
        if (count > 0 || LISTED_CAUSES.includes(cause)) result[`exceptions.cause${cause}`] = count;
      });
      OP_NAMES.forEach((_, op) => {
        result[`privileged.op${op}`] = ops[op]!;
      });
      const leaves = kinds[EVENT.refill]! + kinds[EVENT.exception]! + kinds[EVENT.interrupt]!;
      result.privilegedAll = kinds[EVENT.privileged]! + leaves + kinds[EVENT.device]!;
      result['entryHi.writes'] = entryHiWrites;
      result['entryHi.asidChanges'] = asidChanges;
      return result;
    },
  };
}

function copied<T extends Uint32Array | Int32Array | Uint8Array | Float64Array>(wider: T, old: T): T {
  wider.set(old);
  return wider;
}
