import { PRIVILEGED_OPS } from '../model/tally.ts';
import { privilegedOp, readsRegister, writesRegister } from '../trace/mips.ts';
import { MIPS_CAUSES, serviceName } from '../trace/services.ts';
import { type Chunk, EVENT, NO_BLOCK } from '../trace/types.ts';

/** Events among the records of a trace, in words. */

const NAMES = new Map<number, string>(Object.entries(EVENT).map(([name, kind]) => [kind, name]));

/** CP0 registers by number and select, as the MIPS64 architecture names them. */
const REGISTERS: Readonly<Record<string, string>> = {
  '0.0': 'Index',
  '1.0': 'Random',
  '2.0': 'EntryLo0',
  '3.0': 'EntryLo1',
  '4.0': 'Context',
  '4.2': 'UserLocal',
  '5.0': 'PageMask',
  '6.0': 'Wired',
  '7.0': 'HWREna',
  '8.0': 'BadVAddr',
  '9.0': 'Count',
  '10.0': 'EntryHi',
  '11.0': 'Compare',
  '12.0': 'Status',
  '13.0': 'Cause',
  '14.0': 'EPC',
  '15.0': 'PRId',
  '15.1': 'EBase',
  '16.0': 'Config',
  '20.0': 'XContext',
  '28.0': 'TagLo',
  '29.0': 'TagHi',
  '30.0': 'ErrorEPC',
};

const WAYS = ['in memory already', 'zeroed', 'read from disk', 'over the network'];

/** One event as a line under the columns of `headOf`. */
export function eventLine({ events }: Chunk, at: number): string {
  const kind = events.kind[at]!;
  const detail = detailOf(kind, events.arg[at]!, events.hi[at]!, events.lo[at]!);
  return `          · ${String(events.cpu[at]).padStart(3)} ${NAMES.get(kind) ?? `event ${kind}`} ${detail}`.trimEnd();
}

function detailOf(kind: number, arg: number, hi: number, lo: number): string {
  const number = (BigInt(hi) << 32n) | BigInt(lo);
  const value = `0x${number.toString(16)}`;
  const vector = `, vector offset 0x${(arg >>> 8).toString(16)}`;
  switch (kind) {
    case EVENT.privileged:
      return `${operation(arg)} value ${value}`;
    case EVENT.exception:
      return `${MIPS_CAUSES[arg & 0xff] ?? `cause ${arg & 0xff}`} at ${value}${vector}`;
    case EVENT.refill:
      return `at ${value}${vector}`;
    case EVENT.interrupt:
      return `line ${arg & 0xff} before ${value}${vector}`;
    case EVENT.syscall:
      return String(arg);
    case EVENT.device:
      return `${(arg & 256) === 0 ? 'load' : 'store'} of ${arg & 0xff} bytes at ${value}`;
    case EVENT.spaceSwitch:
      return `to ${arg}, ASID ${lo}`;
    case EVENT.serviceBegin:
    case EVENT.serviceEnd:
      return serviceName(arg);
    case EVENT.lockAcquire:
    case EVENT.lockRelease:
      return `${lo === 0 ? 'spinlock' : 'semaphore'} ${arg}`;
    case EVENT.diskRequest:
      return `${arg} bytes, block ${number}`;
    case EVENT.networkRequest:
      return `${arg} bytes, peer ${number}`;
    case EVENT.pageMapped:
      return `translation ${arg}, ${WAYS[lo] ?? `way ${lo}`}${lo >= 2 && hi !== NO_BLOCK ? `, block ${hi}` : ''}`;
    case EVENT.unmap:
    case EVENT.pageFreed:
      return `translation ${arg}`;
    case EVENT.tlbFlush:
    case EVENT.idle:
      return '';
    default:
      return `${arg} ${value}`;
  }
}

function operation(arg: number): string {
  const op = privilegedOp(arg);
  const name = PRIVILEGED_OPS[op & 0xf];
  if (!readsRegister(op) && !writesRegister(op)) return String(name);
  const [register, select] = [(arg >>> 8) & 0xff, (arg >>> 16) & 0xff];
  return `${name} ${REGISTERS[`${register}.${select}`] ?? `register ${register} select ${select}`}`;
}
