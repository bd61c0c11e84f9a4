import { changeBetween, type Facts, type RunFacts, type Step } from '../facts.ts';
import { headline } from '../finding.ts';
import { percentFigure, percentOf, signed, time, timeFigure, timeUnit } from '../numbers.ts';
import { cellLabel, cellName, shorten } from '../words.ts';
import {
  type Chart,
  chart,
  plainBars,
  rules,
  type Scale,
  type Segment,
  segmentLayers,
  type TextRow,
  textColumn,
  timeAxis,
  WIDTH,
} from './chart.ts';

const ROW = 24;
const TOP = 18;
const RANGE = [250, 590] as const;
const TIME_X = 682;

/** A row of the waterfall: one step, or several small ones of the same sign. */
export interface WaterfallRow {
  readonly label: string;
  readonly ps: number;
  readonly steps: readonly Step[];
}

/** Steps below this share of the larger of gross costs and gross savings are put together. */
const SMALL = 0.01;

/**
 * The rows between two systems: large steps in their fixed order, then the small increases and the small
 * savings, each sign by itself, so that nothing is netted. Their sum is exactly the difference.
 */
export function waterfallRows(facts: Facts, run: RunFacts): WaterfallRow[] {
  const change = changeBetween(facts.baseline, run);
  const limit = SMALL * Math.max(change.added, -change.saved);
  const small = (sign: 1 | -1): Step[] =>
    change.steps.filter((step) => step.ps * sign > 0 && Math.abs(step.ps) < limit);
  const together = [small(1), small(-1)].filter((steps) => steps.length > 1);
  const apart = change.steps.filter((step) => !together.some((steps) => steps.includes(step)));
  return [
    ...apart.map((step) => ({ label: cellLabel(step.category, step.cause), ps: step.ps, steps: [step] })),
    ...together.map((steps) => ({
      label: `${steps.length} smaller ${steps[0]!.ps > 0 ? 'increases' : 'savings'}`,
      ps: steps.reduce((sum, step) => sum + step.ps, 0),
      steps,
    })),
  ];
}

/**
 * What changed? A waterfall from the baseline to one system, on the axis of the difference: each step one
 * category and cause, costs to the right, savings to the left, the last bar their sum.
 */
export function waterfallChart(facts: Facts, run: RunFacts): Chart {
  const { baseline } = facts;
  const rows = waterfallRows(facts, run);
  const difference = run.total - baseline.total;
  const unit = timeUnit(Math.max(Math.abs(difference), ...rows.map((row) => Math.abs(row.ps))));
  let sum = 0;
  const ends = rows.map((row) => {
    sum += row.ps;
    return sum / unit.ps;
  });
  const reach = [0, ...ends];
  const [low, high] = [Math.min(...reach), Math.max(...reach)];
  const scale: Scale = { domain: low === high ? [0, 1] : [low, high], range: RANGE };

  const share = (ps: number): number | null => percentOf(ps, baseline.total);
  const figures = (ps: number): [string, string] => [
    signed(ps, timeFigure(ps, unit)),
    signed(share(ps) ?? 0, percentFigure(share(ps))),
  ];
  const at = (i: number): number => TOP + ROW * (i + 1);
  const text = (i: number, label: string): TextRow => ({ y: at(i) + 16, text: label });

  const labels: TextRow[] = [];
  const times: TextRow[] = [];
  const shares: TextRow[] = [];
  const segments: Segment[] = [];
  const grouped: { from: number; to: number; top: number; bottom: number; title: string }[] = [];
  const links: { at: number; top: number; bottom: number }[] = [];

  for (const [i, row] of rows.entries()) {
    const from = reach[i]!;
    const to = reach[i + 1]!;
    const [ms, points] = figures(row.ps);
    labels.push(text(i, shorten(row.label, 38)));
    times.push(text(i, ms));
    shares.push(text(i, points));
    const bar = { from: Math.min(from, to), to: Math.max(from, to), top: at(i) + 4, bottom: at(i) + 20 };
    const step = row.steps.length === 1 ? row.steps[0]! : null;
    const name = step ? cellName(step.category, step.cause) : row.label;
    const title = `${name}, ${ms} ${unit.name}`;
    if (step)
      segments.push({ system: run.name, group: step.category, cause: step.cause, ...bar, title, label: '' });
    else grouped.push({ ...bar, title });
    links.push({ at: to, top: at(i) + 20, bottom: at(i + 1) + 4 });
  }
  const last = rows.length;
  const [ms, points] = figures(difference);
  const net = {
    from: Math.min(0, difference / unit.ps),
    to: Math.max(0, difference / unit.ps),
    top: at(last) + 4,
    bottom: at(last) + 20,
    title: `difference to ${baseline.name}, ${ms} ${unit.name}`,
  };
  const totals = timeUnit(Math.max(baseline.total, run.total));
  const strong = { size: 12, strong: true } as const;
  const axis = timeAxis(
    scale,
    `difference to ${shorten(baseline.name, 40)}, ${unit.name} (left of 0: saved)`,
  );
  return chart(headline(facts, run), at(last + 2) + 2, [
    ...segmentLayers(segments, scale, axis, 11),
    plainBars(grouped, scale, 'var(--muted)'),
    plainBars(difference === 0 ? [] : [net], scale, 'var(--ink)'),
    rules(links, scale, { colour: 'var(--muted)', width: 1 }),
    rules([{ at: 0, top: TOP, bottom: at(last + 2) }], scale, { colour: 'var(--ink)', width: 1 }),
    textColumn(labels, { x: 0, align: 'left' }),
    textColumn(times, { x: TIME_X, align: 'right' }),
    textColumn(shares, { x: WIDTH, align: 'right' }),
    textColumn([{ y: 10, text: unit.name }], { x: TIME_X, align: 'right', size: 11, muted: true }),
    textColumn([{ y: 10, text: 'change, %' }], { x: WIDTH, align: 'right', size: 11, muted: true }),
    textColumn(
      [
        { y: TOP + 16, text: shorten(baseline.name, 34) },
        text(last, 'difference'),
        text(last + 1, shorten(run.name, 34)),
      ],
      { x: 0, align: 'left', ...strong },
    ),
    textColumn(
      [
        { y: TOP + 16, text: time(baseline.total, totals) },
        text(last, ms),
        text(last + 1, time(run.total, totals)),
      ],
      { x: TIME_X, align: 'right', ...strong },
    ),
    textColumn([{ y: TOP + 16, text: '0' }, text(last, points), text(last + 1, points)], {
      x: WIDTH,
      align: 'right',
      ...strong,
    }),
  ]);
}
