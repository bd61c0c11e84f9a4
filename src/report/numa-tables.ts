import { MISS_CLASSES, SERVED, type Served } from '../model/numa.ts';
import { BLOCKING_KINDS } from '../model/pricing/queueing/traffic.ts';
import type { Facts } from './facts.ts';
import {
  CLASS_WORDS,
  classedRuns,
  contendedRuns,
  KIND_WORDS,
  mappedRuns,
  movesOf,
  numaRuns,
  policyRuns,
  SERVED_WORDS,
} from './numa.ts';
import { countCell, numberCell, shareCell } from './numa-cells.ts';
import { EMPTY_CELL, type Table, type TableCell, type TableColumn, type TableRow } from './table.ts';

/** The memory system as tables: what its charts are drawn from, with exact values. */

const COUNT_AND_SHARE: readonly TableColumn[] = [
  { head: 'misses', raw: 'misses' },
  { head: '%', raw: 'percent' },
];

/** Misses by what served them. */
export function servedTable(facts: Facts): Table {
  const runs = numaRuns(facts);
  return {
    caption: `L2 misses on ${facts.short} by what served them.`,
    corner: 'served by',
    groups: runs.map(({ facts: { name } }) => ({ name, columns: COUNT_AND_SHARE })),
    rows: [
      ...SERVED.map((kind): TableRow => {
        const { name, cause } = SERVED_WORDS[kind];
        const cells = runs.flatMap(({ numa, misses }) => [
          countCell(numa.served[kind]),
          shareCell(numa.served[kind], misses),
        ]);
        return { kind: 'part', label: name, path: name, cause, cells };
      }),
      {
        kind: 'sum',
        label: 'all L2 misses',
        path: 'all L2 misses',
        cells: runs.flatMap(({ misses }) => [countCell(misses), shareCell(misses, misses)]),
      },
    ],
  };
}

/** Misses by class. */
export function classTable(facts: Facts): Table {
  const runs = classedRuns(facts).map((run) => ({
    ...run,
    all: MISS_CLASSES.reduce((sum, name) => sum + run.numa.classes[name], 0),
  }));
  return {
    caption: `Misses on ${facts.short} by class.`,
    corner: 'class',
    groups: runs.map(({ facts: { name } }) => ({ name, columns: COUNT_AND_SHARE })),
    rows: [
      ...MISS_CLASSES.map((name): TableRow => {
        const cells = runs.flatMap(({ numa, all }) => [
          countCell(numa.classes[name]),
          shareCell(numa.classes[name], all),
        ]);
        return { kind: 'part', label: CLASS_WORDS[name], path: CLASS_WORDS[name], cells };
      }),
      {
        kind: 'sum',
        label: 'all',
        path: 'all',
        cells: runs.flatMap(({ all }) => [countCell(all), shareCell(all, all)]),
      },
    ],
  };
}

/** Nodes up to which a table holds every pair; beyond, the sums of rows and columns. */
export const PAIRS_NODES = 16;

/** Misses by node of the CPU and home node; on many nodes sums by node, as all pairs are in the JSON. */
export function matrixTable(facts: Facts): Table {
  const runs = mappedRuns(facts);
  const nodes = Math.max(...runs.map(({ numa }) => numa.matrix.length));
  const pairs = nodes <= PAIRS_NODES;
  const columns: TableColumn[] = pairs
    ? Array.from({ length: nodes }, (_, home) => ({ head: `${home}`, raw: `home ${home}` }))
    : [
        { head: 'misses', raw: 'misses' },
        { head: 'of these, home here', raw: 'home here' },
        { head: 'homed here, of all nodes', raw: 'homed' },
      ];
  const rows = runs.flatMap(({ facts: { name }, numa }): TableRow[] => [
    { kind: 'group', label: name, path: name, cells: [] },
    ...numa.matrix.map((row, node): TableRow => {
      const path = `${name}: node ${node}`;
      const own = row.reduce((sum, misses) => sum + misses, 0);
      const cells = pairs
        ? columns.map((_, home) => (home < row.length ? countCell(row[home]!) : EMPTY_CELL))
        : [countCell(own), countCell(row[node]!), countCell(numa.nodes[node]!.homed)];
      return { kind: 'part', label: `node ${node}`, path, cells };
    }),
  ]);
  return {
    caption: pairs
      ? `L2 misses on ${facts.short}: rows are the nodes that miss, columns the home nodes of the lines.`
      : `L2 misses on ${facts.short} by node; every pair of nodes is in the JSON file.`,
    corner: 'node',
    groups: [{ name: pairs ? 'home node' : '', columns }],
    rows,
  };
}

/** Stations of one system in a table at most. */
const STATIONS = 40;

