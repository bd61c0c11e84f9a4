import { numberId } from './keys.ts';
import { PUBLISHED } from './published.ts';
import type { ComparedNumber, NumberRole, SpreadValue } from './reproduction.ts';
import { isBaseline, isTotal, partsOfTotal, printedTotal, sideOf, unscoredReason } from './rules.ts';
import type { Exhibit, InputInfo, NumberKey } from './types.ts';

/** Modelled values by the names of numbers. */
export type Modelled = ReadonlyMap<string, number>;

export interface ScaledNumbers {
  readonly scale: number;
  readonly modelled: Modelled;
}

/** The published numbers of some exhibits, each with its role and what the model gives for it. */
export function compare(
  inputs: readonly InputInfo[],
  exhibits: readonly Exhibit[],
  modelled: Modelled,
  spreads: readonly ScaledNumbers[] = [],
): ComparedNumber[] {
  const values = withTotals(modelled);
  const others = spreads.map(({ scale, modelled: other }) => ({ scale, values: withTotals(other) }));
  const fitted = fittedTo(inputs);
  return PUBLISHED.filter(({ exhibit }) => exhibits.includes(exhibit)).map((number) => {
    const id = numberId(number);
    const reason = unscoredReason(number);
    const calibrates = fitted.get(id) ?? [];
    return {
      ...number,
      id,
      side: sideOf(number),
      role: roleOf(calibrates, reason, values.has(id)),
      reason,
      calibrates,
      modelled: values.get(id) ?? null,
      spread: others.flatMap(({ scale, values: other }): SpreadValue[] =>
        other.has(id) ? [{ scale, value: other.get(id)! }] : [],
      ),
    };
  });
}

function roleOf(calibrates: readonly string[], reason: string | null, isModelled: boolean): NumberRole {
  if (reason !== null) return 'unscored';
  if (!isModelled) return 'missing';
  return calibrates.length > 0 ? 'calibrated' : 'predicted';
}

/**
 * The inputs that were fitted to each number. Who fits a total predicts one part less: the largest that nothing was
 * fitted to counts as fitted, too. So does the last part of a baseline's bar whose other parts were fitted, as the bar
 * adds up to 100 whatever the model says.
 */
export function fittedTo(inputs: readonly InputInfo[]): ReadonlyMap<string, readonly string[]> {
  const fitted = new Map<string, string[]>();
  for (const { path, calibratedOn = [] } of inputs)
    for (const id of calibratedOn) fitted.set(id, [...(fitted.get(id) ?? []), path]);
  for (const total of PUBLISHED.filter(isTotal)) {
    const paths = fitted.get(numberId(total));
    if (paths === undefined) continue;
    const free = partsOfTotal(total).filter(
      (part) => unscoredReason(part) === null && !fitted.has(numberId(part)),
    );
    const largest = free.reduce<(typeof free)[number] | null>(
      (a, b) => (a === null || b.value > a.value ? b : a),
      null,
    );
    if (largest !== null) fitted.set(numberId(largest), paths);
  }
  for (const baseline of PUBLISHED.filter(isBaseline)) {
    const parts = partsOfTotal(baseline).filter((part) => unscoredReason(part) === null);
    const free = parts.filter((part) => !fitted.has(numberId(part)));
    if (free.length === 1 && parts.length > 1)
      fitted.set(numberId(free[0]!), [...new Set(parts.flatMap((part) => fitted.get(numberId(part)) ?? []))]);
  }
  return fitted;
}

/** How far a total may be from the sum of its parts: floating-point dust. */
const DUST = 1e-6;

/**
 * Adds the totals that follow from modelled parts.
 * @throws Error if an experiment gives a total that its parts do not add up to (a defect).
 */
function withTotals(modelled: Modelled): Modelled {
  const values = new Map(modelled);
  const sumOf = (total: NumberKey): number | null => {
    const parts = partsOfTotal(total).map((part) => modelled.get(numberId(part)));
    return parts.some((part) => part === undefined)
      ? null
      : parts.reduce<number>((sum, part) => sum + part!, 0);
  };
  for (const total of PUBLISHED.filter(isTotal)) {
    const sum = sumOf(total);
    const id = numberId(total);
    const given = values.get(id);
    if (sum !== null && given !== undefined && Math.abs(given - sum) > DUST * Math.max(1, Math.abs(sum)))
      throw new Error(`${id} is ${given}, but its parts add up to ${sum}`);
    const value = given ?? sum;
    if (value === null) continue;
    values.set(id, value);
    const printed = printedTotal(total);
    if (printed !== null && !values.has(printed)) values.set(printed, value);
  }
  return values;
}
