import type { LedgerEntry } from '../model/systems/ledger.ts';
import type { Facts } from './facts.ts';
import { idleInputs } from './idle-inputs.ts';
import { grouped } from './numbers.ts';
import { EMPTY_CELL, type Table, type TableCell, type TableRow } from './table.ts';
import { cleanText, plural } from './words.ts';

/** The inputs of a run as tables: the ledger, and what differs between two systems. */

export interface SystemDifference {
  readonly path: string;
  readonly a: unknown;
  readonly b: unknown;
}

/** What the report asks its caller about the systems, by name. */
export interface Inputs {
  readonly ledger: (system: string) => readonly LedgerEntry[];
  readonly difference: (a: string, b: string) => readonly SystemDifference[];
}

/** An input's value in words: `none` for null, a dash for what a system does not have. */
export function inputValue(value: unknown): string {
  if (value === undefined) return '–';
  if (value === null) return 'none';
  if (typeof value === 'number') return Number.isInteger(value) ? grouped(String(value)) : String(value);
  return cleanText(typeof value === 'string' ? value : JSON.stringify(value));
}

const inputCell = (value: unknown): TableCell => {
  if (value === undefined) return EMPTY_CELL;
  return typeof value === 'number'
    ? { text: inputValue(value), value }
    : { text: inputValue(value), value: inputValue(value) };
};

/** Distinct names of the systems of all traces, in order of appearance. */
function systemNames(all: readonly Facts[]): string[] {
  return [...new Set(all.flatMap((facts) => facts.runs.map((run) => run.run.name)))];
}

export interface Ledger {
  /** Inputs that can have had an effect. */
  readonly table: Table;
  /** Of these per role, each path counted once. */
  readonly roles: ReadonlyMap<LedgerEntry['role'], number>;
  readonly inputs: number;
  /** Paths of the others. */
  readonly idle: readonly string[];
}

/** Every input with an effect once, with its value in each system; sources that differ by system are all named. */
export function ledgerOf(all: readonly Facts[], inputs: Inputs): Ledger {
  const names = systemNames(all);
  const ledgers = names.map((name) => new Map(inputs.ledger(name).map((entry) => [entry.path, entry])));
  const known = [...new Set(ledgers.flatMap((ledger) => [...ledger.keys()]))];
  const isIdle = idleInputs(all);
  const idle = known.filter(isIdle);
  const paths = known.filter((path) => !idle.includes(path));
  const roles = new Map<LedgerEntry['role'], number>();
  const rows = paths.map((path): TableRow => {
    const entries = ledgers.map((ledger) => ledger.get(path));
    const present = entries.filter((entry) => entry !== undefined);
    const role = present[0]!.role;
    roles.set(role, (roles.get(role) ?? 0) + 1);
    const distinct = (pick: (entry: LedgerEntry) => string): string =>
      [...new Set(present.map(pick))].filter((text) => text !== '').join('; ');
    const words = (text: string): TableCell => ({ text: cleanText(text), value: cleanText(text) });
    return {
      kind: 'part',
      label: path,
      path,
      differs: new Set(entries.map((entry) => inputValue(entry?.value))).size > 1,
      cells: [
        ...entries.map((entry) => inputCell(entry?.value)),
        words(distinct((entry) => entry.unit)),
        words(distinct((entry) => entry.role)),
        words(distinct((entry) => entry.source)),
      ],
    };
  });
  const order = paths.map((path) => path.split('.')[0]!);
  const sections = [...new Set(order)].flatMap((section): TableRow[] => [
    { kind: 'group', label: section, path: section, cells: [] },
    ...rows.filter((_, i) => order[i] === section),
  ]);
  return {
    roles,
    inputs: paths.length,
    idle,
    table: {
      caption:
        'Every input of the model that can have an effect in this run. Values in bold differ between the systems; a dash: not in this system.',
      corner: 'input',
      groups: [
        ...names.map((name) => ({ name: cleanText(name), columns: [{ head: 'value', raw: '' }] })),
        {
          name: '',
          columns: [
            { head: 'unit', raw: 'unit', text: true },
            { head: 'role', raw: 'role', text: true },
            { head: 'source', raw: 'source', text: true },
          ],
        },
      ],
      rows: sections,
    },
  };
}

/** One thing that differs: a setting, or the monitor as a whole where one system has none. */
export interface Factor {
  readonly name: string;
  /** `path=value` that gives a system the value of `a`, for `--set`. */
  readonly set: string;
  readonly differences: readonly SystemDifference[];
}

/** Settings that differ without being factors: names for tables and charts. */
const NAMES = new Set(['name', 'description', 'os.name', 'monitor.name']);

/** What differs between two systems, the presence of a monitor being one factor with all its settings. */
export function factorsBetween(differences: readonly SystemDifference[]): Factor[] {
  const relevant = differences.filter(({ path }) => !NAMES.has(path));
  const presence = differences.some(
    ({ path, a, b }) =>
      path === 'monitor' && (a === null || b === null || a === undefined || b === undefined),
  );
  const monitor = relevant.filter(({ path }) => path === 'monitor' || path.startsWith('monitor.'));
  const whole =
    presence ||
    (monitor.length > 0 &&
      (monitor.every(({ a }) => a === undefined) || monitor.every(({ b }) => b === undefined)));
  const rest = whole ? relevant.filter((difference) => !monitor.includes(difference)) : relevant;
  const settings = rest.map((difference) => ({
    name: cleanText(difference.path),
    set: `${cleanText(difference.path)}=${typeof difference.a === 'number' ? difference.a : inputValueForSet(difference.a)}`,
    differences: [difference],
  }));
  if (!whole) return settings;
  const factor = { name: 'the monitor', set: 'monitor=null', differences: monitor };
  return [factor, ...settings];
}

const inputValueForSet = (value: unknown): string =>
  value === undefined || value === null ? 'null' : inputValue(value);

/** The differences as a table, `a` before `b`; what has no effect is left out. */
export function differenceTable(
  a: string,
  b: string,
  factors: readonly Factor[],
  isIdle: (path: string) => boolean,
): Table {
  const all = factors.flatMap((factor) => factor.differences);
  const differences = all.filter(({ path }) => !isIdle(path));
  const idle = all.length - differences.length;
  const left = idle === 0 ? '' : `, ${idle} of them without effect here and left out`;
  return {
    caption: `${all.length} ${plural(all.length, 'setting differs', 'settings differ')} between ${a} and ${b}${left}.`,
    corner: 'setting',
    groups: [a, b].map((name) => ({ name, columns: [{ head: 'value', raw: '' }] })),
    rows: differences.map(({ path, a: before, b: after }) => ({
      kind: 'part',
      label: cleanText(path),
      path: cleanText(path),
      cells: [inputCell(before), inputCell(after)],
    })),
  };
}
