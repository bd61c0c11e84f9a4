import { groupOf, numberId, partOf } from './keys.ts';
import { PUBLISHED } from './published.ts';
import type { NumberKey, PublishedNumber } from './types.ts';

/**
 * Which published numbers say something about the model. A number that cannot come out wrong, or that repeats others,
 * counts for nothing in any score or ratio.
 */

/** `disco`: measured under the monitor; `irix`: the comparison systems, on UMA too. */
export type Side = 'disco' | 'irix';

const IRIX = /^irix/;

export const sideOf = ({ system }: NumberKey): Side => (IRIX.test(system) ? 'irix' : 'disco');

/** Whether a number is the sum of others that are published, too. */
export const isTotal = (key: NumberKey): boolean => ['total', 'slowdown'].includes(partOf(key));
const NO_PART = /^(total|total_printed|slowdown|misses_local)$/;

const sameBar = (a: NumberKey, b: NumberKey): boolean =>
  a.exhibit === b.exhibit && a.workload === b.workload && a.system === b.system && groupOf(a) === groupOf(b);

/** The segments of a total (the parts of a slowdown). */
export const partsOfTotal = (total: NumberKey): readonly PublishedNumber[] =>
  PUBLISHED.filter((number) => sameBar(number, total) && !NO_PART.test(partOf(number)));

/** The name of the printed total beside a total of the artwork; null: there is none. */
export function printedTotal(total: NumberKey): string | null {
  const printed = { ...total, quantity: `${total.quantity}_printed` };
  return PUBLISHED.some((number) => numberId(number) === numberId(printed)) ? numberId(printed) : null;
}

/** Whether a number is the whole bar that an exhibit's other bars are percentages of. */
export const isBaseline = ({ quantity, system, unit, value }: PublishedNumber): boolean =>
  quantity === 'total' && IRIX.test(system) && unit.startsWith('percent') && value === 100;

interface Rule {
  readonly reason: string;
  readonly holds: (number: PublishedNumber) => boolean;
}

/** The first that holds gives the reason. */
const RULES: readonly Rule[] = [
  {
    reason: 'a printed total beside the same total in the artwork',
    holds: ({ quantity }) => quantity.endsWith('total_printed'),
  },
  {
    reason: 'the baseline’s own 100',
    holds: isBaseline,
  },
  {
    reason: 'Table 2 misprints it: the parts do not add up to it',
    holds: ({ exhibit, quantity }) => exhibit === 'table2' && quantity === 'write.slowdown',
  },
  { reason: 'the sum of its parts, which are compared', holds: isTotal },
  {
    reason: 'zero by definition: IRIX runs without a monitor',
    holds: ({ system, quantity, value }) => IRIX.test(system) && /monitor$/.test(quantity) && value === 0,
  },
  {
    reason: 'zero by definition: this workload waits for no disk',
    holds: ({ exhibit, workload, quantity, value }) =>
      exhibit === 'figure5' && workload !== 'pmake' && quantity === 'idle' && value === 0,
  },
  {
    reason:
      'zero by definition: SplashOS is linked to the program and has no kernel time, locks or idling of its own',
    holds: ({ system, value }) => system === 'splashos_on_disco' && value === 0,
  },
  {
    reason: 'zero by definition: a TLB refill asks the monitor for no page',
    holds: ({ exhibit, quantity, value }) =>
      exhibit === 'table2' && /^(quick_fault|utlb_miss)\.monitor_calls/.test(quantity) && value === 0,
  },
  {
    reason: 'by definition: all memory of the UMA machine is local',
    holds: ({ system, quantity }) =>
      system === 'irix_uma' && ['remote_stall', 'misses_local'].includes(quantity),
  },
  {
    reason: 'repeats the virtual footprint: IRIX on the bare machine shares with nobody',
    holds: ({ system, quantity }) => system === 'irix' && quantity.startsWith('machine.'),
  },
  {
    reason: 'repeats the virtual footprint: one virtual machine shares with nobody',
    holds: ({ system, quantity }) => system === '1vm' && quantity.startsWith('machine.'),
  },
  {
    reason: 'repeats the virtual footprint: the monitor’s own memory is not virtual',
    holds: ({ quantity }) => quantity === 'machine.monitor',
  },
];

const REASONS: ReadonlyMap<string, string> = new Map(
  PUBLISHED.flatMap((number) => {
    const rule = RULES.find(({ holds }) => holds(number));
    return rule === undefined ? [] : [[numberId(number), rule.reason] as const];
  }),
);

/** Why a published number is not scored; null: it is. */
export const unscoredReason = (key: NumberKey): string | null => REASONS.get(numberId(key)) ?? null;
