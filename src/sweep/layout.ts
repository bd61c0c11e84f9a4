import { setImmediate } from 'node:timers/promises';
import { applyOverrides, type Override, parseOverride } from '../model/systems/load.ts';
import { systemFor, withNodes } from '../model/systems/resolve.ts';
import type { System } from '../model/systems/schema.ts';
import { InputError } from '../trace/errors.ts';
import type { TraceHeader } from '../trace/types.ts';
import { type Combinations, combinations } from './design.ts';
import { cellIds, unitId } from './ids.ts';
import type { LaidAxis, Layout, Structure, SweepTrace, Unit } from './laid.ts';
import { concerns, leafAt, placeOf } from './leaves.ts';
import { isPrice, structureKey } from './structure.ts';
import { typed } from './typed.ts';
import type { Leaf, Plan, Written } from './types.ts';

/** Laying a plan out. Everything that can be wrong with it is found here, before any replay. */

export interface LayoutOptions {
  /** Most cells, each with all systems. */
  readonly mostCells: number;
  /** What computes results (`modelIdentity`): those of another one are others. */
  readonly model: string;
  /** Throws InputError where the system cannot be replayed on the trace. */
  readonly check: (system: System, header: TraceHeader) => Promise<void>;
  /** How axes were written, for messages; without: `--vary path=value`. */
  readonly written?: Written;
  readonly signal?: AbortSignal;
  /** Combinations of structures that have been checked, of so many. */
  readonly progress?: (done: number, total: number) => void;
}

export const DEFAULT_MOST_CELLS = 1_000_000;

/** Most combinations of structural values: each takes a check, and a replay for each system that it concerns. */
const MOST_STRUCTURES = 20_000;

/** Cells of a unit: what is lost when a run is killed, and held in memory (a few MB) until it is written. */
const UNIT_CELLS = 16_384;

/** Lays a plan out. Throws InputError, one line, for whatever is impossible in any cell. */
export async function layOut(
  plan: Plan,
  traces: readonly SweepTrace[],
  { mostCells, model, check, written = new Map(), signal, progress }: LayoutOptions,
): Promise<Layout> {
  checkAxes(plan, traces, written);
  const cells = combinations(
    plan.axes.map(({ values }) => values.length),
    plan.design,
    Math.floor(mostCells / Math.max(1, traces.length)),
  );
  const axes = plan.axes.map(({ path, values }): LaidAxis => {
    const place = placeOf({ path });
    const price = isPrice(place.path);
    const axis = { path, place, price, values };
    return price ? { ...axis, values: checkedPrices(traces, axis, written) } : axis;
  });
  const combos = structuralCombinations(cells, axes);
  if (combos.length > MOST_STRUCTURES)
    throw new InputError(
      `${combos.length.toLocaleString('en')} combinations of structures are more than ` +
        `${MOST_STRUCTURES.toLocaleString('en')}, each with a replay of its own: vary less`,
    );

  const structures: Structure[] = [];
  const units: Unit[] = [];
  for (const [trace, { header, systems, identity }] of traces.entries()) {
    const known = new Map<string, number>();
    const varied: (readonly System[])[] = [];
    for (const { values } of combos) {
      signal?.throwIfAborted();
      varied.push(vary(systems, axes, values, written));
    }
    for (const base of systems.keys())
      for (const [at, { values, members }] of combos.entries()) {
        const system = varied[at]![base]!;
        const key = structureKey(systemFor(system, header));
        let structure = known.get(key);
        if (structure === undefined) {
          structure = structures.length;
          await inCell(axes, values, () => check(system, header));
          known.set(key, structure);
          structures.push({ trace, system });
          // Room for a signal to arrive.
          await setImmediate();
          signal?.throwIfAborted();
          progress?.(structures.length, combos.length * systems.length * traces.length);
        }
        const group = { trace, base, system, structure };
        for (let from = 0; from < members.length; from += UNIT_CELLS) {
          const some = members.subarray(from, from + UNIT_CELLS);
          const id = unitId({ model, identity, plan, system: withNodes(system, header), axes, cells }, some);
          units.push({ id, group, cells: some });
        }
      }
  }
  return {
    plan,
    traces,
    axes,
    cells,
    structures,
    units,
    cellId: cellIds({ model, plan, axes, cells, traces }),
  };
}

/** Each axis says something, and no two say the same. */
function checkAxes({ axes }: Plan, traces: readonly SweepTrace[], written: Written): void {
  if (axes.length === 0)
    throw new InputError('nothing is varied: give --vary path=values, or vary: in the plan');
  const places = axes.map(placeOf);
  for (const [i, a] of places.entries()) {
    const twin = places.findIndex(
      (b, j) =>
        j < i && a.path === b.path && (a.system === null || b.system === null || a.system === b.system),
    );
    if (twin >= 0) throw new InputError(`${nameOf(axes[i]!, written)}: ${a.path} is varied twice`);
  }
  for (const { systems } of traces)
    for (const [i, { system, path }] of places.entries()) {
      if (system === null || systems.some(({ name }) => name === system)) continue;
      const names = systems.map(({ name }) => name).join(', ');
      throw new InputError(
        `${nameOf(axes[i]!, written)}: no system ${system} in this sweep (${names}) has a ${path}`,
      );
    }
}

