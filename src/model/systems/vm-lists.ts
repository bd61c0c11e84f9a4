import { MOST_MACHINES } from '../../trace/compose/spec.ts';
import { InputError } from '../../trace/errors.ts';
import { PAGE_BYTES } from '../../trace/types.ts';
import { bytesOf } from './fields.ts';

/** Settings that may differ between virtual machines: one value for each, in order, with + between them. */

/** `96M+32M*7`: sizes, of which the last says how many machines have it. */
export const SIZES = /^\d+[KMG]?(?:\*\d+)?(?:\+\d+[KMG]?(?:\*\d+)?)*$/;

/** `0-3+4,6+5`: of each machine the CPUs, single ones and stretches. */
export const CPU_LISTS = /^\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*(?:\+\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*)*$/;

const machinesOf = (count: number): string =>
  count === 1 ? 'one virtual machine' : `${count} virtual machines`;

/**
 * Bytes of memory of each of so many machines; 0: as much as it wants.
 * @throws InputError where there are not as many sizes as machines, or a size is less than a page.
 */
export function memoryOfVms(memory: number | string, count: number): number[] {
  if (typeof memory === 'number') return new Array<number>(count).fill(memory);
  const sizes = memory.split('+').flatMap((part) => {
    const [size = '', times = '1'] = part.split('*');
    const bytes = bytesOf(size);
    if (bytes < PAGE_BYTES || !Number.isSafeInteger(bytes))
      throw new InputError(
        `monitor.vms.memory: ${size} is no size of a memory of ${PAGE_BYTES} bytes or more`,
      );
    return new Array<number>(Math.min(Number(times), MOST_MACHINES + 1)).fill(bytes);
  });
  if (sizes.length !== count)
    throw new InputError(
      `monitor.vms.memory ${memory} has ${sizes.length > MOST_MACHINES ? `more than ${MOST_MACHINES}` : sizes.length} sizes for ${machinesOf(count)}`,
    );
  return sizes;
}

/**
 * The CPUs of each of so many machines, in ascending order; null: all of them for all.
 * @throws InputError where there are not as many lists as machines, or no such CPU.
 */
export function cpusOfVms(lists: string, count: number, cpus: number): number[][] | null {
  if (lists === 'all') return null;
  const machines = lists.split('+').map((list) => {
    const own = new Set<number>();
    for (const part of list.split(',')) {
      const [first = 0, last = first] = part.split('-').map(Number);
      if (last < first) throw new InputError(`monitor.vms.cpus: ${part} ends before it begins`);
      if (last >= cpus)
        throw new InputError(`monitor.vms.cpus: there is no CPU ${last}: the machine has 0 to ${cpus - 1}`);
      for (let cpu = first; cpu <= last; cpu++) own.add(cpu);
    }
    return [...own].sort((a, b) => a - b);
  });
  if (machines.length !== count)
    throw new InputError(
      `monitor.vms.cpus ${lists} has CPUs of ${machinesOf(machines.length)}, but there ${count === 1 ? 'is' : 'are'} ${count}`,
    );
  return machines;
}
