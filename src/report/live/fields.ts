import type { LedgerEntry } from '../../model/systems/ledger.ts';
import { fieldDoc } from '../../model/systems/ledger.ts';
import { resolvePrices } from '../../model/systems/resolve.ts';
import { cleanText } from '../words.ts';
import { PRICE_GROUPS } from './groups.ts';
import type { LiveComparison } from './reprice.ts';
import { isPriceValue, mostOf, type PriceName } from './settings.ts';

/** A price as the panel shows it. */
export interface PriceField {
  readonly name: PriceName;
  readonly description: string;
  readonly unit: string;
  readonly role: LedgerEntry['role'];
  readonly source: string;
  /** Distinct values of the page's systems in numbers, ascending. */
  readonly starts: readonly number[];
  /** Whether the systems write it as a word (`recorded`), which no number field can hold. */
  readonly word: string | null;
  /** Whether zero is no value. */
  readonly positive: boolean;
  /** Upper end of the slider, and the step that its values are rounded to. */
  readonly high: number;
  readonly step: number;
  /** Whether it has an effect on this page's systems. */
  readonly matters: boolean;
}

/** Prices that act where contention is solved, and nowhere else. */
const SOLVED: readonly PriceName[] = ['controller_ns', 'memory_ns', 'message_ns', 'line_ns', 'hop_ns'];

/** Where a slider starts that has nothing else to go by. */
const SOME = 100;

/** The fields of all prices by group; groups without any are left out. */
export function priceFields(
  all: readonly LiveComparison[],
  ledger: (system: string) => readonly LedgerEntry[],
  isIdle: (path: string) => boolean,
): { readonly group: string; readonly fields: readonly PriceField[] }[] {
  const runs = all.flatMap(({ start, runs: of }) => of.map((run) => ({ run, summary: start.trace.summary })));
  const frozen = runs.some(({ run }) => run.frozen);
  const systems = [...new Set(runs.map(({ run }) => run.label))];
  return PRICE_GROUPS.map(({ name: group, prices }) => ({
    group,
    fields: prices.map((name): PriceField => {
      const path = `prices.${name}`;
      const doc = fieldDoc(path);
      const entries = systems.flatMap((system) => ledger(system).filter((entry) => entry.path === path));
      const written = runs.map(({ run }) => run.prices[name]).find((value) => typeof value === 'string');
      const values = runs.map(
        ({ run, summary }) => resolvePrices({ ...run.system, prices: run.prices }, summary)[name],
      );
      const starts = [...new Set(values)].sort((a, b) => a - b);
      const usual = Math.max(...starts) || (typeof doc.default === 'number' && doc.default) || SOME;
      const { high, step } = reach(usual, mostOf(name));
      return {
        name,
        description: cleanText(doc.description),
        unit: doc.unit,
        role: entries[0]?.role ?? doc.role,
        source: [...new Set(entries.map(({ source }) => cleanText(source)))].filter(Boolean).join('; '),
        starts,
        word: written ?? null,
        positive: !isPriceValue(name, 0),
        high,
        step,
        matters: !isIdle(path) && !(frozen && SOLVED.includes(name)),
      };
    }),
  }));
}

/** A slider from 0 to about three times a value, no further than `most`: its end has two digits, its step is a hundredth of their power of ten. */
function reach(value: number, most: number): { readonly high: number; readonly step: number } {
  const power = 10 ** Math.floor(Math.log10(3 * value));
  const high = (Math.ceil((30 * value) / power) * power) / 10;
  return { high: Math.min(most, Number(high.toPrecision(2))), step: Number((power / 100).toPrecision(1)) };
}
