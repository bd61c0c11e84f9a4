import type { Role } from '../model/systems/fields.ts';
import { ledger } from '../model/systems/ledger.ts';
import { applyOverrides, parseOverride } from '../model/systems/load.ts';
import { withNodes } from '../model/systems/resolve.ts';
import type { System } from '../model/systems/schema.ts';
import { isUnused } from '../model/systems/unused.ts';
import { InputError } from '../trace/errors.ts';
import type { TraceHeader } from '../trace/types.ts';
import { isPrice } from './structure.ts';
import { PERCENT_BY_ROLE } from './uncertainty-ranges.ts';

/**
 * Inputs that nobody measured and that are structure: the bytes of a monitor's routine, the misses that make a page hot. To
 * move one takes a replay, so each is moved to the ends of its range alone, by the percent that prices are moved by.
 */

/** The same percent as for prices, but that a source states sizes and counts exactly: what is measured is not moved. */
const PERCENT: Readonly<Record<Role, number>> = { ...PERCENT_BY_ROLE, measured: 0 };

/** Ways, lines and nodes come in powers of two, and one more or less is no machine that anybody asks about. */
const GEOMETRY = 'machine.';

/** The range of an input, as factors of each system’s own value. All systems move together. */
export interface StructureRange {
  /** Path in the system, e.g. `monitor.routine_bytes`. */
  readonly path: string;
  /** The least certain role that any of the systems gives it. */
  readonly role: Role;
  readonly low: number;
  readonly high: number;
}

/** A system with the input at the low and at the high end; itself where there is no other value on that side. */
export interface Ends {
  readonly low: System;
  readonly high: System;
  /** What the input is in these, and in the system as it is. */
  readonly values: { readonly now: number; readonly low: number; readonly high: number };
}

export interface StructureInput {
  readonly range: StructureRange;
  /** By system; null: it has no such input, or one that cannot matter. */
  readonly ends: readonly (Ends | null)[];
}

export interface StructureInputs {
  readonly moved: readonly StructureInput[];
  /** Inputs that are not certain and have no other value within their range: whole numbers, powers of two. */
  readonly fixed: readonly string[];
  /** Measured sizes and counts, which their source states exactly: there is no range to move them in. */
  readonly exact: readonly string[];
}

export const NO_STRUCTURE: StructureInputs = { moved: [], fixed: [], exact: [] };

/** What can be moved of systems on a trace, in the order of their ledgers. */
export function structureInputs(
  systems: readonly System[],
  header: Pick<TraceHeader, 'cpus' | 'level' | 'vms'>,
): StructureInputs {
  const found = new Map<string, { role: Role; readonly values: Map<number, number> }>();
  const measured = new Set<string>();
  for (const [at, system] of systems.entries()) {
    const placed = withNodes(system, header);
    for (const { path, value, role } of ledger(system)) {
      if (isPrice(path) || role === 'chosen' || isUnused(path, placed, header) === true) continue;
      if (typeof value !== 'number' || !Number.isFinite(value) || value === 0) continue;
      if (PERCENT[role] === 0) {
        measured.add(path);
        continue;
      }
      const known = found.get(path) ?? { role, values: new Map() };
      if (PERCENT[role] > PERCENT[known.role]) known.role = role;
      found.set(path, known);
      known.values.set(at, value);
    }
  }
  const moved: StructureInput[] = [];
  const fixed: string[] = [];
  for (const [path, { role, values }] of found) {
    const percent = PERCENT[role];
    const range = { path, role, low: (100 - percent) / 100, high: (100 + percent) / 100 };
    const ends = systems.map((system, at): Ends | null => {
      const value = values.get(at);
      if (value === undefined || path.startsWith(GEOMETRY)) return null;
      const own = { system, value };
      const [low, high] = [range.low, range.high].map(
        (factor) => within(system, path, value, factor) ?? own,
      ) as [Moved, Moved];
      if (low === own && high === own) return null;
      return {
        low: low.system,
        high: high.system,
        values: { now: value, low: low.value, high: high.value },
      };
    });
    if (ends.every((end) => end === null)) fixed.push(path);
    else moved.push({ range, ends });
  }
  return { moved, fixed, exact: [...measured].filter((path) => !found.has(path)) };
}

/** A system with another value of an input. */
interface Moved {
  readonly system: System;
  readonly value: number;
}

/** The system with the value that is nearest to the end within the range; null: there is none but its own. */
function within(system: System, path: string, value: number, factor: number): Moved | null {
  const end = Number((value * factor).toPrecision(12));
  const whole = factor < 1 ? Math.ceil(end) : Math.floor(end);
  for (const candidate of [end, whole]) {
    if (candidate === value) continue;
    try {
      const [moved] = applyOverrides([system], [parseOverride(`${path}=${candidate}`)]);
      return { system: moved!, value: candidate };
    } catch (error) {
      // No such value: not whole, or no power of two.
      if (!(error instanceof InputError)) throw error;
    }
  }
  return null;
}

/** Every system that has to be replayed for inputs to be moved. */
export const endsOf = ({ moved }: StructureInputs): System[] =>
  moved.flatMap(({ ends }) => ends.flatMap((end) => (end === null ? [] : [end.low, end.high])));
