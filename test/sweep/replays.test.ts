import { expect, test } from 'vitest';
import type { System } from '../../src/model/systems/schema.ts';
import { passCost, replayGroups } from '../../src/sweep/replays.ts';
import { presets, workload } from './sweeps.ts';

const { header } = await workload('workload:services?cpus=1&instructions=1K');

const [irix] = presets('irix');
const withL2 = (system: System, ways: number): System => ({
  ...system,
  machine: { ...system.machine, l2: { ...system.machine.l2!, ways } },
});
const withTlb = (system: System, entries: number): System => ({
  ...system,
  machine: { ...system.machine, tlb: { ...system.machine.tlb!, entries } },
});
const counted = (length: number): number[] => Array.from({ length }, (_, i) => i);

test('structures that one pass serves stay together, up to a limit', () => {
  const family = counted(14).map((i) => withL2(irix!, 2 ** i));
  expect(replayGroups(family, header)).toEqual([counted(14)]);
  const large = counted(100).map((i) => withL2(withTlb(irix!, 16), 1 + i));
  const groups = replayGroups(large, header);
  expect(groups.flat()).toEqual(counted(100));
  expect(groups.map(({ length }) => length)).toEqual([56, 44]);
});

test('the others go eight at a time, with more threads eight for each', () => {
  const singles = counted(20).map((i) => withTlb(irix!, 16 + i));
  const sizes = (threads: number): number[] =>
    replayGroups(singles, header, threads).map(({ length }) => length);
  expect(sizes(1)).toEqual([8, 8, 4]);
  expect(sizes(2)).toEqual([16, 4]);
});

test('every structure is in one group, with its like, whatever the order', () => {
  const systems = counted(24).map((i) =>
    withL2(withTlb(presets('irix', 'disco')[i % 2]!, 16 + (i % 3)), 1 + (i % 4)),
  );
  systems.push(...counted(5).map((i) => withTlb(irix!, 100 + i)));
  for (const threads of [1, 2, 3]) {
    const groups = replayGroups(systems, header, threads);
    expect(groups.flat().sort((a, b) => a - b)).toEqual(counted(systems.length));
    // Families and single structures are different passes.
    for (const group of groups)
      expect(group.every((at) => at < 24) || group.every((at) => at >= 24)).toBe(true);
  }
});

test('a geometry more costs less than a replay', () => {
  expect(passCost(1)).toBe(1);
  for (const members of [2, 10, 56]) {
    expect(passCost(members)).toBeGreaterThan(passCost(members - 1));
    expect(passCost(members)).toBeLessThan(members);
  }
});
