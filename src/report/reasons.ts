import type { Category, Cause } from '../model/pricing/breakdown.ts';
import type { Change, Step } from './facts.ts';
import { cellLabel, cellName } from './words.ts';

/**
 * Why a total changes, for sentences. Work that a monitor takes over from the guest falls in one step and
 * rises in another; that alone is no cost. So where the two sides of such a pair (the kernel's and the monitor's) move
 * against each other, both count as one reason by their net. The waterfall and all tables keep the steps apart.
 */
export interface Reason {
  /** A noun phrase that can end "the added time goes to …". */
  readonly name: string;
  /** The same in few words, for a table. */
  readonly label: string;
  readonly ps: number;
  /** Whether several steps of opposite signs are in it. */
  readonly together: boolean;
}

interface Pair {
  readonly name: string;
  readonly label: string;
  /** The two sides: categories with the causes that belong together. */
  readonly sides: readonly [Side, Side];
}

type Side = readonly [category: Category, causes: readonly Cause[]];

const PAIRS: readonly Pair[] = [
  {
    name: 'page faults and monitor calls',
    label: 'page faults and monitor calls',
    sides: [
      ['kernel', ['page_fault']],
      ['monitor', ['page_fault', 'monitor_call']],
    ],
  },
  {
    name: 'TLB refills, reloads and writes',
    label: 'TLB refills, reloads, writes',
    sides: [
      ['kernel', ['tlb_refill']],
      ['monitor', ['l2tlb_reload', 'tlb_write_emulation']],
    ],
  },
  // Files that are on a server are not on a disk.
  {
    name: 'waiting for disks and for the server',
    label: 'idle, disks and server',
    sides: [
      ['idle', ['idle']],
      ['idle', ['network']],
    ],
  },
];

const sum = (steps: readonly Step[]): number => steps.reduce((total, step) => total + step.ps, 0);

/** The reasons of a change, none of them zero; their sum is the difference. */
export function reasonsOf(change: Change): Reason[] {
  const taken = new Set<Step>();
  const pairs = PAIRS.flatMap(({ name, label, sides }): Reason[] => {
    const [before, after] = sides.map(([category, causes]) =>
      change.steps.filter((step) => step.category === category && causes.includes(step.cause)),
    ) as [Step[], Step[]];
    if (Math.sign(sum(before)) * Math.sign(sum(after)) !== -1) return [];
    for (const step of [...before, ...after]) taken.add(step);
    return [{ name, label, ps: sum(before) + sum(after), together: true }];
  });
  const single = change.steps
    .filter((step) => !taken.has(step))
    .map(({ category, cause, ps }) => ({
      name: cellName(category, cause),
      label: cellLabel(category, cause),
      ps,
      together: false,
    }));
  return [...single, ...pairs];
}

/** The reason that adds most, or null where nothing does. */
export function mostAdded(change: Change): Reason | null {
  return reasonsOf(change).reduce<Reason | null>(
    (most, reason) => (reason.ps > (most?.ps ?? 0) ? reason : most),
    null,
  );
}
