import type { Category, Cause, Owner, Part } from '../../src/model/pricing/breakdown.ts';
import type { Comparison, RunResult, SystemRun } from '../../src/model/result.ts';
import type { LedgerEntry } from '../../src/model/systems/ledger.ts';
import { type System, systemSchema } from '../../src/model/systems/schema.ts';
import type { Counter, Layer, PrivilegedOp, TallyRow } from '../../src/model/tally.ts';

/**
 * A plausible result without a replay: traces × systems with the model's identity (the total is the sum of
 * the parts), sized like the shipped traces. Everything follows from the arguments.
 */

type Random = (low: number, high: number) => number;

/** A small linear congruential generator: integers from `low` to `high`. */
function random(seed: number): Random {
  let state = seed >>> 0;
  return (low, high) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + Math.floor((state / 2 ** 32) * (high - low + 1));
  };
}

export interface FixtureTrace {
  readonly name: string;
  readonly level?: 'user' | 'system';
  readonly cpus?: number;
  readonly services?: number;
  readonly instructions?: number;
}

export const TRACES: readonly FixtureTrace[] = [
  { name: 'malta64-pmake', services: 12 },
  { name: 'malta64-db', services: 14 },
  { name: 'malta32x2-pmake', services: 10, cpus: 2 },
];

export const SYSTEM_NAMES = ['linux-mips', 'disco-linux-mips-unmodified', 'disco-linux-mips'] as const;

/** A system by name: `disco…` has a monitor, `…unmodified` runs an unpatched kernel. */
export function fixtureSystem(name: string): System {
  const disco = name.includes('disco');
  return systemSchema.parse({
    name,
    description: disco ? 'Linux on the Disco monitor' : 'Linux on the bare machine',
    machine: { nodes: 1 },
    os: { name: 'linux', refill_loads: 'recorded', refill_privileged: 'recorded' },
    monitor: disco ? { patched_hal: !name.includes('unmodified'), drivers: 'intercepted' } : null,
  });
}

function services(trace: FixtureTrace): string[] {
  const fixed = ['interrupt 7', 'TLB invalid (load)', 'TLB invalid (store)', 'reserved instruction'];
  const calls = Array.from({ length: trace.services ?? 10 }, (_, i) => `syscall ${5000 + i * 7}`);
  return trace.level === 'user' ? [] : [...fixed, ...calls];
}

