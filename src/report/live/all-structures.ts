import type { PriceBand } from '../facts.ts';
import { percentFigure, percentOf, signed, tableUnit, time, timeFigure } from '../numbers.ts';
import { isWithin } from '../shown.ts';
import type { Table, TableCell } from '../table.ts';
import { cleanText, plural } from '../words.ts';

/** All structures of a page side by side: what the systems take at the start, and at the prices of the moment. */

export interface StructureTotals {
  /** Values of the structure in words. */
  readonly label: string;
  /** Picoseconds by system, the baseline first. */
  readonly start: readonly number[];
  readonly now: readonly number[];
}

/**
 * In how many of the structures each system takes longer than the baseline, and in how many it did at the start; alone: its times.
 * `bands`: of the systems, where it is known how far prices move their difference.
 */
export function structuresFinding(
  names: readonly string[],
  all: readonly StructureTotals[],
  bands: readonly (PriceBand | null)[] = [],
): string {
  const [baseline, ...others] = names.map(cleanText);
  if (others.length === 0) {
    const totals = all.map(({ now }) => now[0]!);
    return `${baseline} takes ${time(Math.min(...totals))} to ${time(Math.max(...totals))} in ${all.length} ${plural(all.length, 'structure')}.`;
  }
  const sentences = others.map((name, i) => {
    const band = bands[i + 1] ?? null;
    const isOpen = (totals: readonly number[]): boolean => {
      const size = percentOf(totals[i + 1]! - totals[0]!, totals[0]!);
      return band !== null && size !== null && size !== 0 && isWithin(size, band);
    };
    const longer = (when: 'start' | 'now'): number =>
      all.filter((one) => one[when][i + 1]! > one[when][0]! && !isOpen(one[when])).length;
    const [was, is] = [longer('start'), longer('now')];
    const before = was === is ? '' : `; at the start in ${was}`;
    const open = all.filter(({ now }) => isOpen(now)).length;
    const unsure = open === 0 ? '' : `, and in ${open} no difference is shown`;
    return `${name} takes longer than ${baseline} in ${is} of ${all.length} ${plural(all.length, 'structure')}${before}${unsure}.`;
  });
  return sentences.join(' ');
}

export function structuresTable(names: readonly string[], all: readonly StructureTotals[]): Table {
  const unit = tableUnit(Math.max(0, ...all.flatMap(({ now }) => now)));
  const timeCell = (ps: number): TableCell => ({ text: timeFigure(ps, unit), value: ps });
  const change = (totals: readonly number[], system: number): TableCell => {
    const share = percentOf(totals[system]! - totals[0]!, totals[0]!);
    return { text: signed(share ?? 0, percentFigure(share)), value: share };
  };
  return {
    caption:
      'Time of all CPUs; change: percent of the baseline’s time in the same structure. In bold: a system is on the other side of the baseline than at the start.',
    corner: 'structure',
    groups: names.map((name, system) => ({
      name: cleanText(name),
      columns: [
        { head: unit.name, raw: 'ps' },
        ...(system === 0
          ? []
          : [
              { head: 'change, %', raw: 'percent' },
              { head: 'at the start', raw: 'percent at the start' },
            ]),
      ],
    })),
    rows: all.map(({ label, start, now }) => ({
      kind: 'part' as const,
      label,
      path: label,
      differs: now.some((ps, i) => Math.sign(ps - now[0]!) !== Math.sign(start[i]! - start[0]!)),
      cells: names.flatMap((_, i) =>
        i === 0 ? [timeCell(now[0]!)] : [timeCell(now[i]!), change(now, i), change(start, i)],
      ),
    })),
  };
}
