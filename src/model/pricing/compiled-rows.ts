import type { ResolvedPrices } from '../systems/resolve.ts';
import { LAYERS, type TallyRow } from '../tally.ts';
import type { Part } from './breakdown.ts';
import { namesOf, workOf } from './costs.ts';
import { BLOCKING_KINDS, type BlockingKind } from './queueing/traffic.ts';
import { missesOf } from './stalls.ts';
import { L2_HIT, MISSES, PATHS, UNCACHED, UNITS } from './units.ts';

/**
 * The rows of a tally as columns of numbers: which parts its breakdown can have, and which counts times which prices
 * each of them is. Every part is one product (or sum of products) rounded to whole picoseconds. Where a part's time
 * depends on prices alone it is always in the plan; whether a breakdown shows it is for `compiled.ts` to say.
 */

export type PartPlan = Omit<Part, 'ps'>;

/** Counts, each with the part that it belongs to and its unit price. */
interface Products {
  readonly part: Int32Array;
  readonly unit: Int32Array;
  readonly count: Float64Array;
}

/** Misses of one kind in one row: the stalls of `stalls.ts`, of all rows. */
export interface CompiledStalls extends Products {
  readonly row: Int32Array;
  /** Index into BLOCKING_KINDS; −1: within the CPU’s own caches. */
  readonly kind: Int32Array;
}

export interface CompiledRows {
  readonly parts: readonly PartPlan[];
  /** Part of each row that its queueing goes to. */
  readonly queueing: Int32Array;
  /** Where each row’s parts begin; one more for the end. */
  readonly first: Int32Array;
  readonly stalls: CompiledStalls;
  /** Prices the parts but queueing: `units` as in `units.ts`, `hop_ps` by stall. Overwrites `ps`. */
  price(prices: ResolvedPrices, units: Float64Array, hop_ps: Float64Array, ps: Float64Array): void;
}

/** A stall’s price is known by its kind; what stays within the CPU’s caches is an L2 hit. */
const unitOf = (kind: BlockingKind | null): number =>
  kind === null ? L2_HIT : MISSES + BLOCKING_KINDS.indexOf(kind);

