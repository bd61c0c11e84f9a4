import type { Sensitivity } from '../model/pricing/sensitivity.ts';
import type { Facts, RunFacts } from './facts.ts';
import { listed } from './numa.ts';
import { MINUS, percent, percentFigure, signed } from './numbers.ts';
import { EMPTY_CELL, type Table, type TableCell, type TableRow } from './table.ts';
import { plural } from './words.ts';

/** How far differences rest on prices that were not measured, in words and as a table. */

/** A run beside its baseline whose prices were moved. */
interface Moved {
  readonly facts: Facts;
  readonly run: RunFacts;
  readonly sensitivity: Sensitivity;
}

function movedRuns(all: readonly Facts[]): Moved[] {
  return all.flatMap((facts) =>
    facts.others.flatMap((run) => {
      const { sensitivity } = run.run;
      return sensitivity === null ? [] : [{ facts, run, sensitivity }];
    }),
  );
}

const change = (value: number): string => signed(value, percent(value));

/** Prices are moved in the time of all CPUs; said where the headline compares times from start to end. */
const together = ({ baseline }: Facts, run: RunFacts): string =>
  run.cpus === baseline.cpus ? '' : ', all CPUs together';

const priceName = (path: string): string => path.replace(/^prices\./, '');

/** Prices that a sentence names. */
const NAMED = 3;

/** The prices that move a difference most; empty where none does. */
function most({ sensitivity: { effects } }: Moved): string {
  if (effects.length === 0) return '';
  const named = listed(effects.slice(0, NAMED).map(({ path }) => priceName(path)));
  if (effects.length === 1) return `${named} alone moves it`;
  return `${named} move it${effects.length > NAMED ? ' most' : ''}`;
}

const LIMITS =
  'That is no error bar: the step is a convention, prices are not moved together, and sizes, policies and counts not at all; queueing and other waiting for CPUs keep their time.';

/** The range of the largest difference of a run, and what it is not; empty where no prices were moved. */
export function sensitivityText(all: readonly Facts[]): string {
  const runs = movedRuns(all);
  if (runs.length === 0) return '';
  const size = ({ sensitivity }: Moved): number => Math.abs(sensitivity.change);
  const largest = runs.reduce((a, b) => (size(b) > size(a) ? b : a));
  const { facts, run, sensitivity } = largest;
  const { low, high, step_percent: step } = sensitivity;
  const moved = `each assumed or calibrated price were ${step} % lower or higher, one at a time`;
  const range = low === high ? 'the same' : `between ${change(low)} and ${change(high)}`;
  const reasons = most(largest);
  return (
    `The difference of ${run.name} on ${facts.short} is ${change(sensitivity.change)}${together(facts, run)}. If ${moved}, it would be ${range}` +
    `${reasons === '' ? '' : `; ${reasons}`}. ${LIMITS}`
  );
}

/** One line for a system in the terminal; empty where no prices were moved. */
export function sensitivityLine(facts: Facts, run: RunFacts): string {
  const { sensitivity } = run.run;
  if (sensitivity === null) return '';
  const { low, high, step_percent: step } = sensitivity;
  const reasons = most({ facts, run, sensitivity });
  const range = low === high ? 'the same' : `${change(low)} to ${change(high)}`;
  return (
    `${run.name}: ${change(sensitivity.change)}${together(facts, run)}, and ${range} if assumed or calibrated prices were ${step} % lower or higher, one at a time ` +
    `(${reasons === '' ? '' : `${reasons}; `}no error bar).`
  );
}

/** Prices in the table and differences beside each other at most; the JSON file has all. */
const ROWS = 12;
const COLUMNS = 6;

/** The differences with less and with more of each price, the most important first; null where none were moved. */
export function sensitivityTable(all: readonly Facts[]): Table | null {
  const runs = movedRuns(all);
  const shown = [...runs]
    .sort((a, b) => Math.abs(b.sensitivity.change) - Math.abs(a.sensitivity.change))
    .slice(0, COLUMNS);
  const reach = new Map<string, number>();
  for (const { sensitivity } of shown)
    for (const { path, less, more } of sensitivity.effects) {
      const size = Math.max(Math.abs(less - sensitivity.change), Math.abs(more - sensitivity.change));
      reach.set(path, Math.max(reach.get(path) ?? 0, size));
    }
  const paths = [...reach].sort((a, b) => b[1] - a[1]).map(([path]) => path);
  const [first] = shown;
  if (first === undefined || paths.length === 0) return null;
  const cell = (value: number): TableCell => ({ text: signed(value, percentFigure(value)), value });
  const step = first.sensitivity.step_percent;
  const left = paths.length - ROWS;
  return {
    caption:
      `Difference to the baseline, percent of its time, with each assumed or calibrated price ${step} % lower and higher by itself. ` +
      `Largest effect first${left > 0 ? `; ${left} more ${plural(left, 'price has', 'prices have')} a smaller one` : ''}${runs.length > COLUMNS ? `; the ${COLUMNS} largest differences` : ''}. ${LIMITS}`,
    corner: 'price',
    groups: shown.map(({ facts, run }) => ({
      name: all.length === 1 ? run.name : `${run.name}, ${facts.short}`,
      columns: [
        { head: `${MINUS}${step} %`, raw: 'percent with less' },
        { head: `+${step} %`, raw: 'percent with more' },
      ],
    })),
    rows: [
      ...paths.slice(0, ROWS).map((path): TableRow => {
        const cells = shown.flatMap(({ sensitivity }) => {
          const effect = sensitivity.effects.find((one) => one.path === path);
          if (effect === undefined) return [EMPTY_CELL, EMPTY_CELL];
          return [cell(effect.less), cell(effect.more)];
        });
        return { kind: 'part', label: priceName(path), path, cells };
      }),
      {
        kind: 'sum',
        label: 'lowest and highest',
        path: 'lowest and highest',
        cells: shown.flatMap(({ sensitivity }) => [cell(sensitivity.low), cell(sensitivity.high)]),
      },
    ],
  };
}
