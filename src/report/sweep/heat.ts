import { type Chart, chart, type Layer, WIDTH } from '../charts/chart.ts';
import { MINUS, percentFigure, signed } from '../numbers.ts';
import { cleanText, shorten } from '../words.ts';
import { type Box, boxLayer, type Spot, type Stroke, strokeLayer, wordLayer } from './marks.ts';
import type { DrawnAxis } from './view.ts';

/**
 * Changes over two axes: cells in two hues from the baseline’s cost outwards, and the line along which both cost the
 * same (marching squares between the middles of cells, straight in between).
 */

export interface Heat {
  readonly name: string;
  readonly across: DrawnAxis;
  readonly down: DrawnAxis;
  /** Indexes on the axes that are drawn, in order. */
  readonly columns: readonly number[];
  readonly rows: readonly number[];
  /** Percent by column and row (positions in `columns` and `rows`); NaN: no result. */
  readonly change: (column: number, row: number) => number;
}

/** Opacities: text in ink reads on all of them. */
const STEPS = [0.08, 0.2, 0.32, 0.44, 0.56] as const;
const MORE = 'var(--c-ld)';
const LESS = 'var(--c-ex)';
/** Percent that the darkest colour stands for at least: a map of next to nothing is pale. */
const LEAST = 5;
/** A grid in which only what is drawn counts, not where. */
const UNIT = { left: 0, top: 0, width: 1, height: 1 } as const;
const TOP = 40;
const LEFT = 92;

export function heatChart(title: string, maps: readonly Heat[], against: string): Chart {
  const across = maps.length === 1 ? 1 : 2;
  const found = Math.max(
    0,
    ...maps.flatMap(({ columns, rows, change }) =>
      columns.flatMap((_, c) =>
        rows.map((_, r) => (Number.isFinite(change(c, r)) ? Math.abs(change(c, r)) : 0)),
      ),
    ),
  );
  const largest = Math.max(LEAST, found);
  const layers: Layer[] = [];
  let [top, tallest] = [0, 0];
  for (const [i, map] of maps.entries()) {
    if (i > 0 && i % across === 0) [top, tallest] = [top + tallest, 0];
    const left = (i % across) * (WIDTH / across) + LEFT;
    const { width, height } = cellSize(map, across);
    layers.push(...mapLayers(map, { left, top: top + TOP, width, height }, largest));
    tallest = Math.max(tallest, TOP + map.rows.length * height + 44);
  }
  const bottom = top + tallest;
  const key = keyLayers(bottom + 6, largest, {
    against,
    marks: [marksOf(maps), found < LEAST ? `darkest: ${LEAST} % and more, which no cell has` : '']
      .filter((text) => text !== '')
      .join('; '),
  });
  return chart(title, bottom + 44, [...layers, ...key], false);
}

/** Pixels of a cell of a map, with so many maps beside each other. */
function cellSize(map: Heat, across: number): Pick<Grid, 'width' | 'height'> {
  const room = WIDTH / across - LEFT - (across === 1 ? 150 : 16);
  return {
    width: Math.min(64, room / map.columns.length),
    height: Math.min(30, Math.max(7, 300 / map.rows.length)),
  };
}

/** Whether cells have room for their figures. */
const hasFigures = ({ width, height }: Pick<Grid, 'width' | 'height'>): boolean =>
  width >= 36 && height >= 14;

/** How the line of no change is drawn: between the cells where these have figures, which nothing may cross. */
export function lineOf(maps: readonly Heat[]): 'between cells' | 'through cells' | null {
  if (!maps.some((map) => contour(map, UNIT).length + borders(map, UNIT).length > 0)) return null;
  return maps.some((map) => hasFigures(cellSize(map, maps.length === 1 ? 1 : 2)))
    ? 'between cells'
    : 'through cells';
}

/** What is drawn over the cells of some map, in words; empty: nothing is. */
export function marksOf(maps: readonly Heat[]): string {
  const line = lineOf(maps);
  const chosen = maps.some((map) => chosenPlace(map) !== null);
  return [
    line === null ? '' : line === 'between cells' ? 'line: less on one side' : 'line: both cost the same',
    chosen ? 'frame: as it is' : '',
  ]
    .filter((text) => text !== '')
    .join('; ');
}

