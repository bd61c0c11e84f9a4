import type { TraceBuilder } from '../builder.ts';
import {
  CAUSE,
  CAUSE_UNKNOWN,
  CP0,
  causeCode,
  isUser,
  OP,
  privilegedOp,
  privilegedRegister,
  readsRegister,
  USER_SEGMENT,
  writesRegister,
} from '../mips.ts';
import { exceptionService, interruptService, syscallService } from '../services.ts';
import { EVENT, LOAD, PAGE_BYTES, SEGMENT_RDHWR, SEGMENT_REFILL, STORE } from '../types.ts';
import { type BlockTable, createCodePages } from './mtrc-blocks.ts';
import { createMtrcChecks } from './mtrc-checks.ts';
import { EXCEPTION, EXEC, INTERRUPT, LEAVE, type QueueColumns } from './mtrc-columns.ts';
import { MEMORY_DEVICE, MEMORY_SIZE, MEMORY_STORE } from './mtrc-exec.ts';
import { isRefill } from './mtrc-queue.ts';
import { createReferenceWriter } from './mtrc-references.ts';
import { createServiceStack } from './mtrc-services.ts';
import { createAddressSpaces, SPACE_SWITCHED, TLB_FLUSHED } from './mtrc-spaces.ts';

/** First system call number of the two Linux ABIs, by address bits. */
const SYSCALL_BASE = { 32: 4000, 64: 5000 } as const;
/** Interrupt line where neither vector nor Cause tells it. */
const LINE_UNKNOWN = 255;
/** The 32-bit machine's interrupts have vectors of their own from here on, 0x100 apart. */
const INTERRUPT_VECTORS = 0x200;

/** Turns settled queue entries into references and events. */
export interface Emitter {
  /** Emits entries up to `limit`; true if it stopped because the builder is full. */
  run(limit: number): boolean;
  /** Gives held-back references to the builder: before a chunk is taken. */
  flush(): void;
  totals(): Record<string, number>;
}

export interface EmitterOptions {
  /** What to call the file in messages. */
  readonly label: string;
  readonly cpus: number;
  readonly addressBits: 32 | 64;
}