const nameOf = ({ path }: Pick<LaidAxis, 'path'>, written: Written): string =>
  written.get(path) ?? `--vary ${path}`;

const overrideOf = ({ path }: Pick<LaidAxis, 'path'>, value: Leaf): Override => ({
  ...parseOverride(`${path}=null`),
  value,
  text: `${path}=${typed(value, path)}`,
});

/** As many values as are checked one by one; of more numbers, those at the ends and one that is not whole. */
const ALL_CHECKED = 1000;

/**
 * The values of a price as the schema reads them. Prices have no rules between them, so each is checked by
 * itself. (What a schema asks of a number is a range, and perhaps that it is whole.)
 */
function checkedPrices(traces: readonly SweepTrace[], axis: LaidAxis, written: Written): Leaf[] {
  const { place, values } = axis;
  const numbers = values.every((value) => typeof value === 'number') ? (values as readonly number[]) : null;
  const sample: readonly Leaf[] =
    numbers === null || numbers.length <= ALL_CHECKED
      ? values
      : [
          numbers.reduce((a, b) => Math.min(a, b)),
          numbers.reduce((a, b) => Math.max(a, b)),
          numbers.find((value) => !Number.isInteger(value)) ?? numbers[0]!,
        ];
  const read = new Map<Leaf, Leaf>();
  for (const { systems } of traces)
    for (const value of sample) {
      const changed = applied(systems, [{ axis, value }], written);
      const concerned = changed.find((system) => concerns(place, system))!;
      read.set(value, leafAt(concerned, place.keys) as Leaf);
    }
  return values.map((value) => (read.has(value) ? read.get(value)! : value));
}

interface Combo {
  /** By axis: index of the value; −1 for prices and what the design leaves alone. */
  readonly values: Int32Array;
  /** Cells. */
  readonly members: Int32Array;
}

/** The cells by their values of the structural axes, in the order in which these first occur. */
function structuralCombinations({ count, index }: Combinations, axes: readonly LaidAxis[]): Combo[] {
  const structural = axes.flatMap(({ price }, axis) => (price ? [] : [axis]));
  const found = new Map<string, number[]>();
  for (let cell = 0; cell < count; cell++) {
    let key = '';
    for (const axis of structural) key += `${index[cell * axes.length + axis]!} `;
    const members = found.get(key);
    if (members === undefined) found.set(key, [cell]);
    else members.push(cell);
  }
  return [...found.values()].map((members) => ({
    values: Int32Array.from(axes, ({ price }, axis) =>
      price ? -1 : index[members[0]! * axes.length + axis]!,
    ),
    members: Int32Array.from(members),
  }));
}

/** The systems of a cell, by the rules of `--set`, in the order of the axes. */
function vary(
  systems: readonly System[],
  axes: readonly LaidAxis[],
  values: Int32Array,
  written: Written,
): System[] {
  const set = axes.flatMap((axis, at) =>
    values[at]! < 0 ? [] : [{ axis, value: axis.values[values[at]!]! }],
  );
  try {
    return applied(systems, set, written);
  } catch (error) {
    if (!(error instanceof InputError) || set.length < 2) throw error;
    throw new InputError(`${error.message} ${cellText(axes, values)}`);
  }
}

interface SetAxis {
  readonly axis: LaidAxis;
  readonly value: Leaf;
}

/** Systems with values of axes. What is wrong with one names it as it was written. */
function applied(systems: readonly System[], set: readonly SetAxis[], written: Written): System[] {
  const overrides = set.map(({ axis, value }) => overrideOf(axis, value));
  try {
    return applyOverrides(systems, overrides);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const at = overrides.findIndex(({ text }) => error.message.startsWith(`--set ${text}`));
    if (at < 0) throw error;
    const rest = error.message.slice(`--set ${overrides[at]!.text}`.length);
    throw new InputError(`${writtenValue(systems, set[at]!, written)}${rest}`);
  }
}

/** The whole axis where it has one value, or no system has such a field; else with the value that is wrong. */
function writtenValue(systems: readonly System[], { axis, value }: SetAxis, written: Written): string {
  const { path, place, values } = axis;
  const whole = written.get(path);
  const said = typed(value, path);
  const known = systems.some((system) => leafAt(system, place.keys) !== undefined);
  if (whole !== undefined && (values.length === 1 || !known)) return whole;
  return whole === undefined || whole.startsWith('--') ? `--vary ${path}=${said}` : `${whole}: ${said}`;
}

/** Work of which an InputError says in which cell it came up. */
async function inCell(
  axes: readonly LaidAxis[],
  values: Int32Array,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError(`${error.message} ${cellText(axes, values)}`.trimEnd());
  }
}

/** `(in the cell machine.l2.size=262144, …)`. */
function cellText(axes: readonly LaidAxis[], values: Int32Array): string {
  const said = axes.flatMap(({ path, values: all }, axis) =>
    values[axis]! < 0 ? [] : [`${path}=${typed(all[values[axis]!]!, path)}`],
  );
  return said.length === 0 ? '' : `(in the cell ${said.join(', ')})`;
}