/** Load of the stations that are ever busy, where there are many of the busiest. */
export function loadTable(facts: Facts): Table {
  const runs = contendedRuns(facts);
  const busy = ({ contention }: (typeof runs)[number]) =>
    contention.stations.filter((station) => station.utilisation > 0);
  const busiest = (run: (typeof runs)[number]) =>
    new Set([...busy(run)].sort((a, b) => b.utilisation - a.utilisation).slice(0, STATIONS));
  const most = Math.max(...runs.map((run) => busy(run).length));
  return {
    caption: `Share of the time in which controllers, memories and the network are busy on ${facts.short}, over the run and in the window where each is busiest. ${most > STATIONS ? `Of each system the ${STATIONS} busiest, the JSON file has all.` : 'What is never busy is left out.'}`,
    corner: 'station',
    groups: [
      {
        name: '',
        columns: [
          { head: 'busy, %', raw: 'utilisation percent' },
          { head: 'at its peak, %', raw: 'peak percent' },
          { head: 'window', raw: 'peak window' },
        ],
      },
    ],
    rows: runs.flatMap((run): TableRow[] => {
      const {
        facts: { name },
        contention,
      } = run;
      const shown = busiest(run);
      return [
        { kind: 'group', label: name, path: name, cells: [] },
        ...busy(run)
          .filter((station) => shown.has(station))
          .map(
            (station): TableRow => ({
              kind: 'part',
              label: station.name,
              path: `${name}: ${station.name}`,
              differs: station.name === contention.hottest,
              cells: [
                shareCell(station.utilisation, 1),
                shareCell(station.peak, 1),
                station.peak_window === null ? EMPTY_CELL : countCell(station.peak_window),
              ],
            }),
          ),
      ];
    }),
  };
}

/** Mean times of misses by kind: the minimum, and what queueing adds. */
export function latencyTable(facts: Facts): Table {
  const runs = contendedRuns(facts);
  const used = BLOCKING_KINDS.filter((kind) =>
    runs.some(({ contention }) => contention.kinds.some((one) => one.kind === kind)),
  );
  return {
    caption: `Mean time of one miss on ${facts.short} in ns: the minimum on an idle machine, and the queueing that comes to it.`,
    corner: 'kind of miss',
    groups: runs.map(({ facts: { name } }) => ({
      name,
      columns: [
        { head: 'count', raw: 'count' },
        { head: 'minimum', raw: 'minimum ns' },
        { head: 'queueing', raw: 'queueing ns' },
      ],
    })),
    rows: used.map((kind): TableRow => {
      const { name, cause } = KIND_WORDS[kind];
      const cells = runs.flatMap(({ contention }) => {
        const delay = contention.kinds.find((one) => one.kind === kind);
        if (delay === undefined) return [countCell(0), EMPTY_CELL, EMPTY_CELL];
        return [countCell(delay.misses), numberCell(delay.minimum_ns), numberCell(delay.queueing_ns)];
      });
      return { kind: 'part', label: name, path: name, cause, cells };
    }),
  };
}

/** What served a miss, for a narrow column. */
const BY_WORDS: Readonly<Record<Served, string>> = {
  local: 'by local memory',
  remote: 'by remote memory',
  dirty: 'by a dirty remote cache',
  neighbour: 'by a neighbour cache',
};

/** The memory system in a few rows, for the terminal. */
export function memoryTable(facts: Facts): Table | null {
  const runs = numaRuns(facts).filter(({ misses }) => misses > 0);
  if (runs.length === 0) return null;
  const row = (label: string, cell: (run: (typeof runs)[number]) => TableCell): TableRow => ({
    kind: 'part',
    label,
    path: label,
    cells: runs.map(cell),
  });
  const moving = policyRuns(facts).length > 0;
  const queueing = runs.some(({ facts: run }) => (run.run.contention?.queueing_ps ?? 0) > 0);
  const rows = [
    row('L2 misses', ({ misses }) => countCell(misses)),
    ...SERVED.filter((kind) => runs.some(({ numa }) => numa.served[kind] > 0)).map((kind) =>
      row(`${BY_WORDS[kind]}, %`, (run) => shareCell(run.numa.served[kind], run.misses)),
    ),
    ...(queueing
      ? [
          row('longer by queueing, %', ({ facts: { run } }) =>
            run.contention === null
              ? EMPTY_CELL
              : shareCell(run.contention.queueing_ps, run.contention.minimum_ps),
          ),
        ]
      : []),
    ...(moving
      ? [
          row('page moves a second', ({ facts: run }) => numberCell(movesOf(run).per_second)),
          row('µs per page move', ({ facts: run }) =>
            movesOf(run).count === 0 ? EMPTY_CELL : numberCell(movesOf(run).us_each),
          ),
        ]
      : []),
  ];
  return {
    caption: `The memory system on ${facts.short}.`,
    corner: 'memory system',
    groups: runs.map(({ facts: { name } }) => ({ name, columns: [{ head: '', raw: '' }] })),
    rows,
  };
}