/** Compiles the rows. `queues`: whether there may be queueing and distance. */
export function compileRows(rows: readonly TallyRow[], monitor: boolean, queues: boolean): CompiledRows {
  const parts: PartPlan[] = [];
  const first: number[] = [];
  const queueing: number[] = [];
  const plain = products();
  const executed = products();
  const stalls = { ...products(), row: [] as number[], kind: [] as number[] };
  /** Stalls of the workload have parts of their own; those of an activity are shared out between two owners. */
  const lone: number[] = [];
  const shared: { from: number; to: number; share: number; mine: number; theirs: number }[] = [];
  const mixed: { part: number; path: number; own: number; moved: number; away: number; zeroed: number }[] =
    [];

  rows.forEach((row, at) => {
    first.push(parts.length);
    const { cpu, context, layer } = row;
    const names = namesOf(layer, context, monitor);
    const plan = (what: Partial<PartPlan> & Pick<PartPlan, 'kind' | 'count'>): number =>
      parts.push({ cpu, context, ...names, ...what }) - 1;
    const path = PATHS + LAYERS.indexOf(layer);
    const work = workOf(row);
    const found = missesOf(row);
    const from = stalls.count.length;
    for (const { kind, count } of found) {
      push(stalls, -1, unitOf(kind), count);
      stalls.row.push(at);
      stalls.kind.push(kind === null ? -1 : BLOCKING_KINDS.indexOf(kind));
    }
    if (layer === 'workload') {
      if (work.instructions !== 0)
        push(executed, plan({ kind: 'execution', count: work.instructions }), path, work.instructions);
      for (const cause of new Set(found.map((stall) => stall.cause))) {
        const mine = found.flatMap((stall, i) => (stall.cause === cause ? [i] : []));
        const count = mine.reduce((sum, i) => sum + found[i]!.count, 0);
        const part = plan({ cause, owner: 'architecture', kind: 'stall', count });
        for (const i of mine) {
          stalls.part[from + i] = part;
          lone.push(from + i);
        }
      }
      if (work.uncached !== 0)
        push(
          plain,
          plan({ cause: 'device', owner: 'architecture', kind: 'stall', count: work.uncached }),
          UNCACHED,
          work.uncached,
        );
    } else {
      // What a patched kernel would not need emulated, the operating system could remove.
      const theirs = { owner: 'operating system' } as const;
      const { count, patchable, pagesZeroed } = work;
      const rest = count - patchable;
      const moves = layer === 'vcpu_move';
      const moved = moves ? work.nodeMoves : 0;
      const away = moves ? work.cellMoves : 0;
      if (moved !== 0 || away !== 0 || pagesZeroed !== 0)
        mixed.push({
          part: plan({ kind: 'execution', count: rest }),
          path,
          own: rest - moved - away,
          moved,
          away,
          zeroed: pagesZeroed,
        });
      else if (rest !== 0) push(plain, plan({ kind: 'execution', count: rest }), path, rest);
      if (patchable !== 0)
        push(plain, plan({ ...theirs, kind: 'execution', count: patchable }), path, patchable);
      if (found.length > 0) {
        // An activity's stalls go when the activity goes, so they have its owner.
        const share = count === 0 ? 0 : patchable / count;
        const waits = found.reduce((sum, stall) => sum + stall.count, 0);
        const theirWaits = Math.round(waits * share);
        const mine = plan({ kind: 'stall', count: waits - theirWaits });
        const other = share === 0 ? -1 : plan({ ...theirs, kind: 'stall', count: theirWaits });
        shared.push({ from, to: from + found.length, share, mine, theirs: other });
      }
    }
    const misses = found.reduce((sum, { kind, count }) => sum + (kind === null ? 0 : count), 0);
    if (queues)
      queueing.push(plan({ cause: 'queueing', owner: 'architecture', kind: 'stall', count: misses }));
  });
  first.push(parts.length);

  const columns = { ...fixed(stalls), row: Int32Array.from(stalls.row), kind: Int32Array.from(stalls.kind) };
  const plainColumns = fixed(plain);
  const executedColumns = fixed(executed);
  const single = Int32Array.from(lone);
  return {
    parts,
    first: Int32Array.from(first),
    queueing: Int32Array.from(queueing),
    stalls: columns,
    price: (prices, units, hop_ps, ps) => {
      if (units.length !== UNITS) throw new RangeError('these are no unit prices');
      ps.fill(0);
      const { cycles_per_instruction, cycle_ns, zero_page_cycles } = prices;
      const { vcpu_node_move_ns, vcpu_cell_move_ns } = prices;
      for (let i = 0; i < executedColumns.count.length; i++)
        ps[executedColumns.part[i]!] = Math.round(
          executedColumns.count[i]! * cycles_per_instruction * cycle_ns * 1000,
        );
      multiply(plainColumns, units, ps);
      for (const { part, path, own: alone, moved, away, zeroed } of mixed)
        ps[part] = Math.round(
          (alone * units[path]! +
            moved * vcpu_node_move_ns +
            away * vcpu_cell_move_ns +
            zeroed * zero_page_cycles * cycle_ns) *
            1000,
        );
      const { part: into, unit, count } = columns;
      for (let i = 0; i < single.length; i++) {
        const stall = single[i]!;
        ps[into[stall]!]! += Math.round(count[stall]! * units[unit[stall]!]! * 1000) + hop_ps[stall]!;
      }
      for (const { from, to, share, mine, theirs } of shared) {
        let waited = 0;
        let hops = 0;
        for (let i = from; i < to; i++) {
          waited += count[i]! * units[unit[i]!]!;
          hops += hop_ps[i]!;
        }
        const theirHops = Math.round(hops * share);
        ps[mine] = Math.round(waited * (1 - share) * 1000) + hops - theirHops;
        if (theirs >= 0) ps[theirs] = Math.round(waited * share * 1000) + theirHops;
      }
    },
  };
}

/** One product a part: the bulk of the work, in a loop of its own. */
function multiply({ part, unit, count }: Products, units: Float64Array, ps: Float64Array): void {
  for (let i = 0; i < count.length; i++) ps[part[i]!] = Math.round(count[i]! * units[unit[i]!]! * 1000);
}

interface Growing {
  readonly part: number[];
  readonly unit: number[];
  readonly count: number[];
}

const products = (): Growing => ({ part: [], unit: [], count: [] });

function push(list: Growing, part: number, unit: number, count: number): void {
  list.part.push(part);
  list.unit.push(unit);
  list.count.push(count);
}

const fixed = ({ part, unit, count }: Growing): Products => ({
  part: Int32Array.from(part),
  unit: Int32Array.from(unit),
  count: Float64Array.from(count),
});
