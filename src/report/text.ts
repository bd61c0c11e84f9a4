import pc from 'picocolors';
import { CATEGORIES, type Category } from '../model/pricing/breakdown.ts';
import type { Comparison, RunResult } from '../model/result.ts';
import { countsTable } from './counts.ts';
import { type Facts, factsOf, type RunFacts } from './facts.ts';
import { headline, traceHeadline } from './finding.ts';
import { footprintTable } from './footprints.ts';
import { count, percent, percentOf, time, timeUnit } from './numbers.ts';
import { sensitivityLine } from './sensitivity.ts';
import { changedSettings } from './settings.ts';
import { bandText, pairedBand } from './spread.ts';
import { breakdownTable } from './table.ts';
import { cut, padEnd, padStart, paragraph, textWidth } from './text-layout.ts';
import { numaLines } from './text-numa.ts';
import { type TextStyle, textTable } from './text-table.ts';
import { verdict } from './verdict.ts';
import { cleanText, plural, shortenAll } from './words.ts';

export interface TextOptions {
  /** Columns of the terminal; 80 is a good choice where there is none. */
  readonly width: number;
  /** Whether to use colour escapes. Without them the patterns of the bars tell the categories apart. */
  readonly color: boolean;
}

const PATTERNS: Readonly<Record<Category, string>> = {
  user: '█',
  kernel: '▓',
  monitor: '▒',
  synchronisation: '░',
  idle: '·',
};

/** The comparison for a terminal; ends with a newline. No line is wider than `width` from 60 columns up. */
export function renderText(result: RunResult, options: TextOptions): string {
  const width = Math.max(40, options.width);
  const colors = pc.createColors(options.color);
  const style: TextStyle = { strong: colors.bold, dim: colors.dim };
  const paint: Readonly<Record<Category, (text: string) => string>> = {
    user: colors.blue,
    kernel: colors.green,
    monitor: colors.magenta,
    synchronisation: colors.red,
    idle: colors.gray,
  };
  const all = result.comparisons.map(factsOf);
  const lines: string[] = [];
  if (all.length !== 1) lines.push(...paragraph(`${verdict(all)}.`, width).map(style.strong), '');
  for (const facts of all) {
    lines.push(...traceHead(facts, width, style), '');
    lines.push(...bars(facts, width, paint), '', ...ends(facts, width));
    lines.push(...bands(facts, width), ...ranges(facts, width));
    lines.push(...textTable(breakdownTable(facts), width, style));
    lines.push('', style.dim(cut(`% base: percent of the total time of ${facts.baseline.name}`, width)), '');
    lines.push(...numaLines(facts, width, style));
    const memory = footprintTable(facts);
    if (memory !== null) lines.push(...textTable(memory, width, style), '');
    const counts = countsTable(facts);
    if (counts.rows.length > 0) lines.push(...textTable(counts, width, style), '');
    lines.push(...notes(facts, width, style));
  }
  while (lines.at(-1) === '') lines.pop();
  return `${lines.join('\n')}\n`;
}

function traceHead(facts: Facts, width: number, style: TextStyle): string[] {
  const { header } = facts.comparison.trace;
  const lines = [style.strong(`── ${cut(facts.trace, width - 6)} ──`)];
  lines.push(
    ...paragraph(
      `${header.level === 'system' ? 'user and kernel recorded' : 'user code recorded, no kernel'} (${cleanText(header.format)}), ` +
        `${header.cpus} ${plural(header.cpus, 'CPU')}; ` +
        `${instructions(facts.baseline.run.tally.instructions)} counted. ${warmupSentence(facts.comparison)}` +
        (facts.runs.some(({ run }) => run.tally.cpus > 1) ? ' Times are sums over all CPUs.' : ''),
      width,
    ),
  );
  const changed = changedSettings(facts.runs);
  if (changed !== '') lines.push(...paragraph(`Changed from the presets: ${changed}.`, width));
  lines.push('');
  const first = traceHeadline(facts);
  const others = facts.others.map((run) => headline(facts, run)).filter((sentence) => sentence !== first);
  lines.push(...paragraph(`${first}.`, width).map(style.strong));
  for (const sentence of others.slice(0, 4)) lines.push(...paragraph(`${sentence}.`, width));
  if (others.length > 4) lines.push(`${others.length - 4} more systems are in the table.`);
  return lines;
}

/** How long each run takes from start to end, where bars and tables are sums over several CPUs. */
function ends(facts: Facts, width: number): string[] {
  if (facts.runs.every(({ cpus }) => cpus === 1)) return [];
  const unit = timeUnit(Math.max(...facts.runs.map(({ elapsed }) => elapsed)));
  const alike = facts.runs.every(({ cpus }) => cpus === facts.baseline.cpus);
  const each = facts.runs.map(
    (run) =>
      `${run.name} ${time(run.elapsed, unit)}${alike ? '' : ` on ${run.cpus} ${plural(run.cpus, 'CPU')}`}`,
  );
  return [...paragraph(`From start to end: ${each.join(', ')}.`, width), ''];
}

