/**
 * Which systems one pass over a trace serves together: those that differ in the size and ways of caches, where no
 * reference depends on these. What makes that so, condition by condition (docs/one-pass.md says the same in words):
 *
 * - One CPU, one node, no coherence: nobody takes lines from another's cache, no page is placed or moved by its
 *   misses, there is no traffic to divide into windows, and no virtual CPU is scheduled.
 * - Then nothing outside the caches looks into them. TLB misses, handlers, the monitor's work and everything else that
 *   is injected follow from the references, the events and the TLB, so all systems that agree in everything but
 *   cache geometry make the same references, whatever they inject.
 * - The number of TLB entries decides how often the refill handler goes through the caches: another stream each.
 *
 * How much work they share (`side-by-side.ts`): caches are LRU and write-allocate throughout, under every counting rule,
 * and a store that hits is a use.
 *
 * - An L1I and an L1D without an L2 see the fetches and the data: all their sizes and ways go together.
 * - An L2 that is not inclusive sees the misses (and, by rule, dirty victims) of its L1s, which do not know it: all its
 *   sizes and ways go together, for one geometry of the L1s.
 * - An inclusive L2 takes lines from its L1s, so each size is another history of the L1s: all that is shared are
 *   translation, what is injected, and references to what was used last in its set everywhere.
 */
import type { TraceHeader } from '../../trace/types.ts';
import { coherenceOf } from '../hardware/kernel.ts';
import { cpusOf, streamForm } from '../streams.ts';
import { systemFor } from '../systems/resolve.ts';
import type { Machine, System } from '../systems/schema.ts';
import { MOST_WAYS } from './stacks.ts';

/** Systems that one pass serves; `members` are their places in the list. */
export interface Family {
  /** A system like all of them, with the most sets that any has in each cache: what decides the words. */
  readonly lead: System;
  readonly members: readonly number[];
  /** The members' machines. */
  readonly machines: readonly Machine[];
}

export interface GeometryPlan {
  readonly families: readonly Family[];
  /** By system: null if a family has it, else why it needs a replay of its own, as a clause. */
  readonly reasons: readonly (string | null)[];
}

/** Finds the families among systems on a trace with this header. */
export function planGeometry(systems: readonly System[], header: TraceHeader): GeometryPlan {
  const placed = systems.map((system) => systemFor(system, header));
  const reasons = placed.map((system) => whyNot(system, header));
  const groups = new Map<string, number[]>();
  for (const [at, system] of placed.entries()) {
    if (reasons[at] !== null) continue;
    const key = familyKey(system);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [at]);
    else group.push(at);
  }
  const families: Family[] = [];
  for (const members of groups.values()) {
    if (members.length > 1) families.push(familyOf(placed, members));
    else reasons[members[0]!] = whyAlone(placed, members[0]!);
  }
  return { families, reasons };
}

/** Why a system (its nodes and coherence resolved) cannot be in a family; null if it can. */
export function whyNot(system: System, header: TraceHeader): string | null {
  const { machine } = system;
  const { l1i, l1d, l2 } = machine;
  const cpus = cpusOf(system, header.cpus);
  const form = streamForm(system, header.cpus);
  if (cpus !== 1) return `it has ${cpus} CPUs, whose traffic is kept by window`;
  if (cpus < header.cpus && machine.cpu_assignment === 'one-to-one')
    return 'it has fewer CPUs than the trace';
  if (form.schedule !== null || form.vms !== 1) return 'its CPU runs several virtual machines in turn';
  if (machine.nodes !== 1) return `it has ${machine.nodes} nodes, and pages are placed by misses`;
  if (coherenceOf(machine, cpus) !== 'none')
    return 'its caches are coherent, and pages may move by their misses';
  for (const cache of [l1i, l1d, l2])
    if (cache && cache.ways > MOST_WAYS) return `a cache has more than ${MOST_WAYS} ways`;
  return null;
}

/** Why a system that could be in a family is in none. */
function whyAlone(systems: readonly System[], at: number): string {
  const tlbAside = ({ machine, ...rest }: System): string =>
    familyKey({
      ...rest,
      machine: { ...machine, tlb: machine.tlb && { ...machine.tlb, entries: 1, wired: 0 } },
    });
  const mine = tlbAside(systems[at]!);
  if (systems.some((other, i) => i !== at && tlbAside(other) === mine))
    return 'its TLB differs in entries: the refills that this decides go through the caches';
  return 'no other system differs from it in the geometry of caches alone';
}

/** Equal for systems that differ in names, prices and the geometry of caches. */
function familyKey({ machine, os, monitor, pages }: System): string {
  const { l1i, l1d, l2 } = machine;
  const line = (cache: { readonly line: number } | null) => cache && { line: cache.line };
  const varied = { l1i: line(l1i), l1d: line(l1d), l2: l2 && { ...l2, size: 0, ways: 0 } };
  return JSON.stringify([{ ...machine, ...varied }, os, monitor, pages]);
}

function familyOf(systems: readonly System[], members: readonly number[]): Family {
  const machines = members.map((at) => systems[at]!.machine);
  const first = systems[members[0]!]!;
  /** One way of as many sets as any member's cache has. */
  const most = <Name extends 'l1i' | 'l1d' | 'l2'>(name: Name): Machine[Name] => {
    const cache = first.machine[name];
    if (cache === null) return cache;
    const bytes = machines.map((machine) => machine[name]!.size / machine[name]!.ways);
    return { ...cache, size: Math.max(...bytes), ways: 1 };
  };
  const machine = { ...first.machine, l1i: most('l1i'), l1d: most('l1d'), l2: most('l2') };
  return { lead: { ...first, machine }, members, machines };
}