function runOf(trace: FixtureTrace, name: string, seed: number): SystemRun {
  const r = random(seed);
  const system = fixtureSystem(name);
  const disco = system.monitor !== null;
  const patched = system.monitor?.patched_hal === true;
  const parts: Part[] = [];
  const rows: TallyRow[] = [];
  const cpus = trace.cpus ?? 1;
  const total = trace.instructions ?? 18_000_000;

  const contexts = ['user', 'kernel', ...services(trace)];
  for (let cpu = 0; cpu < cpus; cpu++)
    for (const [i, context] of contexts.entries()) {
      const weight = context === 'user' ? 0.6 : 0.4 / (2 + i * 0.7) ** 1.4;
      const instructions = Math.floor((total * weight) / cpus);
      const category: Category = context === 'user' ? 'user' : 'kernel';
      const part = (
        cause: Cause,
        owner: Owner,
        kind: Part['kind'],
        count: number,
        psEach: number,
        where: Category = category,
      ) => {
        if (count > 0)
          parts.push({
            cpu,
            context,
            category: where,
            cause,
            owner,
            kind,
            count,
            ps: Math.round(count * psEach),
          });
      };
      const row = (
        layer: Layer,
        counters: Partial<Record<Counter, number>>,
        privileged?: Partial<Record<PrivilegedOp, number>>,
      ) => rows.push({ cpu, context, layer, counters, ...(privileged ? { privileged } : {}) });
      const per = (thousands: number): number =>
        Math.floor((instructions / 1000) * thousands * (0.8 + r(0, 400) / 1000));

      const l1i = per(category === 'user' ? 9 : 24);
      const l1d = per(category === 'user' ? 12 : 20);
      const l2i = Math.floor(l1i / 20);
      const l2d = Math.floor(l1d / (disco && category === 'kernel' ? 7.5 : 7));
      const tlb = per(1.6);
      const entries = category === 'user' ? 0 : Math.max(1, per(0.9));
      const privileged = entries * 13;
      part(
        'execution',
        category === 'user' ? 'workload' : 'operating system',
        'execution',
        instructions,
        2500,
      );
      part('stall_l2_instruction', 'architecture', 'stall', l1i - l2i, 51_300);
      part('stall_l2_data', 'architecture', 'stall', l1d - l2d, 51_300);
      part('stall_local_instruction', 'architecture', 'stall', l2i, 300_000);
      part('stall_local_data', 'architecture', 'stall', l2d, 300_000);
      part('tlb_refill', 'architecture', 'execution', disco ? Math.floor(tlb * 0.3) : tlb, 75_000, 'kernel');
      if (category === 'kernel') part('device', 'operating system', 'stall', per(0.05), 1_000_000);
      row(
        'workload',
        {
          instructions,
          fetch_accesses: instructions,
          load_accesses: Math.floor(instructions / 4),
          store_accesses: Math.floor(instructions / 9),
          l1i_misses: l1i,
          l1d_load_misses: Math.floor(l1d * 0.7),
          l1d_store_misses: l1d - Math.floor(l1d * 0.7),
          l2_fetch_misses: l2i,
          l2_load_misses: l2d,
          l1_writebacks: Math.floor(l1d / 3),
          tlb_fetch_misses: Math.floor(tlb / 3),
          tlb_load_misses: tlb - Math.floor(tlb / 3),
        },
        disco && !patched ? {} : { mfc0: entries * 6, mtc0: entries * 5, eret: entries },
      );
      row('refill', { count: tlb, instructions: tlb * 30 }, { dmfc0: tlb * 2, tlbwr: tlb });
      if (!disco) continue;
      const emulated = patched ? Math.floor(privileged / 5) : privileged;
      const l2tlb = Math.floor(tlb * 0.7);
      part('l2tlb_reload', 'architecture', 'execution', l2tlb, 42_500, 'monitor');
      part('trap_delivery', 'architecture', 'execution', entries, 250_000, 'monitor');
      part(
        'privileged_emulation',
        'operating system',
        'execution',
        patched ? 0 : emulated - Math.floor(emulated / 5),
        250_000,
        'monitor',
      );
      part(
        'privileged_emulation',
        'architecture',
        'execution',
        patched ? emulated : Math.floor(emulated / 5),
        250_000,
        'monitor',
      );
      part('privileged_emulation', 'architecture', 'stall', Math.floor(emulated / 9), 300_000, 'monitor');
      part('tlb_write_emulation', 'monitor', 'execution', tlb - l2tlb, 625_000, 'monitor');
      if (category === 'kernel')
        part('kernel_tlb_fault', 'operating system', 'execution', per(0.5), 100_000, 'monitor');
      if (category === 'kernel') part('device', 'monitor', 'execution', per(0.05), 1_000_000, 'monitor');
      row('l2tlb', {
        count: l2tlb,
        instructions: l2tlb * 17,
        fetch_accesses: l2tlb * 17,
        l1i_misses: Math.floor(l2tlb / 30),
      });
      row('trap', { count: entries, instructions: entries * 100, fetch_accesses: entries * 100 });
      row(
        'privileged',
        {
          count: emulated,
          instructions: emulated * 100,
          fetch_accesses: emulated * 100,
          l2_load_misses: Math.floor(emulated / 9),
        },
        { mfc0: Math.floor(emulated / 2), mtc0: emulated - Math.floor(emulated / 2) },
      );
      row('tlb_write', { count: tlb - l2tlb, instructions: (tlb - l2tlb) * 250 }, { tlbwr: tlb - l2tlb });
      if (category === 'kernel') row('kernel_tlb', { count: per(0.5) });
    }
  return {
    name,
    system,
    tally: {
      cpus,
      instructions: total,
      rows,
      state: {
        dirty_l1_lines: r(100, 500),
        dirty_l2_lines: r(1000, 4000),
        physical_pages: r(2000, 9000),
        lost_lines: [],
      },
      pages: null,
      memory: null,
      schedule: null,
      locks: [],
    },
    breakdown: { total_ps: parts.reduce((sum, part) => sum + part.ps, 0), parts },
    contention: null,
    waiting: null,
    numa: null,
    actions: [],
    sensitivity: null,
    seeds: [{ seed: 1, total_ps: parts.reduce((sum, part) => sum + part.ps, 0) }],
    notes: disco
      ? [
          'The recorded kernel was built for the bare machine; what a kernel written for the monitor would do differently is not in the trace.',
          'Device accesses are intercepted one by one.',
        ]
      : ['TLB replacement is random with seed 1.'],
    caveat: disco
      ? { note: 'Device accesses are intercepted one by one.', missing: false, percent: 3 }
      : null,
  };
}

