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

/**
 * After pricing: whether intervals were what they were meant to be. `instructions`: of all CPUs together;
 * `elapsed_ns`: of the run, idle time included. The realised rate is ns per instruction of one CPU; a nominal rate of
 * that value would make the intervals right, if it did not change the run.
 */
export function checkIntervals(
  management: PageManagement,
  run: { readonly cpus: number; readonly instructions: number; readonly elapsed_ns: number },
): { readonly realised_ns_per_instruction: number; readonly warning: string | null } {
  const nominal = management.nominal_ns_per_instruction;
  const realised = run.instructions === 0 ? nominal : (run.elapsed_ns * run.cpus) / run.instructions;
  const ratio = realised / nominal;
  const off = management.policy !== 'none' && Math.abs(ratio - 1) > TOLERANCE;
  return {
    realised_ns_per_instruction: realised,
    warning: off
      ? `Intervals of page policy ${management.policy} were ${ratio.toFixed(2)} times as long as asked for: an ` +
        `instruction took ${realised.toFixed(2)} ns, pages.nominal_ns_per_instruction says ${nominal}`
      : null,
  };
}