/** How much chance moves each difference. */
function bands(facts: Facts, width: number): string[] {
  const lines = facts.others.flatMap((run) => {
    const band = pairedBand(facts.baseline.run, run.run);
    return band ? paragraph(`${run.name}, ${bandText(band)}.`, width) : [];
  });
  return lines.length > 0 ? [...lines, ''] : [];
}

/** How far differences rest on prices that were not measured. */
function ranges(facts: Facts, width: number): string[] {
  const lines = facts.others.slice(0, 4).map((run) => sensitivityLine(facts, run));
  const said = lines.filter((line) => line !== '').flatMap((line) => paragraph(line, width));
  return said.length > 0 ? [...said, ''] : [];
}

/** `1 instruction`, `2,000 instructions`. */
export const instructions = (number: number): string => `${count(number)} ${plural(number, 'instruction')}`;

/** What the warm-up was. */
export function warmupSentence({ warmup }: Comparison): string {
  if (warmup.instructions === 0) return 'No warm-up: caches and TLB start cold.';
  const asked =
    warmup.requested_instructions === warmup.instructions
      ? ''
      : ` (${count(warmup.requested_instructions)} asked for)`;
  return `Warm-up: the first ${warmup.instructions === 1 ? 'instruction' : instructions(warmup.instructions)}${asked} ${plural(warmup.instructions, 'fills', 'fill')} caches and TLB and ${plural(warmup.instructions, 'is', 'are')} not counted.`;
}

/** One stacked bar per system on a shared scale that starts at zero. */
function bars(
  facts: Facts,
  width: number,
  paint: Readonly<Record<Category, (text: string) => string>>,
): string[] {
  const unit = timeUnit(Math.max(...facts.runs.map((run) => run.total)));
  const figures = facts.runs.map((run) => {
    const share = percentOf(run.total, facts.baseline.total);
    return { time: time(run.total, unit), share: percent(share) };
  });
  const nameWidth = Math.min(
    Math.max(...facts.runs.map((run) => textWidth(run.name))),
    Math.max(10, Math.floor(width * 0.36)),
  );
  const timeWidth = Math.max(...figures.map((figure) => textWidth(figure.time)));
  const shareWidth = Math.max(...figures.map((figure) => textWidth(figure.share)));
  const room = Math.max(8, width - nameWidth - timeWidth - shareWidth - 6);
  const largest = Math.max(...facts.runs.map((run) => run.total));
  const names = shortenAll(
    facts.runs.map((run) => run.name),
    nameWidth,
  );
  const lines = facts.runs.map((run, i) => {
    const bar = barOf(run, largest, room);
    const painted = bar.map(({ category, cells }) => paint[category](PATTERNS[category].repeat(cells)));
    const blank = ' '.repeat(room - bar.reduce((sum, { cells }) => sum + cells, 0));
    const figure = figures[i]!;
    return (
      `${padEnd(cut(names[i]!, nameWidth), nameWidth)}  ${painted.join('')}${blank}  ` +
      `${padStart(figure.time, timeWidth)}  ${padStart(figure.share, shareWidth)}`
    );
  });
  const used = CATEGORIES.filter((category) => facts.runs.some((run) => run.category(category) !== 0));
  const legend = used.map((category) => `${paint[category](PATTERNS[category])} ${category}`).join('   ');
  const scale = largest > 0 ? `   one cell: ${time(largest / room)}` : '';
  return used.length === 0 ? lines : [...lines, '', `${legend}${scale}`];
}

/** Cells of each category: boundaries are rounded, so the bar's length is the rounded total. */
function barOf(run: RunFacts, largest: number, room: number) {
  let sum = 0;
  let at = 0;
  return CATEGORIES.map((category) => {
    sum += run.category(category);
    const end = largest === 0 ? 0 : Math.round((sum / largest) * room);
    const cells = Math.max(0, end - at);
    at = end;
    return { category, cells };
  });
}

/** Notes of the runs; what several systems share is said once. */
function notes(facts: Facts, width: number, style: TextStyle): string[] {
  const lines = noteLines(facts).flatMap(({ systems, note }) =>
    paragraph(`${note}${systems === null ? '' : ` [${systems.join(', ')}]`}`, width, '    ', '  - '),
  );
  return lines.length === 0 ? [] : [style.strong('Notes'), ...lines, ''];
}

/** Each note once, with the systems that it holds for (null: all). */
export function noteLines(facts: Facts): { readonly note: string; readonly systems: string[] | null }[] {
  const byNote = new Map<string, string[]>();
  for (const run of facts.runs)
    for (const note of new Set(run.run.notes))
      byNote.set(cleanText(note), [...(byNote.get(cleanText(note)) ?? []), run.name]);
  return [...byNote].map(([note, systems]) => ({
    note,
    systems: systems.length === facts.runs.length ? null : systems,
  }));
}
