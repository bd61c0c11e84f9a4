/**
 * Windows of a run: what each CPU did and asked of the memory system in one stretch of instructions after the
 * other, for contention, which is solved a window at a time. Counts only.
 */
import { C, type Counters } from './counters.ts';
import { FLOW_KINDS, type FlowCount, LAYERS, type TallyWindow, type WindowWork } from './tally.ts';

export interface Windows {
  /** Messages by kind, CPU, home and other node, the last fastest: the kernel counts into it. */
  readonly traffic: Int32Array;
  /** Told of `instructions` since the last call; ends a window when it is full, and says so. */
  advance(instructions: number): boolean;
  /** Starts anew (the end of warm-up): the run has `instructions` from here on. */
  restart(instructions: number): void;
  /** All windows, the last one ended wherever it is. */
  finish(): TallyWindow[];
}

/** Columns of a window's work, in the order of `WindowWork` after CPU and layer. */
const COLUMNS = 6;

export function createWindows(counters: Counters, cpus: number, nodes: number, windows: number): Windows {
  const traffic = new Int32Array(FLOW_KINDS.length * cpus * nodes * nodes);
  const rows = cpus * LAYERS.length;
  let before = new Float64Array(rows * COLUMNS);
  let after = new Float64Array(rows * COLUMNS);
  let length = Number.POSITIVE_INFINITY;
  let inWindow = 0;
  const ended: TallyWindow[] = [];

  /** Sums over contexts: by CPU and layer. */
  const measure = (): void => {
    after.fill(0);
    counters.each((cpu, layer, row) => {
      const { values } = counters;
      const at = (cpu * LAYERS.length + layer) * COLUMNS;
      const add = (column: number, value: number): void => {
        after[at + column] = after[at + column]! + value;
      };
      add(0, values[row + C.count]!);
      add(1, values[row + C.patchable]!);
      add(2, values[row + C.pages_zeroed]!);
      add(3, values[row + C.instructions]!);
      add(4, values[row + C.uncached_accesses]!);
      for (let kind = 0; kind < 3; kind++)
        add(5, values[row + C.l1i_misses + kind]! - values[row + C.l2_fetch_misses + kind]!);
    });
  };

  const work = (): WindowWork[] => {
    const found: WindowWork[] = [];
    for (let row = 0; row < rows; row++) {
      const part = (column: number): number =>
        after[row * COLUMNS + column]! - before[row * COLUMNS + column]!;
      const [count, patchable, zeroed, instructions, uncached] = [
        part(0),
        part(1),
        part(2),
        part(3),
        part(4),
      ];
      // Without L1s their misses are not counted.
      const hits = Math.max(0, part(5));
      if (count + patchable + zeroed + instructions + uncached + hits === 0) continue;
      const cpu = Math.floor(row / LAYERS.length);
      found.push([cpu, row % LAYERS.length, count, patchable, zeroed, instructions, uncached, hits]);
    }
    return found;
  };

  const flows = (): FlowCount[] => {
    const found: FlowCount[] = [];
    // Long for many CPUs and nodes, and mostly zeroes.
    for (let at = 0; at < traffic.length; at++) {
      const count = traffic[at]!;
      if (count === 0) continue;
      const other = at % nodes;
      const home = Math.floor(at / nodes) % nodes;
      const cpu = Math.floor(at / (nodes * nodes)) % cpus;
      found.push([cpu, Math.floor(at / (nodes * nodes * cpus)), home, other, count]);
    }
    traffic.fill(0);
    return found;
  };

  const end = (): void => {
    measure();
    ended.push({ instructions: inWindow, work: work(), flows: flows() });
    [before, after] = [after, before];
    inWindow = 0;
  };

  return {
    traffic,
    advance: (instructions) => {
      inWindow += instructions;
      if (inWindow < length) return false;
      end();
      return true;
    },
    restart: (instructions) => {
      ended.length = 0;
      traffic.fill(0);
      before.fill(0);
      inWindow = 0;
      length = Math.max(1, Math.ceil(instructions / windows));
    },
    finish: () => {
      if (inWindow > 0 || traffic.some((count) => count !== 0)) end();
      return ended;
    },
  };
}
