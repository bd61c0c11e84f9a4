import { CATEGORIES } from '../../model/pricing/breakdown.ts';
import type { Analysis, Sensitivity } from '../../sweep/analysis.ts';
import type { Band } from '../../sweep/uncertainty.ts';
import { capital } from '../html/escape.ts';
import { timeFigure, timeUnit } from '../numbers.ts';
import { padEnd, padStart, textWidth } from '../text-layout.ts';
import { cleanText, plural } from '../words.ts';
import {
  breakEvenFinding,
  breakEvenGroups,
  breakEvenHow,
  breakEvenPlace,
  changeFigure,
  claimSentence,
  digitsApart,
  fixedText,
  inertInputs,
  samplesText,
} from './words.ts';

/** Break-even and sensitivity for a terminal. */

/** Inputs of a tornado that are listed. */
const MOST_INPUTS = 12;

export function analysisText(analysis: Analysis, traces: number): string {
  const lines = [...breakEvenLines(analysis, traces)];
  for (const one of analysis.sensitivity) lines.push(...sensitivityLines(one, traces));
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function breakEvenLines({ breakEven }: Analysis, traces: number): string[] {
  if (breakEven.length === 0) return [];
  const lines = breakEvenGroups(breakEven).map(({ first, count }) => {
    const how = breakEvenHow(first);
    if (count > 1)
      return `  ${capital(breakEvenFinding(first))}, in ${count} combinations of the rest (${how} in each).`;
    const place = breakEvenPlace(first, traces);
    const finding = breakEvenFinding(first);
    return `  ${place === '' ? capital(finding) : `${place}: ${finding}`} (${how}).`;
  });
  return ['Break-even', ...lines, ''];
}

function sensitivityLines(given: Sensitivity, traces: number): string[] {
  const { trace, tornado, monteCarlo } = given;
  const fixed = fixedText(given);
  const [base, ...others] = monteCarlo.systems;
  const lines = [
    `Sensitivity${traces > 1 ? ` on ${cleanText(trace)}` : ''}`,
    `  ${samplesText(monteCarlo)}`,
    ...(fixed === '' ? [] : [`  ${fixed}`]),
    ...others.map((bands) => `  ${claimSentence(bands, base!.name)}`),
    '',
    ...bandLines(monteCarlo.systems),
    '',
  ];
  for (const [i, system] of tornado.entries()) {
    const shown = tornado.length === 1 ? system.total : system.ratio;
    if (shown === null || shown.effects.length === 0 || (i === 0 && tornado.length > 1)) continue;
    const percentOf = (value: number): number => 100 * (i === 0 ? value / shown.now - 1 : value - 1);
    const listed = shown.effects.slice(0, MOST_INPUTS);
    const digits = digitsApart(listed.map(({ low, high }) => [percentOf(low), percentOf(high)]));
    const figure = (value: number): string => changeFigure(percentOf(value), digits);
    const now = i === 0 ? 'its total now' : `the total of ${cleanText(base!.name)}, now ${figure(shown.now)}`;
    lines.push(
      `  What moves ${cleanText(system.name)} most, in percent of ${now}`,
      ...(system.structure === undefined
        ? grid(
            ['price', 'at low', 'at high'],
            listed.map(({ path, low, high }) => [path, figure(low), figure(high)]),
          )
        : grid(
            ['input', 'kind', 'at low', 'at high'],
            listed.map(({ path, kind, low, high }) => [path, kind ?? 'price', figure(low), figure(high)]),
            2,
          )),
    );
    const more = shown.effects.length - MOST_INPUTS;
    const what = system.structure === undefined ? 'price' : 'input';
    if (more > 0) lines.push(`  and ${more} more ${plural(more, what)}, each of which moves it less`);
    const inert = inertInputs(system);
    if (inert !== '') lines.push(`  ${inert}`);
    lines.push('');
  }
  return lines;
}

/** Nine tenths of the samples of every bar: systems, and their categories. */
function bandLines(systems: Sensitivity['monteCarlo']['systems']): string[] {
  const unit = timeUnit(Math.max(...systems.map(({ total }) => total.p95)));
  const row = (name: string, { p5, p50, p95 }: Band): string[] => [
    name,
    ...[p5, p50, p95].map((ps) => timeFigure(ps, unit)),
  ];
  const rows = systems.flatMap(({ name, total, categories }) => [
    row(cleanText(name), total),
    ...CATEGORIES.filter((category) => categories[category].p95 > 0).map((category) =>
      row(`  ${category}`, categories[category]),
    ),
  ]);
  return grid([`time, ${unit.name}`, '5 %', '50 %', '95 %'], rows);
}

/** Columns side by side; so many of them are words, and begin at the left. */
function grid(head: readonly string[], rows: readonly (readonly string[])[], words = 1): string[] {
  const widths = head.map((name, at) => Math.max(textWidth(name), ...rows.map((row) => textWidth(row[at]!))));
  return [head, ...rows].map((row) =>
    `  ${row.map((text, at) => (at < words ? padEnd(text, widths[at]!) : padStart(text, widths[at]!))).join('  ')}`.trimEnd(),
  );
}
