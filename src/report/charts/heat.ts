import { type Chart, chart, type Layer, type TextRow, textColumn } from './chart.ts';

/**
 * Heat maps: cells whose colour grows with a share, in steps of one hue that the key below names. Steps are
 * opacities of the accent colour, so that they follow the page's scheme; figures stand on cells that are
 * large enough.
 */

/** Opacity of each step, and whether figures on it are in the background's colour. */
const STEPS = [
  { opacity: 0.07, inverse: false },
  { opacity: 0.15, inverse: false },
  { opacity: 0.24, inverse: false },
  { opacity: 0.33, inverse: false },
  { opacity: 0.43, inverse: false },
  { opacity: 0.82, inverse: true },
  { opacity: 1, inverse: true },
] as const;

export const HEAT_STEPS = STEPS.length;

export interface HeatCell {
  /** 0 to 1, of the largest that the colours know; 0 is left empty. */
  readonly share: number;
  /** Column and row, from 0. */
  readonly column: number;
  readonly row: number;
  readonly text: string;
  /** What it says when pointed at; null: too many to say. */
  readonly title: string | null;
  /** Whether it has a frame. */
  readonly framed: boolean;
}

export interface HeatMap {
  readonly name: string;
  readonly columns: number;
  readonly rows: number;
  /** Where the map stands, in pixels. */
  readonly left: number;
  readonly top: number;
  readonly cell: { readonly width: number; readonly height: number };
  readonly cells: readonly HeatCell[];
  readonly columnLabels: readonly string[];
  readonly rowLabels: readonly string[];
  /** What the columns are, beside their labels. */
  readonly corner: string;
}

/** Upper ends of the steps as shares of the largest: evenly apart, or each twice the one before. */
export const boundsOf = (doubling: boolean): number[] =>
  STEPS.map((_, i) => (doubling ? 2 ** (i + 1 - STEPS.length) : (i + 1) / STEPS.length));

const stepOf = (share: number, bounds: readonly number[]): number => {
  const step = bounds.findIndex((bound) => share <= bound * (1 + 1e-9));
  return step < 0 ? bounds.length - 1 : step;
};

const position = (field: string) => ({ field, type: 'quantitative' as const, scale: null, axis: null });

/** Texts at places of their own. */
function texts(
  rows: readonly (TextRow & { readonly x: number })[],
  look: {
    readonly align: 'left' | 'center' | 'right';
    readonly size: number;
    readonly fill: string;
    readonly strong?: boolean;
  },
): Layer[] {
  if (rows.length === 0) return [];
  return [
    {
      data: { values: [...rows] },
      mark: {
        type: 'text',
        align: look.align,
        baseline: 'alphabetic',
        fontSize: look.size,
        fontWeight: look.strong ? 600 : 400,
        fill: look.fill,
        aria: false,
      },
      encoding: { x: position('x'), y: position('y'), text: { field: 'text' } },
    },
  ];
}

interface Rect {
  readonly x: number;
  readonly x2: number;
  readonly y: number;
  readonly y2: number;
  readonly title?: string;
}

/** Rectangles of one look. */
function rects(values: readonly Rect[], mark: object, titled: boolean): Layer[] {
  if (values.length === 0) return [];
  return [
    {
      data: { values: [...values] },
      mark: { type: 'rect', ...mark, ...(titled ? {} : { aria: false }) },
      encoding: {
        x: position('x'),
        x2: { field: 'x2' },
        y: position('y'),
        y2: { field: 'y2' },
        ...(titled ? { description: { field: 'title' } } : {}),
      },
    },
  ];
}

/** Height of the key of colours. */
export const KEY_HEIGHT = 40;

/**
 * Maps and their key. `bound` names the upper end of a step from its share; `frame` says what a frame means, empty
 * where there is none; `across` and `down` name the two directions.
 */
