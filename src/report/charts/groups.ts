import {
  ALL_CELLS,
  type Cell,
  contextsOf,
  type Facts,
  ownerCells,
  ownersOf,
  type RunFacts,
} from '../facts.ts';
import { ownerFinding, serviceFinding } from '../finding.ts';
import { percentFigure, percentOf, type TimeUnit, timeFigure, timeUnit } from '../numbers.ts';
import { CAUSE_WORDS, cellLabel, contextName, OWNER_WORDS, shorten, shortenAll } from '../words.ts';
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
 * Bars in groups: for each owner or service one bar per system, stacked by cause on a shared axis from
 * zero, so that the systems are compared within a group and the groups with each other.
 */

interface Group {
  readonly label: string;
  /** Per shown system: total and cells. */
  readonly bars: readonly { readonly total: number; readonly cell: (cell: Cell) => number }[];
}

const HEAD = 20;
const BAR = 19;
const GAP = 12;
const TOP = 16;
const RANGE = [206, 612] as const;
const TIME_X = 690;

function groupChart(
  title: string,
  facts: Facts,
  runs: readonly RunFacts[],
  groups: readonly Group[],
  axisTitle: (unit: TimeUnit) => string,
): Chart {
  const largest = Math.max(0, ...groups.flatMap((group) => group.bars.map((bar) => bar.total)));
  const unit = timeUnit(largest);
  const scale: Scale = { domain: [0, largest === 0 ? 1 : largest / unit.ps], range: RANGE };
  const names = shortenAll(
    runs.map((run) => run.name),
    27,
  );
  const heads: TextRow[] = [];
  const labels: TextRow[] = [];
  const times: TextRow[] = [];
  const shares: TextRow[] = [];
  const segments: Segment[] = [];
  const rest: PlainBar[] = [];
  let at = TOP;
  for (const group of groups) {
    heads.push({ y: at + 14, text: shorten(group.label, 80) });
    at += HEAD;
    for (const [i, bar] of group.bars.entries()) {
      const base = at + 13;
      labels.push({ y: base, text: names[i]! });
      times.push({ y: base, text: timeFigure(bar.total, unit) });
      shares.push({ y: base, text: percentFigure(percentOf(bar.total, facts.baseline.total)) });
      const drawn = barOf(runs[i]!, group, i, at, unit, scale);
      segments.push(...drawn.segments);
      rest.push(...drawn.rest);
      at += BAR;
    }
    at += GAP;
  }
  const axis = timeAxis(scale, axisTitle(unit));
  return chart(title, at - GAP / 2, [
    ...segmentLayers(segments, scale, axis, 9.5),
    plainBars(rest, scale, 'var(--muted)'),
    textColumn(heads, { x: 0, align: 'left', strong: true }),
    textColumn(labels, { x: 10, align: 'left', size: 11.5, muted: true }),
    textColumn(times, { x: TIME_X, align: 'right' }),
    textColumn(shares, { x: WIDTH, align: 'right' }),
    textColumn([{ y: 10, text: unit.name }], { x: TIME_X, align: 'right', size: 11, muted: true }),
    textColumn([{ y: 10, text: '% base' }], { x: WIDTH, align: 'right', size: 11, muted: true }),
  ]);
}

interface Bar {
  readonly segments: Segment[];
  /** Pieces too thin to be seen, put together; their causes are in the page's table and files. */
  readonly rest: readonly PlainBar[];
}

/** Pieces thinner than this many pixels are drawn together. */
const THIN = 3;

function barOf(run: RunFacts, group: Group, i: number, top: number, unit: TimeUnit, scale: Scale): Bar {
  const place = { top: top + 2, bottom: top + BAR - 2 };
  const figure = (ps: number): string => `${timeFigure(ps, unit)} ${unit.name}`;
  const pieces = ALL_CELLS.map((cell) => ({ cell, ps: group.bars[i]!.cell(cell) })).filter(
    ({ ps }) => ps !== 0,
  );
  const thin = pieces.filter(({ ps }) => pixels(scale, ps / unit.ps) < THIN);
  const apart = thin.length > 1 ? pieces.filter((piece) => !thin.includes(piece)) : pieces;
  const segments: Segment[] = [];
  let sum = 0;
  for (const { cell, ps } of apart) {
    const from = sum / unit.ps;
    sum += ps;
    const to = sum / unit.ps;
    const { code } = CAUSE_WORDS[cell.cause];
    segments.push({
      system: run.name,
      group: group.label,
      cause: cell.cause,
      from,
      to,
      ...place,
      title: `${cellLabel(cell.category, cell.cause)}, ${figure(ps)}`,
      label: roomFor(code, 9.5) + 6 <= pixels(scale, to - from) ? code : '',
    });
  }
  if (apart.length === pieces.length) return { segments, rest: [] };
  const ps = thin.reduce((total, piece) => total + piece.ps, 0);
  const rest = {
    from: sum / unit.ps,
    to: (sum + ps) / unit.ps,
    ...place,
    title: `${thin.length} small pieces, ${figure(ps)}`,
  };
  return { segments, rest: [rest] };
}

/** Who could remove the time? Owners, and in each one bar per system. */
export function ownerChart(facts: Facts): Chart {
  const groups = ownersOf(facts).map((owner) => ({
    label: OWNER_WORDS[owner].name,
    bars: facts.runs.map((run) => ({ total: run.owner(owner), cell: ownerCells(run, owner) })),
  }));
  return groupChart(
    ownerFinding(facts),
    facts,
    facts.runs,
    groups,
    (unit) => `time that could be removed, ${unit.name}`,
  );
}

/** Services in the chart, and systems in each: the table has more. */
export const SERVICE_BARS = 8;
export const SERVICE_SYSTEMS = 4;

/** The systems that the chart of services shows: the baseline and those that differ from it most. */
export function serviceRuns(facts: Facts): RunFacts[] {
  const size = (run: RunFacts): number => Math.abs(run.total - facts.baseline.total);
  const chosen = [...facts.others].sort((a, b) => size(b) - size(a)).slice(0, SERVICE_SYSTEMS - 1);
  return facts.runs.filter((run) => run === facts.baseline || chosen.includes(run));
}

/** Which services take the time? The largest ones, user code's own time left out. */
export function serviceChart(facts: Facts): Chart {
  const runs = serviceRuns(facts);
  const groups = contextsOf(facts)
    .filter((context) => context.runs.some((run) => run.outside > 0))
    .slice(0, SERVICE_BARS)
    .map((context) => ({
      label: contextName(context.context),
      bars: runs.map((run) => {
        const { outside, cell } = context.runs[facts.runs.indexOf(run)]!;
        return { total: outside, cell: (c: Cell) => (c.category === 'user' ? 0 : cell(c)) };
      }),
    }));
  return groupChart(
    serviceFinding(facts),
    facts,
    runs,
    groups,
    (unit) => `time outside user code, ${unit.name} (less is better)`,
  );
}
