import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createMissCounters, MOST } from '../../src/model/paging/policies/counters.ts';
import { createMappings } from '../../src/model/paging/policies/mappings.ts';
import type { Decision, PageInfo, PagePolicy } from '../../src/model/paging/policies/policy.ts';
import { POLICIES } from '../../src/model/paging/policies/registry.ts';
import {
  checkIntervals,
  createPagePolicy,
  instructionsIn,
  pages,
} from '../../src/model/systems/schema-pages.ts';
import { createPlace, createTwin, type Place } from './policies-twin.ts';

const text = ({ action, reason }: Decision): string => `${action} ${reason}`;

interface Machine {
  readonly cpus: number;
  readonly nodes: number;
  readonly kernel?: (page: number) => boolean;
}

function infoOf(machine: Machine, place: Place, mappings = createMappings()): PageInfo {
  const { cpus, nodes, kernel = () => false } = machine;
  return { cpus, nodes, holds: place.holds, replicated: place.replicated, kernel, mappings };
}

/** A policy whose intervals are written in instructions: one ns each, whatever the number of CPUs. */
function make(name: keyof typeof POLICIES, options: object, info: PageInfo): PagePolicy {
  return POLICIES[name].create(options, { info, instructions: (ns) => ns });
}

/** Misses of all in turn, carried out as decided; what was decided, with page and node. */
function drive(
  policy: PagePolicy,
  machine: Machine,
  place: Place,
  misses: Iterable<[number, number, boolean]>,
) {
  const decided: string[] = [];
  for (const [cpu, page, write] of misses) {
    if (write && place.replicated(page)) {
      place.collapse(page);
      policy.carriedOut(page, 'collapse');
      decided.push(`collapse ${page}`);
    }
    if (!policy.miss(cpu, page, write)) continue;
    const node = Math.floor(cpu / (machine.cpus / machine.nodes));
    const decision = policy.decide(cpu, page);
    decided.push(`${text(decision)} ${page} ${node}`);
    if (decision.action === 'leave') continue;
    if (decision.action === 'migrate') place.move(page, node);
    else place.copy(page, node);
    policy.carriedOut(page, decision.action);
  }
  return decided;
}

function* rounds(n: number, cpus: readonly number[], write = false): Iterable<[number, number, boolean]> {
  for (let i = 0; i < n; i++) for (const cpu of cpus) yield [cpu, 0, write];
}

const EIGHT: Machine = { cpus: 8, nodes: 8 };

