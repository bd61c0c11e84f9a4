import type { Sensitivity } from '../../sweep/analysis.ts';
import { capital, slug } from '../html/escape.ts';
import type { FigureContent } from '../html/figure.ts';
import { percent, signed } from '../numbers.ts';
import { cleanText } from '../words.ts';
import { bandsChart, STRUCTURE_MARK, TORNADO_BARS, tornadoChart } from './bands.ts';
import { extremes, headline, inertText, linesFinding, rangeText } from './finding.ts';
import { heatChart, lineOf } from './heat.ts';
import { linesChart, showsOwn } from './lines.ts';
import { chosenCells, heatMaps, linePanels, titlesOf } from './panels.ts';
import { type Candidate, outputWords, paretoChart, paretoFront } from './pareto.ts';
import { bandsTable, linesTable, paretoTable, tornadoTable } from './tables.ts';
import { against, comparedSystems, largestOf, type SweepView, thinned } from './view.ts';
import { changeFigure, claimSentence, digitsApart, fixedText, inertInputs, samplesText } from './words.ts';

/** The charts of one trace of a sweep, each with its question, finding, words and table. */
export function figuresOf(view: SweepView, trace: number, id: string): FigureContent[] {
  return [
    linesFigure(view, trace, id),
    ...heatFigure(view, trace, id),
    ...paretoFigure(view, trace, id),
    ...view.analysis.sensitivity
      .filter((one) => one.trace === view.layout.traces[trace]!.name)
      .flatMap((one) => sensitivityFigures(one, id)),
  ];
}

const sentences = (...all: readonly string[]): string => all.filter((text) => text !== '').join(' ');

function linesFigure(view: SweepView, trace: number, id: string): FigureContent {
  const drawn = linePanels(view, trace);
  const { items, left } = drawn;
  const base = against(view, trace);
  const across = items.length === 1 ? 1 : items.length <= 4 ? 2 : 3;
  const finding = capital(items.length === 1 ? headline(view, trace) : linesFinding(view, trace, drawn));
  const joined = items.every((panel) => panel.joined);
  return {
    id: `${id}-lines`,
    file: 'vmtax-sweep-lines',
    question: 'What does each value cost?',
    finding,
    how: sentences(
      `Total time of all CPUs against ${base} in the same cell: on the strong line both cost the same, below it a system costs less, above it more.`,
      joined ? '' : 'Each dot is a cell; in dots above each other something else differs.',
      items.length > 1 ? 'All panels have one scale.' : '',
      items.some(({ axis }) => showsOwn(axis)) ? 'A blue upright is what the systems have themselves.' : '',
      items.some(({ crossings }) => crossings.length > 0) ? 'A ring on the strong line is a break-even.' : '',
      left,
      inertText(view, trace),
    ),
    chart: () => linesChart(finding, items, { against: base, across }),
    table: () => linesTable(items),
  };
}

function heatFigure(view: SweepView, trace: number, id: string): FigureContent[] {
  const { items, left } = heatMaps(view, trace);
  const [first] = items;
  if (first === undefined) return [];
  const base = against(view, trace);
  const drawn = left === '' ? '' : ' that are drawn';
  const line = {
    'through cells': ' On the strong line both cost the same; it runs straight between the middles of cells.',
    'between cells':
      ' The strong line parts cells in which a system costs less from those in which it does not.',
    none: '',
  }[lineOf(items) ?? 'none'];
  const shares = items.map(({ name, rows, columns, change }, i) => {
    const finite = rows.flatMap((_, r) => columns.map((_, c) => change(c, r))).filter(Number.isFinite);
    const less = finite.filter((value) => value < 0).length;
    const share =
      less === 0 ? 'none' : less === finite.length ? 'all' : percent((100 * less) / finite.length);
    return `${name}${i === 0 ? ` costs less than ${base}` : ''} in ${share}`;
  });
  const places = first.rows.flatMap((_, r) => first.columns.map((_, c) => [c, r] as const));
  const known = places.filter(([c, r]) => items.some(({ change }) => Number.isFinite(change(c, r)))).length;
  const lost = places.length - known;
  const none = lost === 0 ? '' : ` (${lost} more ${lost === 1 ? 'has' : 'have'} no result)`;
  const finding = `Of ${known} combinations${drawn}${none}, ${shares.join(', ')}`;
  return [
    {
      id: `${id}-heat`,
      file: 'vmtax-sweep-map',
      question: 'How do two of them act together?',
      finding,
      how: sentences(
        `Each cell is a combination, its colour (and its figure, where there is room) the total time against ${base}, in percent. ${line}`,
        left,
      ),
      chart: () => heatChart(finding, items, base),
      table: () =>
        linesTable(
          items.flatMap(({ name, across, down, columns, rows, change }) =>
            rows.map((row, r) => ({
              name: `${cleanText(down.path)} ${down.labels[row]}`,
              heads: [],
              axis: { ...across, order: columns },
              lines: [
                { system: 1, name, points: columns.map((index, c) => ({ index, change: change(c, r) })) },
              ],
              joined: true,
              dots: false,
              crossings: [],
            })),
          ),
        ),
    },
  ];
}

/** Dots of a Pareto chart besides the front. */
const MOST_DOTS = 300;

