import { cpusOfNode } from '../../hardware/nodes.ts';
import { wider } from '../../hardware/pages.ts';

/**
 * Miss counters as a home has them: for each page and CPU the misses, and for each page its writes, moves and
 * collapses, all since the last reset. 16 bits a miss counter, which stops at MOST; memory is taken in blocks, for
 * pages that were missed on. A reset only advances an epoch: a page’s counters are cleared when next it is missed on.
 */
export interface MissCounters {
  /** Counts so many misses and gives the CPU’s new count. */
  add(cpu: number, page: number, misses: number, write: boolean): number;
  /** Misses of one CPU, and those of the node that missed most, `node` left out. */
  missesOf(cpu: number, page: number): number;
  mostOfOtherNodes(page: number, node: number): number;
  writes(page: number): number;
  moves(page: number): number;
  collapses(page: number): number;
  moved(page: number): void;
  collapsed(page: number): void;
  /** Misses of a page count from zero again; its writes, moves and collapses stay. */
  restart(page: number): void;
  /** Everything of all pages counts from zero again. */
  reset(): void;
}

/** Where a miss counter stops. */
export const MOST = 0xffff;

const BLOCK_BITS = 8;
const BLOCK = 1 << BLOCK_BITS;

export function createMissCounters(cpus: number, nodes: number): MissCounters {
  const perNode = cpusOfNode(cpus, nodes);
  const blocks: Uint16Array[] = [];
  let epoch = 0;
  let slots = 0;
  let slotOf = new Int32Array(1024).fill(-1);
  // By slot.
  let epochOf = new Int32Array(BLOCK);
  let writes = new Int32Array(BLOCK);
  let moves = new Int32Array(BLOCK);
  let collapses = new Int32Array(BLOCK);

  const newSlot = (page: number): number => {
    if (page >= slotOf.length) slotOf = wider(slotOf, page, -1);
    const slot = slots++;
    slotOf[page] = slot;
    if ((slot & (BLOCK - 1)) === 0) blocks.push(new Uint16Array(BLOCK * cpus));
    if (slot >= epochOf.length) {
      epochOf = wider(epochOf, slot);
      writes = wider(writes, slot);
      moves = wider(moves, slot);
      collapses = wider(collapses, slot);
    }
    epochOf[slot] = epoch;
    return slot;
  };

  const clearMisses = (slot: number): void => {
    const first = (slot & (BLOCK - 1)) * cpus;
    blocks[slot >>> BLOCK_BITS]!.fill(0, first, first + cpus);
  };

  /** The slot of a page, its counters those of this epoch. */
  const slotFor = (page: number): number => {
    const slot = page < slotOf.length ? slotOf[page]! : -1;
    if (slot < 0) return newSlot(page);
    if (epochOf[slot] !== epoch) {
      epochOf[slot] = epoch;
      writes[slot] = 0;
      moves[slot] = 0;
      collapses[slot] = 0;
      clearMisses(slot);
    }
    return slot;
  };

  return {
    add: (cpu, page, misses, write) => {
      const slot = slotFor(page);
      if (write) writes[slot]! += misses;
      const block = blocks[slot >>> BLOCK_BITS]!;
      const index = (slot & (BLOCK - 1)) * cpus + cpu;
      const count = block[index]! + misses;
      block[index] = count < MOST ? count : MOST;
      return block[index]!;
    },
    missesOf: (cpu, page) => {
      const slot = slotFor(page);
      return blocks[slot >>> BLOCK_BITS]![(slot & (BLOCK - 1)) * cpus + cpu]!;
    },
    mostOfOtherNodes: (page, node) => {
      const slot = slotFor(page);
      const block = blocks[slot >>> BLOCK_BITS]!;
      let index = (slot & (BLOCK - 1)) * cpus;
      let most = 0;
      for (let other = 0; other < nodes; other++) {
        let sum = 0;
        for (let i = 0; i < perNode; i++) sum += block[index++]!;
        if (other !== node && sum > most) most = sum;
      }
      return most;
    },
    writes: (page) => writes[slotFor(page)]!,
    moves: (page) => moves[slotFor(page)]!,
    collapses: (page) => collapses[slotFor(page)]!,
    moved: (page) => {
      moves[slotFor(page)]!++;
    },
    collapsed: (page) => {
      collapses[slotFor(page)]!++;
    },
    restart: (page) => {
      clearMisses(slotFor(page));
    },
    reset: () => {
      epoch++;
    },
  };
}