export function comparisonOf(trace: FixtureTrace, names: readonly string[]): Comparison {
  const instructions = trace.instructions ?? 18_000_000;
  return {
    trace: {
      header: {
        name: trace.name,
        format: 'mtrc',
        level: trace.level ?? 'system',
        cpus: trace.cpus ?? 1,
        instructionBytes: 4,
        addressBits: 64,
        physical: true,
        abi: 'n64',
        provenance: { machine: 'Malta, QEMU 11.1', system: 'Linux 6.1', workload: 'make -j2 of 17 C files' },
      },
      summary: {
        records: 31_000_000,
        chunks: 947,
        translations: 5120,
        spaces: 40,
        instructions: 20_000_000,
        loads: 4_900_000,
        stores: 2_300_000,
        workloadInstructions: 19_000_000,
        events: 812_345,
        refill: { count: 65_105, instructions: 1_953_150, loads: 325_525, stores: 0, privileged: [1, 2, 3] },
        totals: { exec: 20_000_000 },
      },
    },
    warmup: {
      requested_instructions: instructions === 0 ? 0 : 2_000_000,
      instructions: instructions === 0 ? 0 : 2_000_004,
    },
    baseline: names[0]!,
    runs: names.map((name, i) => runOf(trace, name, 1 + i * 0)),
  };
}

/** Three traces under three systems, or what is asked for. */
export function fixture(
  traces: readonly FixtureTrace[] = TRACES,
  names: readonly string[] = SYSTEM_NAMES,
): RunResult {
  return {
    schema: 'vmtax.run/1',
    tool: { name: 'vmtax', version: '0.1.0' },
    comparisons: traces.map((trace) => comparisonOf(trace, names)),
  };
}

function leaves(value: unknown, path: string): [string, unknown][] {
  if (value === null || typeof value !== 'object') return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path ? `${path}.${key}` : key));
}

/** A ledger with the paths and values of the system and made-up sources. */
export function fixtureLedger(name: string): LedgerEntry[] {
  const roles = ['measured', 'calibrated', 'assumed', 'chosen'] as const;
  return leaves(fixtureSystem(name), '').map(([path, value]) => ({
    path,
    value: value as LedgerEntry['value'],
    unit: path.endsWith('_ns') ? 'ns' : path.endsWith('_cycles') ? 'cycles' : '',
    source: 'Disco, SOSP’97, section 5.1 (32 KB split); ways as the R10000’s, line assumed',
    role: roles[path.length % 4]!,
  }));
}

/** Leaves in which two systems differ. */
export function fixtureDifference(a: string, b: string): { path: string; a: unknown; b: unknown }[] {
  const left = new Map(leaves(fixtureSystem(a), ''));
  const right = new Map(leaves(fixtureSystem(b), ''));
  return [...new Set([...left.keys(), ...right.keys()])]
    .filter((path) => left.get(path) !== right.get(path))
    .map((path) => ({ path, a: left.get(path), b: right.get(path) }));
}
