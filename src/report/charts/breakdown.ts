import { CATEGORIES } from '../../model/pricing/breakdown.ts';
import { changeBetween, type Facts, type RunFacts } from '../facts.ts';
import { breakdownFinding, cellsOf } from '../finding.ts';
import { percent, percentOf, signed, time, timeFigure, timeUnit } from '../numbers.ts';
import { causeWords, cellName, shortenAll } from '../words.ts';
import {
  type Chart,
  chart,
  pixels,
  roomFor,
  rules,
  type Scale,
  type Segment,
  segmentLayers,
  type TextRow,
  textAtValue,
  textColumn,
  timeAxis,
  WIDTH,
} from './chart.ts';

const ROW = 82;
const BAR_TOP = 22;
const BAR_BOTTOM = 48;

/**
 * Where does the time go? One horizontal stacked bar per system on a shared axis from zero: segments by
 * cause in their fixed order and colour, the categories bracketed below.
 */
export function breakdownChart(facts: Facts): Chart {
  const largest = Math.max(...facts.runs.map((run) => run.total));
  const unit = timeUnit(largest);
  const scale: Scale = { domain: [0, largest === 0 ? 1 : largest / unit.ps], range: [0, WIDTH] };
  const shown = shortenAll(
    facts.runs.map((run) => run.name),
    56,
  );
  const segments: Segment[] = [];
  const names: TextRow[] = [];
  const totals: TextRow[] = [];
  const changes: TextRow[] = [];
  const brackets: { at: number; to: number; top: number; bottom: number }[] = [];
  const bracketNames: (TextRow & { at: number })[] = [];

  for (const [i, run] of facts.runs.entries()) {
    const row = i * ROW;
    names.push({ y: row + 14, text: shown[i]! });
    totals.push({ y: row + 14, text: time(run.total, unit) });
    changes.push({ y: row + 14, text: against(facts, run) });
    let sum = 0;
    for (const { cell, ps } of cellsOf(run)) {
      const from = sum / unit.ps;
      sum += ps;
      const to = sum / unit.ps;
      const width = pixels(scale, to - from);
      const words = causeWords(cell.category, cell.cause);
      segments.push({
        system: run.name,
        group: cell.category,
        cause: cell.cause,
        from,
        to,
        top: row + BAR_TOP,
        bottom: row + BAR_BOTTOM,
        title: `${run.name}: ${cellName(cell.category, cell.cause)}, ${timeFigure(ps, unit)} ${unit.name}, ${percent(percentOf(ps, run.total))} of its total`,
        label: [words.short, words.code].find((label) => roomFor(label, 11) + 8 <= width) ?? '',
      });
    }
    bracketRow(run, row, { unit, scale }, brackets, bracketNames);
  }
  const axis = timeAxis(scale, `time, ${unit.name} (less is better)`, false);
  return chart(breakdownFinding(facts), facts.runs.length * ROW - 6, [
    ...segmentLayers(segments, scale, axis, 11),
    rules(brackets, scale, { colour: 'var(--muted)', width: 1 }),
    textAtValue(bracketNames, scale, 11),
    textColumn(names, { x: 0, align: 'left', size: 13, strong: true }),
    textColumn(totals, { x: WIDTH - 84, align: 'right', size: 13 }),
    textColumn(changes, { x: WIDTH, align: 'right', size: 13 }),
  ]);
}

function against(facts: Facts, run: RunFacts): string {
  if (run === facts.baseline) return facts.others.length > 0 ? 'baseline' : '';
  const share = percentOf(changeBetween(facts.baseline, run).difference, facts.baseline.total);
  return share === null ? '' : signed(share, percent(share));
}

/** Lines below a bar, one per category, named where the name does not run into the next. */
function bracketRow(
  run: RunFacts,
  row: number,
  { unit, scale }: { readonly unit: ReturnType<typeof timeUnit>; readonly scale: Scale },
  lines: { at: number; to: number; top: number; bottom: number }[],
  names: (TextRow & { at: number })[],
): void {
  let sum = 0;
  let free = 0;
  const present = CATEGORIES.filter((category) => run.category(category) > 0);
  for (const [i, category] of present.entries()) {
    const from = sum / unit.ps;
    sum += run.category(category);
    const to = sum / unit.ps;
    const left = pixels(scale, from);
    const right = pixels(scale, to);
    // A gap of one pixel on each side keeps neighbours apart.
    const inset = Math.min(1, (right - left) / 4);
    const perPixel = (to - from) / Math.max(right - left, 1e-9);
    lines.push({
      at: from + inset * perPixel,
      to: to - inset * perPixel,
      top: row + BAR_BOTTOM + 4,
      bottom: row + BAR_BOTTOM + 4,
    });
    const last = i === present.length - 1;
    const limit = last ? scale.range[1] : right - 6;
    const label = [`${category} ${time(run.category(category), unit)}`, category].find(
      (text) => left >= free && left + roomFor(text, 11) <= limit,
    );
    if (label) {
      names.push({ at: from, y: row + BAR_BOTTOM + 17, text: label });
      free = left + roomFor(label, 11) + 6;
    }
  }
}
