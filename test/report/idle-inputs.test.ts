import { describe, expect, test } from 'vitest';
import { LAYERS } from '../../src/model/tally.ts';
import { factsOf } from '../../src/report/facts.ts';
import { idleInputs } from '../../src/report/idle-inputs.ts';
import { ledgerOf } from '../../src/report/inputs.ts';
import { fixture, fixtureDifference, fixtureLedger, TRACES } from './fixture.ts';
import { numaResult } from './numa-fixture.ts';

const inputs = { ledger: fixtureLedger, difference: fixtureDifference };
const one = fixture([TRACES[0]!]).comparisons.map(factsOf);
const several = numaResult().comparisons.map(factsOf);

describe('inputs without effect', () => {
  test('on one CPU: what is about several, policies, and prices of what did not happen', () => {
    const idle = idleInputs(one);
    for (const path of [
      'machine.placement',
      'machine.contention',
      'pages.policy',
      'pages.disco.trigger',
      'os.timer_instructions',
      'monitor.schedule.slice_instructions',
      'prices.controller_ns',
      'prices.remote_ns',
      'prices.migrate_ns',
    ])
      expect(idle(path), path).toBe(true);
    for (const path of [
      'machine.l2.size',
      'machine.tlb.seed',
      'monitor',
      'monitor.patched_hal',
      'prices.cycle_ns',
      'prices.local_ns',
      'prices.emulate_cycles',
      'prices.not_known_here',
    ])
      expect(idle(path), path).toBe(false);
  });

  test('on several nodes they count', () => {
    const idle = idleInputs(several);
    for (const path of [
      'machine.placement',
      'machine.contention',
      'machine.coherence',
      'prices.controller_ns',
    ])
      expect(idle(path), path).toBe(false);
    expect(idle('os.rdhwr')).toBe(true);
    expect(idle('os.timer_instructions')).toBe(false);
  });

  test('a price counts as soon as one trace has what it is for', () => {
    const [first] = one;
    const run = first!.comparison.runs[0]!;
    for (const layer of LAYERS.filter((name) => name !== 'workload')) {
      const row = { cpu: 0, context: 'user', layer, counters: { count: 3 } } as const;
      const tally = { ...run.tally, rows: [...run.tally.rows, row] };
      const with1 = factsOf({ ...first!.comparison, runs: [{ ...run, tally }] });
      const idle = idleInputs([...one, with1]);
      const names = Object.keys(run.system.prices).filter((name) => !idle(`prices.${name}`));
      const before = Object.keys(run.system.prices).filter((name) => !idleInputs(one)(`prices.${name}`));
      expect(names).toEqual(expect.arrayContaining(before));
    }
  });

  test('the ledger has the others, names these, and both together are all', () => {
    const ledger = ledgerOf(one, inputs);
    const all = new Set(
      ['linux-mips', 'disco-linux-mips'].flatMap((name) => fixtureLedger(name).map(({ path }) => path)),
    );
    const rows = ledger.table.rows.filter(({ kind }) => kind === 'part').map(({ path }) => path);
    expect(new Set([...rows, ...ledger.idle])).toEqual(all);
    expect(rows.length + ledger.idle.length).toBe(all.size);
    expect(ledger.inputs).toBe(rows.length);
    expect(ledger.idle.length).toBeGreaterThan(30);
  });
});
