import { describe, expect, test } from 'vitest';
import { parseVary } from '../../src/sweep/axes.ts';
import { completePlan, mergePlans, parsePlan } from '../../src/sweep/plan.ts';
import { InputError } from '../../src/trace/errors.ts';

const FILE = `# comment
traces: [a.vmt, 'workload:zipf?cpus=4']
systems: irix,disco
vary:
  machine.l2.size: 256K..1M*2
  monitor.l2tlb.entries: [0, 256..1024*2]
  machine.tlb: null
  monitor.patched_hal: [true, false]
  disco:prices.remote_ns: 300,600
set:
  machine.tlb.entries: 128
  machine.l1d.size: 64K
design: latin-hypercube
points: 20
warmup: 1.5M
max_cells: 50
`;

describe('a plan file', () => {
  test('says what the flags say', () => {
    const flags = {
      traces: ['a.vmt', 'workload:zipf?cpus=4'],
      systems: ['irix', 'disco'],
      axes: [
        'machine.l2.size=256K..1M*2',
        'monitor.l2tlb.entries=0,256..1024*2',
        'machine.tlb=null',
        'monitor.patched_hal=true,false',
        'disco:prices.remote_ns=300,600',
      ].map(parseVary),
      set: ['machine.tlb.entries=128', 'machine.l1d.size=64K'],
      design: 'latin-hypercube',
      points: 20,
      warmup: 1_500_000,
      maxCells: 50,
    } as const;
    const plan = parsePlan(FILE, 'plan.yaml');
    expect({ ...plan, skipBadLines: undefined, written: undefined }).toEqual(flags);
    expect(completePlan(plan)).toEqual(completePlan(flags));
    expect(completePlan(plan).design).toEqual({ kind: 'latin-hypercube', points: 20, seed: 1 });
  });

  test('flags come over it: axes by path, what all share after it', () => {
    const merged = mergePlans(parsePlan(FILE, 'plan.yaml'), {
      systems: ['disco'],
      axes: ['machine.l2.size=4M', 'os.jobs=1,2'].map(parseVary),
      set: ['machine.tlb.entries=64'],
    });
    expect(merged.traces).toEqual(['a.vmt', 'workload:zipf?cpus=4']);
    expect(merged.systems).toEqual(['disco']);
    expect(merged.axes!.map(({ path }) => path)).toEqual([
      'machine.l2.size',
      'monitor.l2tlb.entries',
      'machine.tlb',
      'monitor.patched_hal',
      'disco:prices.remote_ns',
      'os.jobs',
    ]);
    expect(merged.axes![0]!.values).toEqual([4 * 2 ** 20]);
    expect(merged.set).toEqual(['machine.tlb.entries=128', 'machine.l1d.size=64K', 'machine.tlb.entries=64']);
  });

  test.each([
    ['', 'plan.yaml:1:1: a plan is a mapping'],
    ['vary:\n  a: [', 'plan.yaml:2:'],
    [
      'vary:\n  prices.local_ns: 900..300+100\n',
      'plan.yaml:2:20: vary.prices.local_ns: 900..300+100 is empty',
    ],
    ['vary:\n  prices.local_ns: .nan\n', 'plan.yaml:2:20: vary.prices.local_ns'],
    ['vary:\n  prices.local_ns: []\n', 'plan.yaml:2:'],
    ['vary: 5\n', 'plan.yaml:1:7: vary: expected a mapping of fields'],
    ['traces: a\nvaries: {}\n', 'plan.yaml:2:1: varies: no such field'],
    ['traces: a\nset:\n  - 5\n', 'plan.yaml:3:5: set'],
    ['design: best\n', 'plan.yaml:1:9: design: expected one of factorial'],
    ['points: 0\n', 'plan.yaml:1:9: points'],
    ['warmup: soon\n', 'plan.yaml:1:9: warmup'],
    ['vary: {a: 1}\nvary: {b: 1}\n', 'written twice'],
  ])('%j is refused with its place', (text, says) => {
    expect(() => parsePlan(text, 'plan.yaml')).toThrow(InputError);
    expect(() => parsePlan(text, 'plan.yaml')).toThrow(says);
    expect(() => parsePlan(text, 'plan.yaml')).not.toThrow('\n');
  });

  test.each([
    [{}, 'name a trace'],
    [{ traces: ['a', 'a'] }, 'named twice'],
    [{ traces: ['a'], points: 3 }, '--points goes with --design latin-hypercube'],
    [{ traces: ['a'], seed: 3 }, '--seed goes with'],
    [{ traces: ['a'], design: 'latin-hypercube' as const }, 'needs --points'],
  ])('%j is incomplete', (input, says) => {
    expect(() => completePlan(input)).toThrow(InputError);
    expect(() => completePlan(input)).toThrow(says);
  });

  test('one path is varied once', () => {
    const twice = ['os.jobs=1', 'os.jobs=2'].map(parseVary);
    expect(() => mergePlans({}, { axes: twice })).toThrow('--vary os.jobs: is given twice');
  });
});