describe('disco', () => {
  it('a page that one node uses goes there, once, and is hot no more', () => {
    const place = createPlace(8, 1);
    const policy = make('disco', {}, infoOf(EIGHT, place));
    expect(drive(policy, EIGHT, place, rounds(127, [3], true))).toEqual([]);
    expect(drive(policy, EIGHT, place, rounds(1000, [3], true))).toEqual(['migrate private 0 3']);
  });

  it('a page that every node reads is replicated on every node but its own', () => {
    const place = createPlace(8, 1);
    const policy = make('disco', {}, infoOf(EIGHT, place));
    const decided = drive(policy, EIGHT, place, rounds(2000, [0, 1, 2, 3, 4, 5, 6, 7]));
    expect(decided.sort()).toEqual([1, 2, 3, 4, 5, 6, 7].map((node) => `replicate read-shared 0 ${node}`));
  });

  it('a reader becomes one more holder although the others miss no more', () => {
    const place = createPlace(8, 1);
    const policy = make('disco', {}, infoOf(EIGHT, place));
    drive(policy, EIGHT, place, rounds(200, [0, 1]));
    expect(drive(policy, EIGHT, place, rounds(200, [2]))).toEqual(['replicate read-shared 0 2']);
  });

  it('a page that two nodes write never moves', () => {
    const place = createPlace(8, 1);
    const policy = make('disco', { reset_interval_ns: 1000 }, infoOf(EIGHT, place));
    for (let now = 0; now < 50_000; now += 500) {
      policy.advance(now);
      const decided = drive(policy, EIGHT, place, rounds(250, [2, 5], true));
      expect(decided.length).toBeGreaterThan(0);
      expect(decided.filter((d) => !d.startsWith('leave write-shared'))).toEqual([]);
    }
    expect([...place.copies[0]!]).toEqual([0]);
  });

  it('sharing below its threshold is none; infinite: a shared page migrates', () => {
    for (const [sharing, expected] of [
      [33, 'migrate private'],
      [32, 'replicate read-shared'],
      ['infinite', 'migrate private'],
    ]) {
      const place = createPlace(8, 1);
      const policy = make('disco', { sharing }, infoOf(EIGHT, place));
      drive(policy, EIGHT, place, rounds(32, [0]));
      expect(drive(policy, EIGHT, place, rounds(128, [1]))).toEqual([`${expected} 0 1`]);
    }
  });

  it('a trigger of infinity is no policy at all', () => {
    const place = createPlace(8, 1);
    const policy = make('disco', { trigger: 'infinite' }, infoOf(EIGHT, place));
    expect(drive(policy, EIGHT, place, rounds(MOST + 10, [1, 2]))).toEqual([]);
    expect(drive(make('none', {}, infoOf(EIGHT, place)), EIGHT, place, rounds(300, [1, 2]))).toEqual([]);
  });

  it('moves are limited until the next reset; what is hot then still interrupts', () => {
    const count = (migrate: number | 'infinite') => {
      const place = createPlace(8, 1);
      const options = { migrate, sharing: 'infinite', reset_interval_ns: 1e6 };
      const policy = make('disco', options, infoOf(EIGHT, place));
      const run = (now: number) => {
        policy.advance(now);
        // Now one, now the other: each alone when it gets hot.
        const cpus = Array.from({ length: 10 }, (_, i) => 1 + (i % 2));
        return cpus.flatMap((cpu) => drive(policy, EIGHT, place, rounds(128, [cpu])));
      };
      const moves = (decided: string[]) => decided.filter((d) => d.startsWith('migrate')).length;
      const first = run(0);
      return [moves(first), moves(run(999_999)), moves(run(1_000_000)), first.length] as const;
    };
    expect(count(0)).toEqual([0, 0, 0, 10]);
    expect(count(1).slice(0, 3)).toEqual([1, 0, 1]);
    expect(count(3).slice(0, 3)).toEqual([3, 0, 3]);
    expect(count('infinite')).toEqual([10, 10, 10, 10]);
  });

  it('a reset forgets misses, writes and moves', () => {
    const place = createPlace(8, 1);
    const policy = make('disco', { reset_interval_ns: 1000 }, infoOf(EIGHT, place));
    drive(policy, EIGHT, place, rounds(127, [0, 1], true));
    policy.advance(999);
    expect(policy.miss(2, 0, false)).toBe(false);
    policy.advance(1000);
    // 127 misses are gone, and the 254 writes with them.
    expect(drive(policy, EIGHT, place, rounds(128, [0, 1]))).toEqual(['replicate read-shared 0 1']);
    policy.advance(5500);
    policy.advance(5999);
    expect(drive(policy, EIGHT, place, rounds(127, [2]))).toEqual([]);
    policy.advance(6000);
    expect(drive(policy, EIGHT, place, rounds(127, [2]))).toEqual([]);
    expect(drive(policy, EIGHT, place, rounds(1, [2]))).toEqual(['replicate read-shared 0 2']);
  });

  it('a page that a store collapsed is not replicated again before a reset', () => {
    const place = createPlace(8, 1);
    const policy = make('disco', {}, infoOf(EIGHT, place));
    drive(policy, EIGHT, place, rounds(200, [0, 1]));
    const decided = drive(policy, EIGHT, place, [[0, 0, true], ...rounds(400, [0, 1])]);
    expect(decided).toEqual(['collapse 0', 'leave frozen 0 1', 'leave frozen 0 1', 'leave frozen 0 1']);
    policy.advance(200e6);
    expect(drive(policy, EIGHT, place, rounds(128, [0, 1]))).toEqual(['replicate read-shared 0 1']);
  });

  it('CPUs of one node share; the kernel’s pages may be left', () => {
    const machine = { cpus: 8, nodes: 2, kernel: () => true };
    const place = createPlace(2, 1);
    const policy = make('disco', {}, infoOf(machine, place));
    // Two CPUs of the home’s node: 16 misses each make the 32 of sharing.
    drive(policy, machine, place, rounds(16, [0, 1]));
    expect(drive(policy, machine, place, rounds(128, [4]))).toEqual(['replicate read-shared 0 1']);
    const apart = createPlace(2, 1);
    const still = make('disco', { kernel_pages: false }, infoOf(machine, apart));
    expect(drive(still, machine, apart, rounds(128, [4]))).toEqual(['leave kernel 0 1']);
  });

  it('sampling: interrupts as often as without, on average, whatever the rhythm', () => {
    for (const sampling of [2, 10, 16]) {
      const place = createPlace(8, 1);
      const policy = make('disco', { sampling, sharing: 'infinite', migrate: 0 }, infoOf(EIGHT, place));
      // CPU 1 reads and writes in turns.
      const misses = 200_000;
      let hot = 0;
      for (let i = 0; i < misses; i++) if (policy.miss(1, 0, i % 2 === 1) && policy.decide(1, 0)) hot++;
      const expected = misses / (Math.ceil(128 / sampling) * sampling);
      expect(hot).toBeGreaterThan(expected * 0.95);
      expect(hot).toBeLessThan(expected * 1.05);
    }
  });

  it('decides as its slow twin on random misses', () => {
    const machine = { cpus: 6, nodes: 3 };
    const limit = fc.oneof(fc.integer({ min: 0, max: 4 }), fc.constant('infinite' as const));
    const options = fc.record({
      trigger: fc.integer({ min: 1, max: 12 }),
      sharing: fc.integer({ min: 1, max: 6 }),
      write: limit,
      migrate: limit,
      reset_interval_ns: fc.integer({ min: 1, max: 300 }),
    });
    // Few pages, far apart ids; writes are rare, so that pages are replicated at times.
    const step = fc.tuple(fc.nat(5), fc.nat(2), fc.nat(11), fc.integer({ min: 0, max: 2 }));
    const steps = fc.array(step, { minLength: 200, maxLength: 500 });
    const all = new Set<string>();
    fc.assert(
      fc.property(options, steps, (given, taken) => {
        const place = createPlace(machine.nodes, 3000);
        const policy = make('disco', given, infoOf(machine, place));
        const finite = (value: number | 'infinite') =>
          value === 'infinite' ? Number.POSITIVE_INFINITY : value;
        const twin = createTwin(
          {
            ...given,
            write: finite(given.write),
            migrate: finite(given.migrate),
            interval: given.reset_interval_ns,
          },
          machine.cpus,
          machine.nodes,
          place,
        );
        let now = 0;
        for (const [cpu, which, kind, time] of taken) {
          const page = which * 1400;
          const write = kind === 0;
          now += time;
          policy.advance(now);
          twin.advance(now);
          if (write && place.replicated(page)) {
            place.collapse(page);
            policy.carriedOut(page, 'collapse');
            twin.carriedOut(page, 'collapse');
          }
          const hot = policy.miss(cpu, page, write);
          expect(hot).toBe(twin.miss(cpu, page, write));
          if (!hot) continue;
          const decision = policy.decide(cpu, page);
          expect(text(decision)).toBe(twin.decide(cpu, page));
          all.add(text(decision));
          if (decision.action === 'leave') continue;
          const node = Math.floor(cpu / 2);
          if (decision.action === 'migrate') place.move(page, node);
          else place.copy(page, node);
          policy.carriedOut(page, decision.action);
          twin.carriedOut(page, decision.action);
        }
      }),
      { numRuns: 60, seed: 7 },
    );
    expect([...all].sort()).toEqual([
      'leave frozen',
      'leave write-shared',
      'migrate private',
      'replicate read-shared',
    ]);
  });
});