interface Grid {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const figure = (change: number): string => signed(change, percentFigure(change));

function mapLayers(map: Heat, grid: Grid, largest: number): Layer[] {
  const { name, across, down, columns, rows, change } = map;
  const { left, top, width, height } = grid;
  const boxes = new Map<string, Box[]>();
  const texts: (Spot & { readonly text: string })[] = [];
  const said = columns.length * rows.length <= 800;
  for (const [r, row] of rows.entries())
    for (const [c, column] of columns.entries()) {
      const value = change(c, r);
      if (!Number.isFinite(value)) continue;
      const step = Math.min(STEPS.length - 1, Math.floor((Math.abs(value) / largest) * STEPS.length));
      const key = `${value < 0 ? LESS : MORE} ${STEPS[step]}`;
      const x = left + c * width;
      const y = top + r * height;
      const words = `${cleanText(across.path)} ${across.labels[column]}, ${cleanText(down.path)} ${down.labels[row]}: ${figure(value)} %`;
      const box = { x, x2: x + width, y, y2: y + height, ...(said ? { title: words } : {}) };
      boxes.set(key, [...(boxes.get(key) ?? []), box]);
      if (hasFigures(grid)) texts.push({ x: x + width / 2, y: y + height / 2 + 3.5, text: figure(value) });
    }
  const layers: Layer[] = [
    ...wordLayer([{ x: left, y: top - 24, text: shorten(name, 60) }], {
      align: 'left',
      size: 12,
      fill: 'var(--ink)',
      strong: true,
    }),
  ];
  for (const [key, list] of [...boxes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [fill, opacity] = key.split(' ') as [string, string];
    const look = width >= 9 && height >= 9 ? { stroke: 'var(--background)', width: 1 } : {};
    layers.push(...boxLayer(list, { fill, opacity: Number(opacity), ...look }));
  }
  layers.push(
    ...wordLayer(texts, { align: 'center', size: 10.5, fill: 'var(--ink)' }),
    ...labelLayers(map, grid),
    ...strokeLayer(hasFigures(grid) ? borders(map, grid) : contour(map, grid), 'var(--ink)', 2.5),
    ...chosenLayer(map, grid),
  );
  return layers;
}

function labelLayers({ across, down, columns, rows }: Heat, { left, top, width, height }: Grid): Layer[] {
  const everyColumn = Math.ceil(36 / width);
  const everyRow = Math.ceil(13 / height);
  const bottom = top + rows.length * height;
  return [
    ...wordLayer(
      columns.flatMap((index, c) =>
        c % everyColumn === 0
          ? [{ x: left + (c + 0.5) * width, y: bottom + 14, text: shorten(across.labels[index]!, 10) }]
          : [],
      ),
      { align: 'center', size: 10.5 },
    ),
    ...wordLayer(
      rows.flatMap((index, r) =>
        r % everyRow === 0
          ? [{ x: left - 6, y: top + (r + 0.5) * height + 3.5, text: shorten(down.labels[index]!, 13) }]
          : [],
      ),
      { align: 'right', size: 10.5 },
    ),
    ...wordLayer([{ x: left, y: bottom + 29, text: `→ ${shorten(across.name, 44)}` }], {
      align: 'left',
      size: 10.5,
    }),
    ...wordLayer([{ x: left, y: top - 8, text: `↓ ${shorten(down.name, 44)}` }], {
      align: 'left',
      size: 10.5,
    }),
  ];
}

/** Column and row of the configuration as it is; null: the map does not have it. */
function chosenPlace({ across, down, columns, rows }: Heat): readonly [number, number] | null {
  const at = ({ own, values }: DrawnAxis, drawn: readonly number[]): number =>
    own === undefined ? -1 : drawn.indexOf(values.indexOf(own));
  const [c, r] = [at(across, columns), at(down, rows)];
  return c < 0 || r < 0 ? null : [c, r];
}

/** A frame around the configuration as it is, where the map has it: around its cell, or wider where that is too small. */
function chosenLayer(map: Heat, { left, top, width, height }: Grid): Layer[] {
  const place = chosenPlace(map);
  if (place === null) return [];
  const [x, y] = [left + (place[0] + 0.5) * width, top + (place[1] + 0.5) * height];
  const [dx, dy] = [width, height].map((size) => Math.max(size / 2 - 1, 5)) as [number, number];
  return boxLayer([{ x: x - dx, x2: x + dx, y: y - dy, y2: y + dy }], {
    fill: 'transparent',
    stroke: 'var(--ink)',
    width: 1.5,
  });
}

/** The sides of cells beyond which a system costs less, and on this side does not, or the other way round. */
function borders({ columns, rows, change }: Heat, { left, top, width, height }: Grid): Stroke[] {
  const differ = (a: number, b: number): boolean =>
    Number.isFinite(a) && Number.isFinite(b) && a < 0 !== b < 0;
  return rows.flatMap((_, r) =>
    columns.flatMap((_, c): Stroke[] => {
      const [x, y] = [left + c * width, top + r * height];
      const here = change(c, r);
      return [
        ...(c > 0 && differ(change(c - 1, r), here) ? [{ x, x2: x, y, y2: y + height }] : []),
        ...(r > 0 && differ(change(c, r - 1), here) ? [{ x, x2: x + width, y, y2: y }] : []),
      ];
    }),
  );
}

/** The line of no change: in each square of four neighbouring middles, between its sides with a change of sign. */
function contour({ columns, rows, change }: Heat, { left, top, width, height }: Grid): Stroke[] {
  const spot = (c: number, r: number): Spot => ({ x: left + (c + 0.5) * width, y: top + (r + 0.5) * height });
  const strokes: Stroke[] = [];
  for (let r = 0; r + 1 < rows.length; r++)
    for (let c = 0; c + 1 < columns.length; c++) {
      const corners = [
        [c, r],
        [c + 1, r],
        [c + 1, r + 1],
        [c, r + 1],
      ] as const;
      const values = corners.map(([column, row]) => change(column, row));
      if (!values.every(Number.isFinite)) continue;
      const ends = corners.flatMap(([column, row], i): Spot[] => {
        const j = (i + 1) % 4;
        const [a, b] = [values[i]!, values[j]!];
        if (a < 0 === b < 0) return [];
        const share = a / (a - b);
        const [from, to] = [spot(column, row), spot(...corners[j]!)];
        return [{ x: from.x + share * (to.x - from.x), y: from.y + share * (to.y - from.y) }];
      });
      for (let i = 0; i + 1 < ends.length; i += 2)
        strokes.push({ x: ends[i]!.x, y: ends[i]!.y, x2: ends[i + 1]!.x, y2: ends[i + 1]!.y });
    }
  return strokes;
}

/** The key: from what costs less to what costs more, and what is drawn over it. */
function keyLayers(
  top: number,
  largest: number,
  { against, marks }: { readonly against: string; readonly marks: string },
): Layer[] {
  const width = 34;
  const steps = [
    ...STEPS.map((opacity) => ({ fill: LESS, opacity })).toReversed(),
    ...STEPS.map((opacity) => ({ fill: MORE, opacity })),
  ];
  const end = percentFigure(largest);
  return [
    ...steps.flatMap(({ fill, opacity }, i) =>
      boxLayer([{ x: i * width, x2: (i + 1) * width, y: top, y2: top + 12 }], {
        fill,
        opacity,
        stroke: 'var(--line)',
      }),
    ),
    ...wordLayer([{ x: 0, y: top + 26, text: `${MINUS}${end} %` }], { align: 'left' }),
    ...wordLayer([{ x: 5 * width, y: top + 26, text: '0' }], { align: 'center' }),
    ...wordLayer([{ x: 10 * width, y: top + 26, text: `+${end} %` }], { align: 'right' }),
    ...wordLayer(
      [
        {
          x: 10 * width + 12,
          y: top + 10,
          text: `against ${shorten(against, 24)}; blue costs less, orange more`,
        },
      ],
      {
        align: 'left',
      },
    ),
    ...wordLayer([{ x: 10 * width + 12, y: top + 26, text: marks }], {
      align: 'left',
    }),
  ];
}
