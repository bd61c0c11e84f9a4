import { serviceName } from '../trace/services.ts';
import { COUNTERS, type Counter, LAYERS, type Layer, PRIVILEGED_OPS, type TallyRow } from './tally.ts';

/**
 * The counters of a running replay: one flat array of doubles (integers, exact to 2^53), a block for each
 * (CPU, context, locks held), in it a row for each layer. The replay's slow path adds to `values[row + counter]`;
 * the hit path touches none of this.
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
  /** Makes (cpu, context) current, with the locks that are held there; the layer becomes the workload's. */
  select(cpu: number, context: number): void;
  /** Makes a layer of the current context current and gives back the one before. */
  enter(layer: number): number;
  /** Sets all counters to 0 (the end of warm-up). */
  clear(): void;
  /** Rows by CPU, context and layer, whatever locks were held. */
  rows(): TallyRow[];
  /** Of the rows, what happened under locks, by CPU, context, layer and nest of locks. */
  heldRows(): (TallyRow & { readonly nest: number })[];
  /** Visits every row: its CPU, layer and start. */
  each(visit: (cpu: number, layer: number, row: number) => void): void;
}

/** The locks that are held, as the replay knows them (`locks.ts`): 0 none, else a number of a nest of locks. */
export interface Holding {
  /** By CPU of the trace. */
  readonly nestOf: Int32Array;
  /** By CPU: the CPU of the trace that it runs. */
  readonly vcpuOn: Int32Array;
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
const CPU = 2 * KERNEL_BIT;
/** Keys of blocks without locks are below it. */
const NEST = 256 * CPU;
/**
 * Most blocks for held locks (some 13 KB each). What no block is left for is counted as if no lock were held, and
 * waits for nobody.
 */
const HELD_BLOCKS = 8192;

/** Key of a context: the open service, and whether the kernel runs. */
export const contextKey = (kernel: boolean, service: number): number => service | (kernel ? KERNEL_BIT : 0);

const contextName = (key: number): string => {
  if ((key & 0xffff) !== 0) return serviceName(key & 0xffff);
  return (key & KERNEL_BIT) !== 0 ? 'kernel' : 'user';
};

export function createCounters(holding: Holding | null = null): Counters {
  const blocks = new Map<number, number>();
  let heldBlocks = 0;

  const blockAt = (key: number): number => {
    const block = blocks.size * BLOCK;
    blocks.set(key, block);
    if (block + BLOCK > counters.values.length) {
      const wider = new Float64Array(counters.values.length * 2);
      wider.set(counters.values);
      counters.values = wider;
    }
    return block;
  };

  /** The block of a nest of locks, or without it where there are too many. */
  const heldBlock = (plain: number, nest: number): number => {
    const key = plain + nest * NEST;
    const block = blocks.get(key);
    if (block !== undefined) return block;
    if (heldBlocks >= HELD_BLOCKS) return blocks.get(plain) ?? blockAt(plain);
    heldBlocks++;
    return blockAt(key);
  };

  const select = (cpu: number, context: number): void => {
    const key = cpu * CPU + context;
    const nest = holding === null ? 0 : holding.nestOf[holding.vcpuOn[cpu]!]!;
    counters.row = nest === 0 ? (blocks.get(key) ?? blockAt(key)) : heldBlock(key, nest);
    counters.cpu = cpu;
    counters.context = context;
    counters.contextOf[cpu] = context;
    counters.layer = 0;
  };

  const enter = (layer: number): number => {
    const before = counters.layer;
    counters.row += (layer - before) * ROW;
    counters.layer = layer;
    return before;
  };

  /** The rows of a block. */
  const rowsAt = (values: Float64Array, block: number, key: number): TallyRow[] => {
    const cpu = Math.floor((key % NEST) / CPU);
    return LAYERS.flatMap((layer, index): TallyRow[] => {
      const row = rowAt(values, block + index * ROW);
      return row === null ? [] : [{ cpu, context: contextName(key % CPU), layer, ...row }];
    });
  };

  const rows = (): TallyRow[] => {
    const sums = new Map<number, { values: Float64Array; block: number }>();
    for (const [key, block] of blocks) {
      const sum = sums.get(key % NEST);
      if (sum === undefined) sums.set(key % NEST, { values: counters.values, block });
      else {
        const both = new Float64Array(BLOCK);
        for (let i = 0; i < BLOCK; i++) both[i] = sum.values[sum.block + i]! + counters.values[block + i]!;
        sums.set(key % NEST, { values: both, block: 0 });
      }
    }
    const keys = [...sums.keys()].sort((a, b) => a - b);
    return keys.flatMap((key) => rowsAt(sums.get(key)!.values, sums.get(key)!.block, key));
  };

  const heldRows = (): (TallyRow & { nest: number })[] =>
    [...blocks.keys()]
      .filter((key) => key >= NEST)
      .sort((a, b) => a - b)
      .flatMap((key) =>
        rowsAt(counters.values, blocks.get(key)!, key).map((row) => ({
          ...row,
          nest: Math.floor(key / NEST),
        })),
      );

  const each = (visit: (cpu: number, layer: number, row: number) => void): void => {
    for (const [key, block] of blocks) {
      const cpu = Math.floor((key % NEST) / CPU);
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
    heldRows,
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