export function createEmitter(
  options: EmitterOptions,
  c: QueueColumns,
  blocks: BlockTable,
  builder: TraceBuilder,
): Emitter {
  const { cpus, addressBits } = options;
  const code = blocks.columns;
  const pages = createCodePages(options.label, blocks);
  const writer = createReferenceWriter(builder);
  const services = createServiceStack(cpus);
  const spaces = createAddressSpaces(cpus);
  const checks = createMtrcChecks(cpus);
  const status = new Int32Array(cpus).fill(-1); // Status register, as far as known
  const syscall = new Int32Array(cpus);
  // Flags of each CPU's latest segment: operations may come late, between records of another CPU.
  const flagsNow = new Uint8Array(cpus);
  const serviceNow = new Uint16Array(cpus);
  let rdhwrTraps = 0;

  const enter = (cpu: number, flags: number, service: number): void => {
    flagsNow[cpu] = flags;
    serviceNow[cpu] = service;
    writer.segment(cpu, flags, service);
  };

  /** Instructions `from` to `to` (exclusive) of a block with the memory references up to `memoryEnd`. */
  const emitPart = (
    cpu: number,
    translation: number,
    pageOffset: number,
    from: number,
    to: number,
    memoryStart: number,
    memoryEnd: number,
  ): number => {
    const space = spaces.current(cpu);
    let next = from;
    let m = memoryStart;
    for (; m < memoryEnd && c.memoryIndex[m]! < to; m++) {
      const index = c.memoryIndex[m]!;
      if (index >= next) {
        writer.fetch(translation, pageOffset + 4 * next, index + 1 - next);
        next = index + 1;
      }
      const flags = c.memoryFlags[m]!;
      const lo = c.memoryLo[m]!;
      const device = (flags & MEMORY_DEVICE) !== 0;
      const id = writer.translate(space, lo, c.memoryHi[m]!, c.memoryPage[m]!, device);
      if (device) emitDevice(cpu, m);
      writer.data((flags & MEMORY_STORE) !== 0 ? STORE : LOAD, id, lo, 1 << (flags & MEMORY_SIZE));
    }
    if (next < to) writer.fetch(translation, pageOffset + 4 * next, to - next);
    return m;
  };

  const emitDevice = (cpu: number, m: number): void => {
    const flags = c.memoryFlags[m]!;
    const page = c.memoryPage[m]!;
    const lo = (page % 0x100000) * PAGE_BYTES + (c.memoryLo[m]! & (PAGE_BYTES - 1));
    const store = (flags & MEMORY_STORE) !== 0 ? 256 : 0;
    writer.flush();
    builder.event(EVENT.device, cpu, (1 << (flags & MEMORY_SIZE)) | store, lo, Math.floor(page / 0x100000));
  };

  const emitExec = (e: number, cpu: number): void => {
    const block = c.block[e]!;
    const first = c.first[e]!;
    const count = c.count[e]!;
    const virtualLo = code.virtualLo[block]!;
    const virtualHi = code.virtualHi[block]!;
    const segment = code.segment[block]!;
    const physicalPage = code.physicalPage[block]!;
    const last = code.classesAt[block]! + first + count - 1;
    const before = count > 1 ? code.classes[last - 1]! : 0;
    checks.exec(
      cpu,
      virtualLo + 4 * first,
      virtualHi,
      count,
      code.classes[last]!,
      before,
      segment,
      physicalPage,
    );
    if (segment === USER_SEGMENT) {
      services.clear(cpu);
      enter(cpu, 0, 0);
    } else enter(cpu, services.flags(cpu), services.service(cpu));
    if (pages.stale(block)) {
      writer.flush();
      pages.say(block, builder);
    }
    const translation = writer.translate(spaces.current(cpu), virtualLo, virtualHi, physicalPage, false);
    const pageOffset = virtualLo & (PAGE_BYTES - 1);
    const failed = c.failed[e]!;
    const memoryEnd = c.memoryEnd[e]!;
    const end = first + count;
    const good = end - failed;
    const m = emitPart(cpu, translation, pageOffset, first, good, c.memoryStart[e]!, memoryEnd);
    if (failed !== 0) {
      enter(cpu, flagsNow[cpu]! | SEGMENT_REFILL, serviceNow[cpu]!);
      emitPart(cpu, translation, pageOffset, good, end, m, memoryEnd);
    }
  };

  const emitOperation = (cpu: number, operation: number, lo: number, hi: number): void => {
    const op = privilegedOp(operation);
    writer.segment(cpu, flagsNow[cpu]!, serviceNow[cpu]!);
    writer.flush();
    builder.event(EVENT.privileged, cpu, operation, lo, hi);
    checks.privileged(cpu, operation, lo, hi);
    const before = spaces.current(cpu);
    const changed = spaces.privileged(cpu, operation, lo);
    if ((changed & TLB_FLUSHED) !== 0) builder.event(EVENT.tlbFlush, cpu, 0);
    if ((changed & SPACE_SWITCHED) !== 0) {
      const space = spaces.current(cpu);
      builder.event(EVENT.spaceSwitch, cpu, space, spaces.asid(cpu));
      services.switchSpace(cpu, before, space);
      flagsNow[cpu] = services.flags(cpu);
      serviceNow[cpu] = services.service(cpu);
    }
    if (privilegedRegister(operation) === CP0.status && (readsRegister(op) || writesRegister(op))) {
      status[cpu] = lo | 0;
    }
    if (op === OP.wait) builder.event(EVENT.idle, cpu, 0);
    else if (op === OP.syscall) {
      syscall[cpu] = lo | 0;
      builder.event(EVENT.syscall, cpu, lo | 0);
    } else if (op === OP.eret) endEpisode(services.close(cpu));
  };

  /** `failed` as `ServiceStack.close` returns it. */
  const endEpisode = (failed: number): void => {
    if (failed >= 0) builder.refillEpisode(failed);
  };

  const emitLeave = (e: number, cpu: number): void => {
    const lo = c.lo[e]!;
    const hi = c.hi[e]!;
    const type = c.block[e]! & 0xff;
    const vector = c.block[e]! >>> 8;
    const refill = isRefill(type, vector);
    const cause = c.count[e] === 0 ? CAUSE_UNKNOWN : causeCode(c.operation[e]!);
    if (isUser(hi)) services.clear(cpu);
    else endEpisode(services.interruptRefill(cpu));
    checks.leave(cpu, lo, hi, c.toLo[e]!, c.toHi[e]!);
    let kind: (typeof EVENT)['refill' | 'exception' | 'interrupt' | 'mark'] = EVENT.mark;
    let arg = type;
    if (refill) {
      services.openRefill(cpu, c.first[e]!);
      kind = EVENT.refill;
      arg = vector << 8;
      checks.cause(cpu, true, 0);
    } else if (type === EXCEPTION) {
      const number = syscall[cpu]! - SYSCALL_BASE[addressBits];
      const rdhwr = cause === CAUSE.reserved && c.first[e] === 1;
      if (rdhwr) rdhwrTraps++;
      const service = cause === CAUSE.syscall ? syscallService(number) : exceptionService(cause);
      services.open(cpu, service, rdhwr ? SEGMENT_RDHWR : 0);
      kind = EVENT.exception;
      arg = cause | (vector << 8);
      checks.cause(cpu, false, cause);
    } else if (type === INTERRUPT) {
      const line = interruptLine(e, cpu, vector);
      services.open(cpu, interruptService(line), 0);
      kind = EVENT.interrupt;
      arg = line | (vector << 8);
    }
    enter(cpu, services.flags(cpu), services.service(cpu));
    writer.flush();
    builder.event(kind, cpu, arg, lo, hi);
  };

  /** The highest pending and enabled line of Cause.IP is the one the kernel serves first. */
  const interruptLine = (e: number, cpu: number, vector: number): number => {
    if (addressBits === 32)
      return vector < INTERRUPT_VECTORS ? LINE_UNKNOWN : (vector - INTERRUPT_VECTORS) >>> 8;
    if (c.count[e] === 0) return LINE_UNKNOWN;
    const pending = (c.operation[e]! >>> 8) & 0xff;
    const enabled = pending & (status[cpu]! >>> 8);
    return pending === 0 ? LINE_UNKNOWN : 31 - Math.clz32(enabled === 0 ? pending : enabled);
  };

  const emit = (e: number): void => {
    const cpu = c.cpu[e]!;
    const kind = c.kind[e];
    if (kind === LEAVE) {
      emitLeave(e, cpu);
      return;
    }
    if (kind === EXEC) emitExec(e, cpu);
    if (c.operation[e] !== -1) emitOperation(cpu, c.operation[e]!, c.lo[e]!, c.hi[e]!);
  };

  return {
    run: (limit) => {
      while (c.head < limit) {
        if (builder.full()) return true;
        emit(c.head++);
      }
      return false;
    },
    flush: writer.flush,
    totals: () => ({ ...checks.totals(), 'rdhwr.traps': rdhwrTraps }),
  };
}
