import type { System } from '../model/systems/schema.ts';

/**
 * Structure and prices. Two systems with the same structure have the same tally on the same trace: one replay
 * serves both, whatever their prices.
 */

/**
 * Leaves outside `prices` that pricing alone reads, by section: how the memory system's queues are solved, and the
 * disks, server and jobs of idle time. (`contention_windows` is structure: a replay counts by window.)
 */
const PRICED = {
  machine: ['contention', 'disks'],
  os: ['jobs', 'server'],
} as const;

/** Paths outside `prices.` that are prices. */
export const PRICED_PATHS: readonly string[] = Object.entries(PRICED).flatMap(([section, names]) =>
  names.map((name) => `${section}.${name}`),
);

/** Whether a leaf is a price: changing it changes no tally. */
export const isPrice = (path: string): boolean => path.startsWith('prices.') || PRICED_PATHS.includes(path);

/** All of a system that a replay may look at, as text: equal for systems that one replay serves. */
export function structureKey({ machine, os, pages, monitor }: System): string {
  return JSON.stringify([
    without(machine, PRICED.machine),
    without(os, [...PRICED.os, 'name']),
    pages,
    monitor && without(monitor, ['name']),
  ]);
}

function without(section: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(section).filter(([name]) => !names.includes(name)));
}