function paretoFigure(view: SweepView, trace: number, id: string): FigureContent[] {
  if (view.pareto === null) return [];
  const { keys, values } = view.pareto;
  const { systems } = view.layout.traces[trace]!;
  const all = systems
    .flatMap((_, system) =>
      Array.from(
        values[0][trace]![system]!,
        (a, cell): Candidate => ({ system, cell, a, b: values[1][trace]![system]![cell]! }),
      ),
    )
    .filter(({ a, b }) => Number.isFinite(a) && Number.isFinite(b));
  const front = paretoFront(all);
  if (front.length === 0) return [];
  const points = thinned(all, MOST_DOTS);
  const chosen = chosenCells(view, trace).slice(0, 1);
  const owners = [...new Set(front.map(({ system }) => cleanText(systems[system]!.name)))];
  const [a, b] = keys.map((key, i) => {
    const { name } = outputWords(key, largestOf(front.map((one) => (i === 0 ? one.a : one.b))));
    return name;
  });
  const one = front.length === 1;
  const titleOf = titlesOf(
    view,
    trace,
    systems.map((_, system) => values.map((of) => of[trace]![system]!)),
  );
  const finding = one
    ? `One configuration is best in both: ${titleOf(front[0]!.system, front[0]!.cell)}`
    : `${front.length} of ${all.length.toLocaleString('en')} configurations are beaten by no other, all of ${owners.join(' and ')}`;
  return [
    {
      id: `${id}-pareto`,
      file: 'vmtax-sweep-pareto',
      question: `Which configurations are worth having, by ${keys.join(' and ')}?`,
      finding,
      how: sentences(
        `Each dot is a system in a cell: ${a} to the right, ${b} upwards, less is better in both.${one ? '' : ' The line joins those that no other equals or beats in both.'}`,
        points.length < all.length
          ? `${points.length} of ${all.length.toLocaleString('en')} dots are drawn; the front is that of all.`
          : '',
      ),
      chart: () =>
        paretoChart(finding, {
          keys,
          points,
          front: thinned(front, MOST_DOTS),
          names: systems.map(({ name }) => name),
          titleOf: ({ system, cell }) => titleOf(system, cell),
          chosen: all.filter(({ cell }) => chosen.includes(cell)),
        }),
      table: () => paretoTable(keys, front, ({ system, cell }) => titleOf(system, cell)),
    },
  ];
}

/** Tornados of a page: the systems that come first. */
const MOST_TORNADOS = 3;

/** A ratio as a change: `+3.1 %`. */
const moved = (ratio: number): string => signed(ratio - 1, percent(100 * (ratio - 1)));

function sensitivityFigures(given: Sensitivity, id: string): FigureContent[] {
  const { tornado, monteCarlo } = given;
  const { systems, samples, structure = [] } = monteCarlo;
  const [base, ...others] = systems;
  const baseline = cleanText(base!.name);
  const claims = others.map((bands) => claimSentence(bands, base!.name));
  const [first] = others;
  const finding =
    first === undefined
      ? `Nine tenths of the samples of ${baseline} lie from ${moved(base!.total.p5 / base!.total.p50)} to ${moved(base!.total.p95 / base!.total.p50)} about the middle one`
      : `Over ${samples.toLocaleString('en')} samples of the ${structure.length > 0 ? 'inputs' : 'prices'}, ${claims[0]!.replace(/\.$/, '').replace(/^No /, 'no ')}`;
  const bands: FigureContent = {
    id: `${id}-bands`,
    file: 'vmtax-sweep-bands',
    question: `How sure is the difference, while ${structure.length > 0 ? 'inputs' : 'prices'} are not?`,
    finding,
    how: sentences(
      samplesText(monteCarlo),
      fixedText(given),
      'Bars end at the middle sample; nine tenths of the samples lie within the brackets.',
      'That brackets of two systems overlap says nothing, because most of what moves one moves the other: what counts is the band of the difference in the same sample.',
      ...claims.slice(1),
    ),
    chart: () => bandsChart(finding, systems),
    table: () => bandsTable(systems),
  };
  const tornados = tornado.slice(1, 1 + MOST_TORNADOS).flatMap((one): FigureContent[] => {
    const { name, ratio } = one;
    const pricesOnly = one.structure === undefined;
    const [top] = ratio?.effects ?? [];
    if (ratio === null || top === undefined) return [];
    const ends = [100 * (top.low - 1), 100 * (top.high - 1)].sort((a, b) => a - b) as [number, number];
    const [least, most] = ends.map((value) => changeFigure(value, digitsApart([ends])));
    const said = `What ${cleanText(name)} rests on most is ${top.path}: ${least} % to ${most} % against ${baseline}`;
    return [
      {
        id: `${id}-tornado-${slug(name)}`,
        file: `vmtax-sweep-tornado-${slug(name)}`,
        question: `Which ${pricesOnly ? 'prices' : 'inputs'} does ${cleanText(name)} rest on?`,
        finding: said,
        how: sentences(
          `Each ${pricesOnly ? 'price' : 'input'} is moved by itself, in all systems, to the low (grey) and the high end (blue) of its range.`,
          `The table has all ${pricesOnly ? 'prices ' : ''}that move anything.`,
          ratio.effects.slice(0, TORNADO_BARS).some(({ kind }) => kind === 'structure')
            ? `${STRUCTURE_MARK} is structure, replayed at both ends; the others are prices.`
            : '',
          inertInputs(one),
        ),
        chart: () => tornadoChart(said, ratio, baseline),
        table: () => tornadoTable(ratio, pricesOnly),
      },
    ];
  });
  return [bands, ...tornados];
}

/** What the systems of a trace take, one sentence each. */
export const rangesOf = (view: SweepView, trace: number): string[] =>
  comparedSystems(view, trace).map((system) => `${rangeText(view, trace, system)}.`);

/** Whether anything of a trace can be drawn. */
export const isDrawable = (view: SweepView, trace: number): boolean =>
  comparedSystems(view, trace).some((system) => extremes(view, trace, system) !== null);
