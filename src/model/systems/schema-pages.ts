import { z } from 'zod';
import type { PageInfo, PagePolicy } from '../paging/policies/policy.ts';
import { POLICIES, type PolicyName } from '../paging/policies/registry.ts';
import { chosen, field } from './fields.ts';

/**
 * Page placement policies in a system: which one, and the options of each. Times are in ns, and become
 * instructions before a replay, at a rate that the system declares.
 */

const names = Object.keys(POLICIES) as PolicyName[];

/** Options of every policy that has some, by its name. */
type OptionsOf = {
  [Name in Exclude<PolicyName, 'none'>]: z.ZodPrefault<(typeof POLICIES)[Name]['options']>;
};
const optionsOf = Object.fromEntries(
  names
    .filter((name) => name !== 'none')
    .map((name) => [name, (POLICIES[name].options as z.ZodObject).prefault({})]),
) as unknown as OptionsOf;

export const pages = z.strictObject({
  policy: field(
    z.enum(names),
    'none',
    chosen(
      'moves pages to the nodes that use them: none; disco (counters of cache misses, migration and ' +
        'replication); numa-balancing (Linux’s hinting faults)',
    ),
  ),
  nominal_ns_per_instruction: field(z.number().positive().finite(), 4, {
    description:
      'time of an instruction with its stalls, by which intervals become instructions; a run says how far it was off',
    unit: 'ns',
    source:
      '2.5 ns of execution are 45 % (Engineering) and 67 % (Raytrace) of Disco’s time in SOSP’97, Figure 8: 5.5 and 3.7 ns',
    role: 'assumed',
  }),
  ...optionsOf,
});

export type PageManagement = z.output<typeof pages>;

/** Instructions of all CPUs together in `ns` of time, if each CPU takes `nsPerInstruction`; at least one. */
export function instructionsIn(ns: number, nsPerInstruction: number, cpus: number): number {
  return Math.max(1, Math.round((ns / nsPerInstruction) * cpus));
}

export function createPagePolicy(management: PageManagement, info: PageInfo): PagePolicy {
  const { policy, nominal_ns_per_instruction: nominal } = management;
  return POLICIES[policy].create(policy === 'none' ? {} : management[policy], {
    info,
    instructions: (ns) => instructionsIn(ns, nominal, info.cpus),
  });
}

/** How far the realised rate may be from the nominal one without a warning. */
const TOLERANCE = 0.25;
/** Intervals that a run is advised to have. */
const ADVISED = 10;

/** A policy’s interval, what comes when it ends, and the settings that give a run so many of it. */
interface Interval {
  readonly first_ns: number;
  readonly every_ns: number;
  readonly never: string;
  readonly paths: readonly string[];
}

function intervalOf(management: PageManagement): Interval | null {
  const { policy } = management;
  if (policy === 'none') return null;
  const path = (name: string): string => `pages.${policy}.${name}`;
  if (policy === 'disco') {
    const { reset_interval_ns: every } = management.disco;
    const paths = [path('reset_interval_ns')];
    return { first_ns: every, every_ns: every, never: 'never reset its counters', paths };
  }
  const { scan_delay_ns: first, scan_period_ns: every } = management[policy];
  const paths = [path('scan_delay_ns'), path('scan_period_ns')];
  return { first_ns: first, every_ns: every, never: 'never scanned, and so did nothing', paths };
}

/** Three digits are as much as a rate is known to. */
const digits = (value: number, count: number): string => `${Number(value.toPrecision(count))}`;

/**
 * After pricing: whether intervals were what they were meant to be, and what to set if not. `instructions`: of all CPUs
 * together, `elapsed_ns`: their time, idle time included; `replayed`: the same instructions and those of the warm-up, in
 * which the policy is at work too. The realised rate is ns per instruction of one CPU; a nominal rate of that value makes
 * intervals right, if it does not change the run.
 */
export function checkIntervals(
  management: PageManagement,
  run: {
    readonly cpus: number;
    readonly instructions: number;
    readonly elapsed_ns: number;
    readonly replayed: number;
  },
): { readonly realised_ns_per_instruction: number; readonly warning: string | null } {
  const { policy, nominal_ns_per_instruction: nominal } = management;
  const realised = run.instructions === 0 ? nominal : (run.elapsed_ns * run.cpus) / run.instructions;
  const interval = intervalOf(management);
  const said = (warning: string | null) => ({ realised_ns_per_instruction: realised, warning });
  if (interval === null || run.instructions === 0) return said(null);
  const { first_ns, every_ns, never, paths } = interval;
  const each = run.replayed / run.cpus;
  const off = Math.abs(realised / nominal - 1) > TOLERANCE;
  const happened = each * nominal >= first_ns;
  if (happened && !off) return said(null);
  const what = happened
    ? `Intervals of page policy ${policy} were ${digits(realised / nominal, 3)} times as long as asked for`
    : `Page policy ${policy} ${never}`;
  // In the run's own time there is an interval, if the rate is put right.
  if (happened || (off && each * realised >= first_ns))
    return said(
      `${what}: an instruction took ${digits(realised, 3)} ns, not ${nominal}; ` +
        `--set pages.nominal_ns_per_instruction=${digits(realised, 3)} makes them last as asked for`,
    );
  const value = digits((each * nominal) / ADVISED, 2);
  return said(
    `${what}: the first comes after ${instructionsIn(first_ns, nominal, run.cpus)} instructions` +
      `${first_ns === every_ns ? '' : ` and then one in ${instructionsIn(every_ns, nominal, run.cpus)}`}, the run has ` +
      `${run.replayed}; ${paths.map((path) => `--set ${path}=${value}`).join(' ')} gives it about ${ADVISED}`,
  );
}
