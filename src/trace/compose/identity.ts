import { InputError } from '../errors.ts';
import { type Chunk, EVENT, type TranslationColumns, type VirtualMachine } from '../types.ts';
import { widened } from './columns.ts';

/** Physical pages of one virtual machine: 2^36 pages of 4 KB, far more than any machine's memory. */
export const MACHINE_PAGES = 2 ** 36;
/** Spaces of global and direct pages of machine v: −1 − 16 × v, which leaves −2 … −16 to the model. */
export const GLOBAL_SPACES = 16;
/** Lock ids of one virtual machine. */
export const MACHINE_LOCKS = 2 ** 24;

/** Pages of the upper half of a 48-bit address space, as 52-bit page numbers, begin here. */
const UPPER_HALF = 2 ** 52 - 2 ** 35;

/** The next translation id of a composed trace, shared by all of its machines. */
export interface Numbering {
  next: number;
}

/** How identities of a source become those of one virtual machine. */
export interface Identity {
  space(space: number): number;
  /** A physical page; throws an InputError where two pages of the source would become one. */
  physical(page: number): number;
  lock(lock: number): number;
}

/** Identities of virtual machine number `machine`; `label` names its trace in messages. */
export function createIdentity(
  { physicalBase, firstSpace }: Pick<VirtualMachine, 'physicalBase' | 'firstSpace'>,
  machine: number,
  label: string,
): Identity {
  // Folding both halves of an address space into one range must not make two pages one.
  let upper = false;
  let high = false;
  return {
    space: (space) => (space < 0 ? -1 - GLOBAL_SPACES * machine : firstSpace + space),
    physical: (page) => {
      if (page >= UPPER_HALF) upper = true;
      else if (page >= MACHINE_PAGES)
        throw new InputError(
          `${label}: physical page 0x${page.toString(16)} is not below 2^36, which is where the next virtual machine’s pages begin`,
        );
      else if (page >= MACHINE_PAGES / 2) high = true;
      if (upper && high)
        throw new InputError(
          `${label}: has physical pages of both 48-bit halves and between them, which one virtual machine’s 2^36 pages cannot hold`,
        );
      return physicalBase + (page % MACHINE_PAGES);
    },
    lock: (lock) => {
      if (lock < 0 || lock >= MACHINE_LOCKS)
        throw new InputError(`${label}: lock ${lock} is not below 2^24, the locks of one virtual machine`);
      return machine * MACHINE_LOCKS + lock;
    },
  };
}

/**
 * Turns chunks of a source into those of one virtual machine: its own CPUs, address spaces, physical pages,
 * translation ids and locks. Disk blocks and peers stay, as machines share disks and networks, and so do the
 * physical addresses of device events. Translations that the machine has brought already (its source has
 * begun again) are left out. The columns of a chunk hold until the next one.
 */
export function createRenamer(
  vm: VirtualMachine,
  machine: number,
  label: string,
  numbering: Numbering,
): (chunk: Chunk) => Chunk {
  const { firstCpu } = vm;
  const { physical, space: spaceOf, lock } = createIdentity(vm, machine, label);
  /** Ids of the composed trace by those of the source. */
  let ids = new Int32Array(1024);
  let known = 0;
  let translation = new Int32Array(1024);
  const translations = (added: TranslationColumns): TranslationColumns => {
    const skip = Math.max(0, known - added.first);
    const length = Math.max(0, added.length - skip);
    const first = numbering.next;
    if (length > 0 && added.first + skip !== known) throw new Error('compose: translations out of order');
    if (known + length > ids.length) ids = widened(ids, known + length);
    for (let i = 0; i < length; i++) ids[known + i] = first + i;
    known += length;
    numbering.next += length;
    return {
      first,
      length,
      space: added.space.slice(skip, skip + length).map(spaceOf),
      virtualPage: added.virtualPage.slice(skip, skip + length),
      physicalPage: added.physicalPage.slice(skip, skip + length).map(physical),
      flags: added.flags.slice(skip, skip + length),
    };
  };

  const argument = (kind: number, arg: number): number => {
    switch (kind) {
      case EVENT.spaceSwitch:
        return spaceOf(arg);
      case EVENT.unmap:
      case EVENT.pageMapped:
      case EVENT.pageFreed:
        return ids[arg]!;
      case EVENT.lockAcquire:
      case EVENT.lockRelease:
        return lock(arg);
      default:
        return arg;
    }
  };

  return (chunk) => {
    const added = translations(chunk.translations);
    if (chunk.length > translation.length) translation = widened(translation, chunk.length);
    for (let i = 0; i < chunk.length; i++) translation[i] = ids[chunk.translation[i]!]!;
    const { segments, events, code } = chunk;
    return {
      length: chunk.length,
      translation: translation.subarray(0, chunk.length),
      word: chunk.word,
      segments: { ...segments, cpu: segments.cpu.slice(0, segments.length).map((cpu) => cpu + firstCpu) },
      events: {
        ...events,
        cpu: events.cpu.slice(0, events.length).map((cpu) => cpu + firstCpu),
        arg: events.arg.slice(0, events.length).map((arg, at) => argument(events.kind[at]!, arg)),
      },
      translations: added,
      code: {
        ...code,
        physicalPage: code.physicalPage.slice(0, code.length).map(physical),
      },
    };
  };
}