export function heatChart(
  title: string,
  maps: readonly HeatMap[],
  words: {
    readonly bound: (share: number) => string;
    readonly key: string;
    readonly frame: string;
    /** Whether each step of the colours is twice the one before. */
    readonly doubling: boolean;
  },
): Chart {
  const bounds = boundsOf(words.doubling);
  const placed = maps.flatMap((map) =>
    map.cells.map((cell) => {
      const { width, height } = map.cell;
      const x = map.left + cell.column * width;
      const y = map.top + cell.row * height;
      return { map, cell, step: stepOf(cell.share, bounds), x, y, x2: x + width, y2: y + height };
    }),
  );
  const gap = Math.min(...maps.map(({ cell }) => Math.min(cell.width, cell.height))) >= 9 ? 1 : 0;
  const look = { stroke: 'var(--background)', strokeWidth: gap };
  const bottom = Math.max(...maps.map((map) => map.top + map.rows * map.cell.height));
  const layers: Layer[] = maps.map((map) => frameOf(map));
  STEPS.forEach(({ opacity }, step) => {
    const mine = placed.filter((one) => one.step === step && one.cell.share > 0);
    const rect = ({ x, x2, y, y2 }: (typeof mine)[number]): Rect => ({ x, x2, y, y2 });
    const mark = { fill: 'var(--accent)', fillOpacity: opacity, ...(gap > 0 ? look : {}) };
    const titled = mine.filter((one) => one.cell.title !== null);
    layers.push(
      ...rects(
        titled.map((one) => ({ ...rect(one), title: one.cell.title! })),
        mark,
        true,
      ),
      ...rects(merged(mine.filter((one) => one.cell.title === null).map(rect)), mark, false),
    );
  });
  const framed = placed.filter(({ cell }) => cell.framed);
  layers.push(
    ...rects(
      framed.map(({ x, x2, y, y2 }) => ({ x: x + 1, x2: x2 - 1, y: y + 1, y2: y2 - 1 })),
      { fill: 'transparent', stroke: 'var(--ink)', strokeWidth: 1.5 },
      false,
    ),
  );
  for (const inverse of [false, true]) {
    const written = placed.filter(
      ({ step, cell, map }) => cell.text !== '' && map.cell.width >= 24 && STEPS[step]!.inverse === inverse,
    );
    layers.push(
      ...texts(
        written.map(({ x, x2, y, y2, cell }) => ({
          x: (x + x2) / 2,
          y: (y + y2) / 2 + 3.5,
          text: cell.text,
        })),
        { align: 'center', size: 10, fill: inverse ? 'var(--background)' : 'var(--ink)' },
      ),
    );
  }
  layers.push(...labelsOf(maps), ...keyOf(bottom + 22, bounds, words, framed.length > 0));
  return chart(title, bottom + 22 + KEY_HEIGHT, layers, false);
}

/** Neighbours in a row as one, where nothing is written between them. */
function merged(cells: readonly Rect[]): Rect[] {
  const result: Rect[] = [];
  for (const cell of cells) {
    const last = result.at(-1);
    if (last !== undefined && last.y === cell.y && last.x2 === cell.x)
      result[result.length - 1] = { ...last, x2: cell.x2 };
    else result.push(cell);
  }
  return result;
}

/** The edge of a map, so that empty cells have a place too. */
function frameOf(map: HeatMap): Layer {
  const right = map.left + map.columns * map.cell.width;
  const bottom = map.top + map.rows * map.cell.height;
  return rects(
    [{ x: map.left, x2: right, y: map.top, y2: bottom }],
    {
      fill: 'transparent',
      stroke: 'var(--line)',
      strokeWidth: 1,
    },
    false,
  )[0]!;
}

/** Names of maps, columns and rows; of many columns every eighth. */
function labelsOf(maps: readonly HeatMap[]): Layer[] {
  const every = (map: HeatMap, i: number, room: number): boolean =>
    room >= 14 || i % (map.columns > 32 ? 8 : 4) === 0;
  const muted = { size: 10.5, fill: 'var(--muted)' } as const;
  return [
    ...texts(
      maps.map((map) => ({ x: map.left, y: map.top - 20, text: map.name })),
      { align: 'left', size: 12, fill: 'var(--ink)', strong: true },
    ),
    ...texts(
      maps.flatMap((map) =>
        map.columnLabels.flatMap((text, i) =>
          every(map, i, map.cell.width)
            ? [{ x: map.left + (i + 0.5) * map.cell.width, y: map.top - 5, text }]
            : [],
        ),
      ),
      { align: 'center', ...muted },
    ),
    ...texts(
      maps.map((map) => ({ x: map.left - 6, y: map.top - 5, text: map.corner })),
      { align: 'right', ...muted },
    ),
    ...texts(
      maps.flatMap((map) =>
        map.rowLabels.flatMap((text, i) =>
          every(map, i, map.cell.height)
            ? [{ x: map.left - 6, y: map.top + (i + 0.5) * map.cell.height + 3.5, text }]
            : [],
        ),
      ),
      { align: 'right', ...muted },
    ),
  ];
}

/** The key: one swatch per step with its upper end. */
function keyOf(
  top: number,
  bounds: readonly number[],
  {
    bound,
    key,
    frame,
  }: { readonly bound: (share: number) => string; readonly key: string; readonly frame: string },
  framed: boolean,
): Layer[] {
  const width = 46;
  const left = (i: number): number => i * width;
  return [
    ...STEPS.flatMap(({ opacity }, i) =>
      rects(
        [{ x: left(i), x2: left(i) + width, y: top, y2: top + 12 }],
        { fill: 'var(--accent)', fillOpacity: opacity, stroke: 'var(--line)', strokeWidth: 1 },
        false,
      ),
    ),
    ...texts(
      bounds.map((share, i) => ({ x: left(i) + width, y: top + 25, text: bound(share) })),
      { align: 'right', size: 10.5, fill: 'var(--muted)' },
    ),
    textColumn([{ y: top + 10, text: key }], {
      x: left(STEPS.length) + 10,
      align: 'left',
      size: 11,
      muted: true,
    }),
    ...(framed && frame !== ''
      ? [
          textColumn([{ y: top + 26, text: frame }], {
            x: left(STEPS.length) + 10,
            align: 'left',
            size: 11,
            muted: true,
          }),
        ]
      : []),
  ];
}
