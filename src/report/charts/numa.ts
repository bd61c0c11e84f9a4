import { MISS_CLASSES, SERVED } from '../../model/numa.ts';
import type { StationLoad } from '../../model/pricing/contention.ts';
import { BLOCKING_KINDS } from '../../model/pricing/queueing/traffic.ts';
import type { Facts } from '../facts.ts';
import {
  CLASS_WORDS,
  type ContendedRun,
  classedRuns,
  classFinding,
  contendedRuns,
  figure,
  hottest,
  KIND_WORDS,
  loadFinding,
  mappedRuns,
  matrixFinding,
  matrixSums,
  movesFinding,
  type NumaRun,
  numaRuns,
  policyRuns,
  queueingFinding,
  SERVED_WORDS,
  servedFinding,
} from '../numa.ts';
import { count, percent, percentFigure, percentOf } from '../numbers.ts';
import { shortenAll } from '../words.ts';
import { type BarGroup, barsChart } from './bars.ts';
import type { Chart } from './chart.ts';
import { HEAT_STEPS, type HeatMap, heatChart } from './heat.ts';

/** Charts of the memory system of several CPUs or nodes. */

/** What serves the misses? One stacked bar per system, in the colours of the stalls. */
export function servedChart(facts: Facts): Chart {
  const bars = numaRuns(facts).map(({ facts: { name }, numa, misses }) => ({
    name,
    pieces: SERVED.map((kind) => ({
      cause: SERVED_WORDS[kind].cause,
      size: numa.served[kind],
      title: `${name}: ${SERVED_WORDS[kind].name}, ${count(numa.served[kind])} misses, ${percent(percentOf(numa.served[kind], misses))}`,
      labels: [`${SERVED_WORDS[kind].short} ${percent(percentOf(numa.served[kind], misses))}`],
    })),
    figures: [count(misses), percentFigure(percentOf(numa.served.local, misses))] as const,
  }));
  const text = {
    title: servedFinding(facts),
    axis: 'L2 misses (fewer are better)',
    heads: ['misses', '% local'],
  } as const;
  return barsChart(text, [{ label: '', bars }]);
}

/** Why did the accesses miss? In each class one bar per system. */
export function classChart(facts: Facts): Chart {
  const runs = classedRuns(facts);
  const groups = MISS_CLASSES.filter((name) => runs.some(({ numa }) => numa.classes[name] > 0)).map(
    (name): BarGroup => ({
      label: `${CLASS_WORDS[name]} misses`,
      bars: runs.map(({ facts: run, numa, misses }) => ({
        name: run.name,
        pieces: [
          {
            cause: null,
            size: numa.classes[name],
            title: `${run.name}: ${CLASS_WORDS[name]}, ${count(numa.classes[name])} misses`,
          },
        ],
        figures: [count(numa.classes[name]), percentFigure(percentOf(numa.classes[name], misses))],
      })),
    }),
  );
  return barsChart(
    { title: classFinding(facts), axis: 'misses (fewer are better)', heads: ['misses', '% of misses'] },
    groups,
  );
}

/** Systems with a map of their own; the table has all. */
export const MAPS = 6;
const TITLED_NODES = 16;

/** The end of a scale whose steps are whole percents. */
const roundScale = (largest: number): number =>
  Math.max(1, Math.ceil((largest * 100) / HEAT_STEPS)) * (HEAT_STEPS / 100);

/** Between which nodes do misses go? One map per system. */
export function matrixChart(facts: Facts): Chart {
  const runs = mappedRuns(facts).slice(0, MAPS);
  const largest = Math.max(...runs.map((run) => Math.max(...run.numa.matrix.flat()) / matrixSums(run).all));
  const names = shortenAll(
    runs.map(({ facts: { name } }) => name),
    44,
  );
  let top = 38;
  let tallest = 0;
  const maps = runs.map((run, i): HeatMap => {
    if (i > 0 && i % 2 === 0) {
      top += tallest + 56;
      tallest = 0;
    }
    const map = matrixMap(run, names[i]!, largest, 38 + (i % 2) * 385, top);
    tallest = Math.max(tallest, map.rows * map.cell.height);
    return map;
  });
  return heatChart(matrixFinding(facts), maps, {
    bound: (share) => figure(share * largest * 100),
    key: '% of the system’s misses, up to; each step doubles',
    frame: 'framed: the home is the node that misses',
    doubling: true,
  });
}

function matrixMap(run: NumaRun, name: string, largest: number, left: number, top: number): HeatMap {
  const { matrix } = run.numa;
  const { all } = matrixSums(run);
  const nodes = matrix.length;
  const width = Math.min(41, Math.floor(336 / nodes));
  const labels = matrix.map((_, node) => `${node}`);
  return {
    name,
    columns: nodes,
    rows: nodes,
    left,
    top,
    cell: { width, height: Math.min(width, 26) },
    cells: matrix.flatMap((row, node) =>
      row.map((misses, home) => ({
        share: misses / all / largest,
        column: home,
        row: node,
        text: percentFigure((100 * misses) / all),
        title:
          nodes <= TITLED_NODES
            ? `${name}: node ${node} to home ${home}, ${count(misses)} misses, ${percent((100 * misses) / all)}`
            : null,
        framed: node === home && width >= 9,
      })),
    ),
    columnLabels: labels,
    rowLabels: labels,
    corner: 'home',
  };
}

