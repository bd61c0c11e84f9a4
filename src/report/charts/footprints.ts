import { PAGE_CLASSES, type PageClass } from '../../model/tally-memory.ts';
import type { Facts } from '../facts.ts';
import {
  CLASS_CAUSES,
  CLASS_NAMES,
  footprintFinding,
  KB_PER_PAGE,
  type MemoryRun,
  pagesOf,
  sampledRuns,
  samplesOf,
} from '../footprints.ts';
import { figure } from '../numa.ts';
import { ticks } from '../numbers.ts';
import { causeColour } from '../palette.ts';
import { shortenAll } from '../words.ts';
import {
  areas,
  type Chart,
  chart,
  rules,
  type Scale,
  type TextRow,
  textColumn,
  timeAxis,
  trail,
} from './chart.ts';

/** Machine memory over a run by class, stacked, a panel for each system, all on one scale; dashed what it would be unshared. */

const HEAD = 20;
const PANEL = 108;
const GAP = 22;
const RANGE = [66, 560] as const;
const KEY_X = 576;
const KEY_FIGURE_X = 740;
const MILLION = 1e6;
const MB = 1024;

/** Systems that are drawn; the table has all. */
export const PANELS = 4;

export function footprintChart(facts: Facts): Chart {
  const runs = sampledRuns(facts).slice(0, PANELS);
  const samples = runs.map((run) => samplesOf(facts, run));
  const of = samples.flat().map(({ instructions }) => instructions / MILLION);
  const scale: Scale = { domain: [Math.min(...of), Math.max(...of)], range: RANGE };
  const most = Math.max(...samples.flat().map(({ virtual }) => pagesOf(virtual)));
  const inMb = most * KB_PER_PAGE >= 10 * MB;
  const unit = inMb ? 'MB' : 'KB';
  const sizeOf = (pages: number): number => (pages * KB_PER_PAGE) / (inMb ? MB : 1);
  const marks = ticks(0, sizeOf(most));
  const top = Math.max(sizeOf(most), marks.at(-1)!);
  const names = shortenAll(
    runs.map(({ facts: { name } }) => name),
    60,
  );

  const heads: TextRow[] = [];
  const labels: TextRow[] = [];
  const grid: { at: number; to: number; top: number; bottom: number }[] = [];
  const bands: Parameters<typeof areas>[0][number][] = [];
  const lines: Parameters<typeof trail>[0][number][] = [];
  const keys: (TextRow & { ink: string })[] = [];
  const figures: TextRow[] = [];
  for (const [i, run] of runs.entries()) {
    const floor = i * (HEAD + PANEL + GAP) + HEAD + PANEL;
    const height = (pages: number): number => floor - (sizeOf(pages) / top) * PANEL;
    heads.push({ y: floor - PANEL - 8, text: names[i]! });
    for (const mark of marks) {
      const y = floor - (mark / top) * PANEL;
      labels.push({ y: y + 4, text: figure(mark) });
      grid.push({ at: scale.domain[0], to: scale.domain[1], top: y, bottom: y });
    }
    const used = usedClasses(run);
    for (const { instructions, machine, virtual } of samples[i]!) {
      const at = instructions / MILLION;
      let below = 0;
      for (const name of used) {
        const bottom = height(below);
        below += machine[name];
        bands.push({ at, top: height(below), bottom, cause: CLASS_CAUSES[name], key: `${i} ${name}` });
      }
      lines.push({ at, y: height(pagesOf(virtual)), key: `${i}` });
    }
    const last = samples[i]!.at(-1)!;
    const rows = [
      ...[...used].reverse().map((name) => ({
        text: `■ ${CLASS_NAMES[name]}`,
        ink: causeColour(CLASS_CAUSES[name]),
        pages: last.machine[name],
      })),
      { text: '┄ if nothing were shared', ink: 'var(--ink)', pages: pagesOf(last.virtual) },
    ];
    for (const [k, { text, ink, pages }] of rows.entries()) {
      const y = floor - PANEL + 12 + k * 17;
      keys.push({ y, text, ink });
      figures.push({ y, text: figure(sizeOf(pages)) });
    }
    figures.push({ y: floor - PANEL - 8, text: `${unit}, end` });
  }
  const height = runs.length * (HEAD + PANEL + GAP) - GAP;
  return chart(footprintFinding(facts), height, [
    areas(bands, scale, timeAxis(scale, 'million instructions of all CPUs, warm-up included', false)),
    rules(grid, scale, { colour: 'var(--grid)', width: 1 }),
    trail(lines, scale),
    textColumn(heads, { x: 0, align: 'left', strong: true }),
    textColumn(labels, { x: RANGE[0] - 8, align: 'right', size: 11, muted: true }),
    ...[...new Set(keys.map(({ ink }) => ink))].map((ink) =>
      textColumn(
        keys.filter((key) => key.ink === ink),
        { x: KEY_X, align: 'left', size: 11.5, ink },
      ),
    ),
    textColumn(figures, { x: KEY_FIGURE_X + 20, align: 'right', size: 11.5 }),
  ]);
}

/** Classes that a run ever has pages of. */
const usedClasses = ({ memory }: MemoryRun): PageClass[] =>
  PAGE_CLASSES.filter(
    (name) => memory.virtual[name] > 0 || memory.samples.some(({ virtual }) => virtual[name] > 0),
  );