describe('miss counters', () => {
  it('stop at their most and begin anew after a reset, for many pages', () => {
    const counters = createMissCounters(4, 2);
    for (let i = 0; i < MOST + 5; i++) counters.add(0, 0, 1, false);
    expect(counters.missesOf(0, 0)).toBe(MOST);
    for (let page = 1; page < 2000; page++) counters.add(page % 4, page * 7, page, page % 2 === 0);
    for (let page = 1; page < 2000; page++) {
      expect(counters.missesOf(page % 4, page * 7)).toBe(page);
      expect(counters.writes(page * 7)).toBe(page % 2 === 0 ? page : 0);
    }
    expect(counters.mostOfOtherNodes(14, 0)).toBe(2);
    expect(counters.mostOfOtherNodes(14, 1)).toBe(0);
    counters.moved(14);
    counters.restart(14);
    expect([counters.missesOf(2, 14), counters.writes(14), counters.moves(14)]).toEqual([0, 2, 1]);
    counters.reset();
    expect([counters.missesOf(0, 0), counters.writes(14), counters.moves(14)]).toEqual([0, 0, 0]);
    expect(counters.add(0, 0, 1, false)).toBe(1);
  });
});

describe('numa-balancing', () => {
  const machine = { cpus: 4, nodes: 2, kernel: (page: number) => page >= 100 };
  const options = { scan_delay_ns: 100, scan_period_ns: 1000, scan_size: 3 * 4096, early_scans: 0 };

  const mapped = () => {
    const mappings = createMappings();
    // Space 0: virtual pages 50, 40, 30, 20, 10 and a kernel page among them; space 1: one page.
    for (let i = 0; i < 5; i++) mappings.add(20 + i, 0, 50 - 10 * i, i);
    mappings.add(90, 0, 25, 100);
    mappings.add(2000, 1, 7, 3);
    mappings.add(91, -1, 1, 101);
    return mappings;
  };

  it('scans address spaces round and round, by virtual page, at its rate, and not the kernel', () => {
    const mappings = mapped();
    const policy = make('numa-balancing', options, infoOf(machine, createPlace(2, 10), mappings));
    expect(policy.advance(99)).toEqual([]);
    expect(policy.advance(100)).toEqual([24, 23, 22, 2000]);
    expect(policy.advance(1099)).toEqual([]);
    // The scan ends with the space; the page that was unmapped meanwhile is not withdrawn.
    mappings.remove(21);
    expect(policy.advance(1100)).toEqual([20, 2000]);
    mappings.remove(2000);
    mappings.add(2, 0, 5, 9);
    expect(policy.advance(9000)).toEqual([2, 24, 23]);
    expect(policy.advance(9999)).toEqual([]);
    expect(policy.advance(10_000)).toEqual([22, 20]);
    expect([...mappings.spaces()]).toEqual([0]);
    expect(mappings.of(1)).toEqual([]);
  });

  it('moves a page at the second fault in a row from one node, and never copies', () => {
    const place = createPlace(2, 10); // page 2 is on node 0
    const policy = make('numa-balancing', options, infoOf(machine, place, mapped()));
    const fault = (cpu: number, space = 0) => text(policy.hintFault(cpu, 2, space));
    expect(fault(2)).toBe('leave first-fault');
    expect(fault(0)).toBe('leave local');
    expect(fault(2)).toBe('leave other-node');
    expect(fault(3)).toBe('migrate same-node');
    place.move(2, 1);
    expect(fault(3)).toBe('leave local');
    expect(fault(0, 1)).toBe('leave other-node');
    expect(fault(1)).toBe('migrate same-node');
    expect(text(policy.hintFault(0, 100, 0))).toBe('leave kernel');
    expect(policy.miss(3, 2, false)).toBe(false);
  });

  it('early in the life of an address space first and private faults move at once', () => {
    const place = createPlace(2, 10);
    const early = { ...options, early_scans: 2, scan_size: 1 << 20 };
    const policy = make('numa-balancing', early, infoOf(machine, place, mapped()));
    expect(text(policy.hintFault(2, 2, 0))).toBe('migrate first-fault');
    expect(text(policy.hintFault(0, 4, 0))).toBe('leave local');
    expect(text(policy.hintFault(2, 4, 0))).toBe('migrate private');
    expect(text(policy.hintFault(0, 6, 0))).toBe('leave local');
    expect(text(policy.hintFault(2, 6, 1))).toBe('leave other-node');
    policy.advance(100);
    expect(text(policy.hintFault(2, 8, 0))).toBe('migrate first-fault');
    policy.advance(1100);
    expect(text(policy.hintFault(2, 0, 0))).toBe('leave first-fault');
  });
});