/** What became of hot pages? In each fate one bar per system with a policy. */
export function fatesChart(facts: Facts): Chart {
  const runs = policyRuns(facts);
  const fatesOf = (run: (typeof runs)[number]) => run.run.tally.pages!.fates;
  const known = ['left', 'migrated', 'replicated', 'migrated and replicated'];
  const used = new Set(runs.flatMap((run) => Object.keys(fatesOf(run))));
  const fates = [
    ...known.filter((fate) => used.has(fate)),
    ...[...used].filter((fate) => !known.includes(fate)).sort(),
  ];
  const groups = fates.map(
    (fate): BarGroup => ({
      label: fate === 'left' ? 'left where they were' : fate,
      bars: runs.map((run) => {
        const pages = fatesOf(run)[fate] ?? 0;
        const hot = Object.values(fatesOf(run)).reduce((a, b) => a + b, 0);
        return {
          name: run.name,
          pieces: [{ cause: null, size: pages, title: `${run.name}: ${fate}, ${count(pages)} pages` }],
          figures: [count(pages), percentFigure(percentOf(pages, hot))] as const,
        };
      }),
    }),
  );
  return barsChart({ title: movesFinding(facts), axis: 'pages', heads: ['pages', '% of hot'] }, groups);
}

/** How long does a miss take, and how much of it is queueing? In each kind one bar per system. */
export function latencyChart(facts: Facts): Chart {
  const runs = contendedRuns(facts);
  const kinds = BLOCKING_KINDS.filter((kind) =>
    runs.some(({ contention }) => contention.kinds.some((one) => one.kind === kind)),
  );
  const groups = kinds.map(
    (kind): BarGroup => ({
      label: KIND_WORDS[kind].name,
      bars: runs.map(({ facts: { name }, contention }) => {
        const delay = contention.kinds.find((one) => one.kind === kind);
        const [minimum, queueing] = [delay?.minimum_ns ?? 0, delay?.queueing_ns ?? 0];
        const title = `${name}: ${KIND_WORDS[kind].name}`;
        return {
          name,
          pieces: [
            {
              cause: KIND_WORDS[kind].cause,
              size: minimum,
              title: `${title}, ${figure(minimum)} ns at least`,
              labels: ['minimum'],
            },
            {
              cause: 'queueing',
              size: queueing,
              title: `${title}, ${figure(queueing)} ns of queueing`,
              labels: ['queueing'],
            },
          ],
          figures: delay ? [figure(minimum), figure(queueing)] : ['–', '–'],
        };
      }),
    }),
  );
  const text = {
    title: queueingFinding(facts),
    axis: 'mean time of one miss, ns (less is better)',
    heads: ['minimum', 'queueing'],
  } as const;
  return barsChart(text, groups);
}

/** Row of a station in the map of loads: `memory`, `input port`, `links out`. */
const stationRow = ({ kind, name }: StationLoad): string =>
  kind === 'link' ? 'links out' : name.replace(/ of node \d+$/, '');

/** Which places are busy? One map per system: kinds of station by node. */
export function loadChart(facts: Facts): Chart {
  const runs = contendedRuns(facts).slice(0, MAPS);
  const names = shortenAll(
    runs.map(({ facts: { name } }) => name),
    60,
  );
  const top = hottest(facts);
  let at = 38;
  const busy = contendedRuns(facts).flatMap(({ contention }) =>
    contention.stations.map((one) => one.utilisation),
  );
  // Nothing is busy for longer than always.
  const largest = Math.min(1, roundScale(Math.max(...busy)));
  const maps = runs.map((run, i): HeatMap => {
    const map = loadMap(run, names[i]!, at, largest, top?.run === run.facts ? top.station : null);
    at += map.rows * map.cell.height + 50;
    return map;
  });
  return heatChart(loadFinding(facts), maps, {
    bound: (share) => percentFigure(share * largest * 100),
    key: '% of the time busy, up to',
    frame: 'framed: the busiest',
    doubling: false,
  });
}

function loadMap(
  { contention }: ContendedRun,
  name: string,
  top: number,
  largest: number,
  hot: StationLoad | null,
): HeatMap {
  const kinds = [...new Set(contention.stations.map(stationRow))];
  const nodes = 1 + Math.max(0, ...contention.stations.map(({ node }) => node ?? 0));
  // Of several links that start at a node the busiest stands for all.
  const busiest = new Map<string, StationLoad>();
  for (const station of contention.stations) {
    const key = `${kinds.indexOf(stationRow(station))} ${station.node ?? 0}`;
    const known = busiest.get(key);
    if (known === undefined || station.utilisation > known.utilisation) busiest.set(key, station);
  }
  const width = Math.min(48, Math.floor(660 / nodes));
  return {
    name,
    columns: nodes,
    rows: kinds.length,
    left: 92,
    top,
    cell: { width, height: 19 },
    cells: [...busiest].map(([key, station]) => {
      const [row, column] = key.split(' ').map(Number) as [number, number];
      return {
        share: station.utilisation / largest,
        column,
        row,
        text: percentFigure(station.utilisation * 100),
        title:
          nodes <= TITLED_NODES
            ? `${name}: ${station.name}, ${percent(station.utilisation * 100)} busy, ${percent(station.peak * 100)} at its peak`
            : null,
        framed: station === hot,
      };
    }),
    columnLabels: Array.from({ length: nodes }, (_, node) => `${node}`),
    rowLabels: kinds,
    corner: 'node',
  };
}
