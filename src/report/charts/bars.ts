import type { Cause } from '../../model/pricing/breakdown.ts';
import { CAUSE_WORDS, shorten, shortenAll } from '../words.ts';
import {
  type Chart,
  chart,
  type PlainBar,
  pixels,
  plainBars,
  roomFor,
  type Scale,
  type Segment,
  segmentLayers,
  type TextRow,
  textColumn,
  timeAxis,
  WIDTH,
} from './chart.ts';

/**
 * Bars in groups, one per system, on a shared axis from zero: of pieces that have a cause's colour, or plain ones.
 * Two columns of figures stand on the right.
 */

export interface BarPiece {
  /** Whose colour it has; null: none. */
  readonly cause: Cause | null;
  readonly size: number;
  /** What it is, for pointing at. */
  readonly title: string;
  /** The first of these that fits is written on it. */
  readonly labels?: readonly string[];
}

export interface Bar {
  /** The system. */
  readonly name: string;
  readonly pieces: readonly BarPiece[];
  readonly figures: readonly [string, string];
}

export interface BarGroup {
  /** Empty: no heading. */
  readonly label: string;
  readonly bars: readonly Bar[];
}

export interface BarsText {
  readonly title: string;
  readonly axis: string;
  /** Heads of the two columns of figures. */
  readonly heads: readonly [string, string];
}

const HEAD = 20;
const GAP = 12;
const TOP = 16;
const RANGE = [206, 592] as const;
const FIGURE_X = 682;
const SIZE = 9.5;

export function barsChart(text: BarsText, groups: readonly BarGroup[]): Chart {
  const all = groups.flatMap((group) => group.bars);
  const sizeOf = (bar: Bar): number => bar.pieces.reduce((sum, { size }) => sum + size, 0);
  const largest = Math.max(0, ...all.map(sizeOf));
  const scale: Scale = { domain: [0, largest === 0 ? 1 : largest], range: RANGE };
  const headed = groups.some((group) => group.label !== '');
  const height = headed ? 19 : 25;
  const heads: TextRow[] = [];
  const names: TextRow[] = [];
  const figures: [TextRow[], TextRow[]] = [[], []];
  const segments: Segment[] = [];
  const plain: PlainBar[] = [];
  let at = TOP;
  for (const group of groups) {
    if (headed) {
      heads.push({ y: at + 14, text: shorten(group.label, 80) });
      at += HEAD;
    }
    const shown = shortenAll(
      group.bars.map((bar) => bar.name),
      27,
    );
    for (const [i, bar] of group.bars.entries()) {
      const base = at + height / 2 + 4;
      names.push({ y: base, text: shown[i]! });
      bar.figures.forEach((figure, k) => {
        figures[k]!.push({ y: base, text: figure });
      });
      const place = { top: at + 2, bottom: at + height - 2 };
      let sum = 0;
      for (const { cause, size, title, labels = [] } of bar.pieces.filter((piece) => piece.size > 0)) {
        const from = sum;
        sum += size;
        if (cause === null) {
          plain.push({ from, to: sum, ...place, title });
          continue;
        }
        const candidates = [...labels, CAUSE_WORDS[cause].code];
        const width = pixels(scale, size);
        const label = candidates.find((candidate) => roomFor(candidate, SIZE) + 6 <= width) ?? '';
        segments.push({ system: bar.name, group: group.label, cause, from, to: sum, ...place, title, label });
      }
      at += height;
    }
    at += GAP;
  }
  const end = (rows: readonly TextRow[], x: number, look = {}) =>
    textColumn(rows, { x, align: 'right', ...look });
  const small = { size: 11, muted: true } as const;
  return chart(text.title, at - GAP / 2, [
    ...segmentLayers(segments, scale, timeAxis(scale, text.axis), SIZE),
    plainBars(plain, scale, 'var(--accent)'),
    textColumn(heads, { x: 0, align: 'left', strong: true }),
    textColumn(
      names,
      headed ? { x: 10, align: 'left', size: 11.5, muted: true } : { x: 0, align: 'left', strong: true },
    ),
    end(figures[0], FIGURE_X),
    end(figures[1], WIDTH),
    end([{ y: 10, text: text.heads[0] }], FIGURE_X, small),
    end([{ y: 10, text: text.heads[1] }], WIDTH, small),
  ]);
}
