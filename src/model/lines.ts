/** Which replays need but the lines of a trace (`LineRequest`), which a store gives without making its records. */
import { linesOfRecords } from '../trace/lines.ts';
import { type LineRequest, SEGMENT_RDHWR, SEGMENT_REFILL } from '../trace/types.ts';
import type { Granularity } from './hardware/kernel.ts';
import type { Packer, PackRule } from './hardware/pack.ts';
import type { System } from './systems/schema.ts';

/** Caches alone, no TLB, no operating system: events mean nothing. */
export const cachesAlone = (system: System): boolean =>
  system.monitor === null && system.machine.tlb === null && !system.os.overlay;

/**
 * Whether what a system's L1s do with fetches depends on no data reference and the other way round, so that a hit on
 * the line used last on the same side can be left out whatever came between. With inclusion an L2 miss of one side
 * may take a line from the other; an LRU TLB and a directory see every reference.
 */
const sidesApart = ({ machine }: System): boolean =>
  machine.l1i !== null && machine.l1d !== null && !machine.l2?.inclusive;

/** The rule of the words. */
export type LineRule = Pick<LineRequest, 'lineBits' | 'instructionBytes' | 'asideFlags'>;

/** The rule by which all systems can be fed with lines, or undefined. `grains`: of coherent caches, else null. */
export function commonLines(
  systems: readonly System[],
  rules: readonly PackRule[],
  grains: readonly (Granularity | null)[],
): LineRule | undefined {
  const { layout, dropRdhwr, instructionBytes } = rules[0]!;
  const enough =
    systems.every((system) => cachesAlone(system) && sidesApart(system)) &&
    grains.every((grain) => grain === null) &&
    rules.every(
      (rule) =>
        rule.counting === 'vmtax' &&
        rule.layout.lineBits === layout.lineBits &&
        rule.layout.fetchLineBits === rule.layout.dataLineBits &&
        rule.dropRdhwr === dropRdhwr,
    );
  if (!enough) return undefined;
  const asideFlags = SEGMENT_REFILL | (dropRdhwr ? SEGMENT_RDHWR : 0);
  return { lineBits: layout.lineBits, instructionBytes, asideFlags };
}

/** Hands on a chunk's lines, or makes them of its records. Events get no place: nobody looks at them. */
export function createLinePacker(rule: LineRule): Packer {
  const eventAt = new Int32Array(0);
  return {
    pack: (chunk, ids) => {
      const { words, segmentEnd, accesses, aside } = chunk.lines ?? linesOfRecords(chunk, ids, rule);
      const length = segmentEnd[chunk.segments.length - 1] ?? 0;
      return { words, length, segmentEnd, accesses, aside, eventAt, spans: null };
    },
  };
}
