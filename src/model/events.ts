import { CAUSE } from '../trace/mips.ts';
import { exceptionService, interruptService, syscallService } from '../trace/services.ts';
import { type Chunk, EVENT, MAPPED_KNOWN, MAPPED_RECEIVED, type TraceHeader } from '../trace/types.ts';
import { C, type Counters, contextKey } from './counters.ts';
import type { HeldLocks } from './locks.ts';
import type { Platform } from './platform.ts';
import { blockOf, numberOf, SYSCALL_BASE } from './reading.ts';
import type { Visits } from './visits.ts';

export interface EventsParts {
  readonly platform: Platform;
  readonly counters: Counters;
  readonly locks: HeldLocks;
  readonly visits: Pick<Visits, 'visit' | 'leave'>;
  /** By CPU of the trace: the context of its last segment. */
  readonly contexts: Int32Array;
  readonly header: TraceHeader;
}

/**
 * What an event of the trace means to a platform: event number `event` of a chunk arrives on CPU `cpu` of the
 * machine. `ids`: kernel ids by the trace's translation id. `time`: records of that CPU so far.
 */
type Arrive = (chunk: Chunk, event: number, ids: Int32Array, cpu: number, time: number) => void;

/** Tells the platform of the trace's events, each in the context in which it happened. */
export function createEvents({ platform, counters, locks, visits, contexts, header }: EventsParts): Arrive {
  const { visit, leave } = visits;
  const syscallBase = SYSCALL_BASE[header.abi];
  // By CPU of the trace.
  const lastSyscall = new Int32Array(header.cpus);
  const opened = new Int32Array(header.cpus).fill(-1);

  /** Service that an exception enters: the one that the trace says has just begun, else by its cause. */
  const opens = (traceCpu: number, byCause: number): number => {
    const service = opened[traceCpu]!;
    opened[traceCpu] = -1;
    return service >= 0 ? service : byCause;
  };

  const countRequest = (disk: boolean, bytes: number): void => {
    const { values, row } = counters;
    values[row + (disk ? C.disk_requests : C.network_requests)]!++;
    if (disk) values[row + C.disk_bytes]! += bytes;
  };

  return ({ events }, event, ids, cpu, time) => {
    const kind = events.kind[event]!;
    const traceCpu = events.cpu[event]!;
    const arg = events.arg[event]!;
    switch (kind) {
      case EVENT.privileged:
        visit(cpu, contexts[traceCpu]!);
        platform.privileged(cpu, arg & 0xf, (arg >>> 8) & 0xff);
        leave();
        break;
      case EVENT.syscall:
        lastSyscall[traceCpu] = arg;
        break;
      case EVENT.exception: {
        const cause = arg & 0xff;
        const service =
          cause === CAUSE.syscall
            ? syscallService(lastSyscall[traceCpu]! - syscallBase)
            : exceptionService(cause);
        visit(cpu, contextKey(true, opens(traceCpu, service)));
        platform.exception(cpu, cause);
        leave();
        break;
      }
      case EVENT.interrupt: {
        const line = arg & 0xff;
        visit(cpu, contextKey(true, opens(traceCpu, interruptService(line))));
        platform.interrupt(cpu, line);
        leave();
        break;
      }
      case EVENT.device:
        visit(cpu, contexts[traceCpu]!);
        platform.device(cpu, time);
        leave();
        break;
      case EVENT.diskRequest:
      case EVENT.networkRequest:
        visit(cpu, contexts[traceCpu]!);
        // A block that some machine has read, this one included, and that is still in memory is mapped, not read again.
        if (kind === EVENT.networkRequest || !platform.memory?.resident(numberOf(events, event), arg))
          countRequest(kind === EVENT.diskRequest, arg);
        platform.request(cpu);
        if (kind === EVENT.networkRequest) platform.packet(cpu, arg, numberOf(events, event));
        leave();
        break;
      case EVENT.lockAcquire:
        visit(cpu, contexts[traceCpu]!);
        locks.acquire(traceCpu, events.at[event]!, arg, events.lo[event] === 1);
        leave();
        break;
      case EVENT.lockRelease:
        visit(cpu, contexts[traceCpu]!);
        locks.release(traceCpu, events.at[event]!, arg);
        leave();
        break;
      case EVENT.pageMapped:
        if (events.lo[event] === MAPPED_KNOWN) break;
        visit(cpu, contexts[traceCpu]!);
        platform.allocated(cpu, ids[arg]!);
        if (events.lo[event] === MAPPED_RECEIVED)
          platform.received(cpu, ids[arg]!, blockOf(MAPPED_RECEIVED, events.hi[event]!));
        else platform.memory?.mapped(cpu, ids[arg]!, blockOf(events.lo[event]!, events.hi[event]!));
        leave();
        break;
      case EVENT.pageFreed:
        visit(cpu, contexts[traceCpu]!);
        platform.memory?.freed(cpu, ids[arg]!);
        leave();
        break;
      case EVENT.serviceBegin:
        opened[traceCpu] = arg;
        break;
      case EVENT.serviceEnd:
        opened[traceCpu] = -1;
        break;
      case EVENT.spaceSwitch:
        visit(cpu, contexts[traceCpu]!);
        platform.spaceSwitch(cpu);
        leave();
        break;
      case EVENT.unmap:
        platform.unmap(ids[arg]!);
        break;
      case EVENT.tlbFlush:
        platform.tlbFlush(cpu);
        break;
      default: // marks, and events that only several CPUs or virtual machines give a meaning to
    }
  };
}