describe('in a system', () => {
  it('has defaults with sources, for every policy but none', () => {
    const defaults = pages.parse({});
    expect(defaults.policy).toBe('none');
    expect(defaults.disco).toMatchObject({ trigger: 128, sharing: 32, write: 1, migrate: 1, sampling: 1 });
    expect(defaults['numa-balancing']).toMatchObject({ scan_size: 2 ** 28, early_scans: 5 });
    expect(pages.parse(defaults)).toEqual(defaults);
    const schema = z.toJSONSchema(pages, { io: 'input', unrepresentable: 'any' });
    for (const name of ['disco', 'numa-balancing']) {
      const fields = (schema.properties![name] as { properties: Record<string, Record<string, unknown>> })
        .properties;
      for (const [key, field] of Object.entries(fields))
        expect([key, field.source, field.role], key).toEqual([key, expect.any(String), expect.any(String)]);
    }
    expect(() => pages.parse({ disco: { trigger: 0 } })).toThrow();
    expect(() => pages.parse({ policy: 'best' })).toThrow();
    expect(() => pages.parse({ disco: { triger: 1 } })).toThrow();
  });

  it('intervals become instructions of all CPUs; a run off by more than a quarter says so', () => {
    expect(instructionsIn(100e6, 4, 8)).toBe(200e6);
    expect(instructionsIn(0.1, 4, 1)).toBe(1);
    const place = createPlace(8, 1);
    const policy = createPagePolicy(pages.parse({ policy: 'disco' }), infoOf(EIGHT, place));
    drive(policy, EIGHT, place, rounds(127, [1]));
    policy.advance(199_999_999);
    expect(policy.miss(1, 0, false)).toBe(true);
    policy.advance(200_000_000);
    expect(policy.miss(1, 0, false)).toBe(false);
  });

  it('a run whose intervals are off says what to set, and that setting is right', () => {
    /** A run of 8 CPUs, so many million instructions, so long an instruction. */
    const run = (millions: number, ns: number) => ({
      cpus: 8,
      instructions: millions * 1e6,
      elapsed_ns: (ns * millions * 1e6) / 8,
      replayed: millions * 1.1e6,
    });
    const disco = pages.parse({ policy: 'disco' });
    const warn = (management: typeof disco, millions: number, ns: number) =>
      checkIntervals(management, run(millions, ns)).warning;
    expect(checkIntervals(disco, run(400, 5))).toEqual({ realised_ns_per_instruction: 5, warning: null });
    expect(warn(disco, 400, 3)).toBeNull();
    expect(warn(disco, 400, 5.1)).toMatch(
      /1\.27 times.*5\.1 ns, not 4; --set pages\.nominal_ns_per_instruction=5\.1 /,
    );
    expect(warn(disco, 400, 2.9)).toContain('--set pages.nominal_ns_per_instruction=2.9 ');
    expect(warn(pages.parse({}), 1, 50)).toBeNull();
    const nothing = { cpus: 8, instructions: 0, elapsed_ns: 0, replayed: 0 };
    expect(checkIntervals(disco, nothing).warning).toBeNull();
    // Too short at the nominal rate, long enough at its own.
    expect(warn(disco, 8, 400)).toMatch(
      /never reset its counters: .*--set pages\.nominal_ns_per_instruction=400 /,
    );
    // Too short at any.
    const reset = warn(disco, 8, 4);
    expect(reset).toMatch(
      /never reset its counters: .* 200000000 instructions, the run has 8800000; --set pages\.disco\.reset_interval_ns=440000 gives it about 10/,
    );
    const [, interval] = /reset_interval_ns=(\d+)/.exec(reset!)!;
    expect(
      warn(pages.parse({ policy: 'disco', disco: { reset_interval_ns: Number(interval) } }), 8, 4),
    ).toBeNull();
    const linux = pages.parse({ policy: 'numa-balancing', 'numa-balancing': { scan_delay_ns: 2e9 } });
    expect(warn(linux, 8, 4)).toMatch(
      /numa-balancing never scanned.* 4000000000 instructions and then one in 2000000000, .* --set pages\.numa-balancing\.scan_delay_ns=440000 --set pages\.numa-balancing\.scan_period_ns=440000 gives/,
    );
  });

  it('is deterministic', () => {
    const once = () => {
      const place = createPlace(8, 1);
      const policy = make('disco', { sampling: 7, seed: 3, reset_interval_ns: 500 }, infoOf(EIGHT, place));
      return drive(policy, EIGHT, place, rounds(5000, [1, 4, 6]));
    };
    expect(once()).toEqual(once());
    expect(once().length).toBeGreaterThan(0);
  });
});
