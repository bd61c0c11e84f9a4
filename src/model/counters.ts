import { serviceName } from '../trace/services.ts';
import { COUNTERS, type Counter, LAYERS, type Layer, PRIVILEGED_OPS, type TallyRow } from './tally.ts';

/**
 * The counters of a running replay: one flat array of doubles (integers, exact to 2^53), a block for each
 * (CPU, context), in it a row for each layer. The replay's slow path adds to `values[row + counter]`; the
 * hit path touches none of this.
 */
export interface Counters {
  values: Float64Array;
  /** Start of the current row. */
  row: number;
  /** Current layer, CPU and context (`contextKey`). */
  layer: number;
  cpu: number;
  context: number;
  /** Context that each CPU was in last. */
  readonly contextOf: Int32Array;
  /** Makes (cpu, context) current; the layer becomes the workload's. */
  select(cpu: number, context: number): void;
  /** Makes a layer of the current context current and gives back the one before. */
  enter(layer: number): number;
  /** Sets all counters to 0 (the end of warm-up). */
  clear(): void;
  rows(): TallyRow[];
  /** Visits every row: its CPU, layer and start. */
  each(visit: (cpu: number, layer: number, row: number) => void): void;
}

/** Position of each counter in a row. */
export const C = Object.fromEntries(COUNTERS.map((name, index) => [name, index])) as Record<Counter, number>;
/** Number of each layer. */
export const L = Object.fromEntries(LAYERS.map((name, index) => [name, index])) as Record<Layer, number>;
/** Position in a row of the first privileged operation's counter. */
export const PRIVILEGED = COUNTERS.length;

const ROW = COUNTERS.length + PRIVILEGED_OPS.length;
const BLOCK = ROW * LAYERS.length;
const KERNEL_BIT = 1 << 16;

/** Key of a context: the open service, and whether the kernel runs. */
export const contextKey = (kernel: boolean, service: number): number => service | (kernel ? KERNEL_BIT : 0);

const contextName = (key: number): string => {
  if ((key & 0xffff) !== 0) return serviceName(key & 0xffff);
  return (key & KERNEL_BIT) !== 0 ? 'kernel' : 'user';
};

export function createCounters(): Counters {
  const blocks = new Map<number, number>();

  const select = (cpu: number, context: number): void => {
    const key = cpu * 2 * KERNEL_BIT + context;
    let block = blocks.get(key);
    if (block === undefined) {
      block = blocks.size * BLOCK;
      blocks.set(key, block);
      if (block + BLOCK > counters.values.length) {
        const wider = new Float64Array(counters.values.length * 2);
        wider.set(counters.values);
        counters.values = wider;
      }
    }
    counters.cpu = cpu;
    counters.context = context;
    counters.contextOf[cpu] = context;
    counters.layer = 0;
    counters.row = block;
  };

  const enter = (layer: number): number => {
    const before = counters.layer;
    counters.row += (layer - before) * ROW;
    counters.layer = layer;
    return before;
  };

  const rows = (): TallyRow[] => {
    const result: TallyRow[] = [];
    const keys = [...blocks.keys()].sort((a, b) => a - b);
    for (const key of keys) {
      const block = blocks.get(key)!;
      LAYERS.forEach((layer, index) => {
        const row = rowAt(counters.values, block + index * ROW);
        if (row === null) return;
        const cpu = Math.floor(key / (2 * KERNEL_BIT));
        result.push({ cpu, context: contextName(key % (2 * KERNEL_BIT)), layer, ...row });
      });
    }
    return result;
  };

  const each = (visit: (cpu: number, layer: number, row: number) => void): void => {
    for (const [key, block] of blocks) {
      const cpu = Math.floor(key / (2 * KERNEL_BIT));
      for (let layer = 0; layer < LAYERS.length; layer++) visit(cpu, layer, block + layer * ROW);
    }
  };

  const counters: Counters = {
    values: new Float64Array(BLOCK * 16),
    row: 0,
    layer: 0,
    cpu: 0,
    context: 0,
    contextOf: new Int32Array(128),
    select,
    enter,
    clear: () => {
      counters.values.fill(0);
    },
    rows,
    each,
  };
  select(0, 0);
  return counters;
}

/** The non-zero counters of the row at `start`, or null if there are none. */
function rowAt(values: Float64Array, start: number): Pick<TallyRow, 'counters' | 'privileged'> | null {
  const named = (names: readonly string[], from: number): Record<string, number> => {
    const found: Record<string, number> = {};
    names.forEach((name, index) => {
      const value = values[from + index]!;
      if (value !== 0) found[name] = value;
    });
    return found;
  };
  const counters = named(COUNTERS, start);
  const privileged = named(PRIVILEGED_OPS, start + PRIVILEGED);
  const any = Object.keys(privileged).length > 0;
  if (!any && Object.keys(counters).length === 0) return null;
  return any ? { counters, privileged } : { counters };
}
