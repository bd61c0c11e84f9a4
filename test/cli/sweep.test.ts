import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type Ended, ended, expectClean, expectRefusal, inProcess, start, vmtax, workplace } from './cli.ts';

const place = workplace();

const TRACE = 'workload:services?cpus=1&instructions=2K';
const VARY = ['--vary', 'machine.l2.size=512K,1M', '--vary', 'monitor.l2tlb.entries=0,64'];
const PRICES = ['--vary', 'prices.local_ns=200..400+100'];
const SYSTEMS = ['--systems', 'irix,disco'];

interface Table {
  readonly columns: readonly { readonly name: string }[];
  readonly rows: readonly (readonly unknown[])[];
  readonly failures: readonly unknown[];
}

const table = (path: string): Table => JSON.parse(readFileSync(path, 'utf8'));
const rowsOf = ({ columns, rows }: Table): Record<string, unknown>[] =>
  rows.map((row) => Object.fromEntries(row.map((value, at) => [columns[at]!.name, value])));

/** Done, with nothing but announcements on standard error. */
function expectDone(result: Ended): void {
  expect(result.stderr).toMatch(/^(sweep: [^\n]+\n)+$/);
  expect(result.status).toBe(0);
}

test('a cell is the same configuration run alone', async () => {
  const sweep = ['sweep', TRACE, ...SYSTEMS, ...VARY, ...PRICES];
  const result = await inProcess([...sweep, '--json', place.path('all.json')], place);
  expectDone(result);
  expect(result.stderr).toContain('sweep: 12 cells, 24 rows, 6 structures in 3 replays, ');
  expect(result.stdout).toMatch(
    /disco takes \+[\d.]+ % \(machine\.l2\.size=.*\) to \+[\d.]+ % .* against irix\./,
  );
  const rows = rowsOf(table(place.path('all.json')));
  expect(rows.length).toBe(24);
  for (const cell of [
    { 'machine.l2.size_bytes': 524288, 'monitor.l2tlb.entries': 0, 'prices.local_ns': 200 },
    { 'machine.l2.size_bytes': 1048576, 'monitor.l2tlb.entries': 64, 'prices.local_ns': 400 },
  ]) {
    const set = Object.entries(cell).flatMap(([name, value]) => [
      '--set',
      `${name.replace(/_bytes$/, '')}=${value}`,
    ]);
    const alone = await inProcess(
      ['run', TRACE, ...SYSTEMS, ...set, '--json', place.path('one.json')],
      place,
    );
    expect(alone.status).toBe(0);
    const [{ runs }] = JSON.parse(readFileSync(place.path('one.json'), 'utf8')).comparisons;
    for (const { name, breakdown, tally } of runs) {
      const mine = name === 'irix' ? { ...cell, 'monitor.l2tlb.entries': null } : cell;
      const [row] = rows.filter(
        (one) =>
          one.system === name && Object.entries(mine).every(([column, value]) => one[column] === value),
      );
      expect(row).toMatchObject({ total_ps: breakdown.total_ps, instructions: tally.instructions });
      const causes = new Map<string, number>();
      for (const { cause, ps } of breakdown.parts) causes.set(cause, (causes.get(cause) ?? 0) + ps);
      for (const [column, value] of Object.entries(row!)) {
        const cause = /^cause\.(.*)_ps$/.exec(column)?.[1];
        if (cause !== undefined) expect(value, column).toBe(causes.get(cause) ?? 0);
      }
    }
  }
  expectClean(place);
});

describe('a table for people', () => {
  test.each([
    [['--vary', 'prices.local_ns=100,300'], /^prices\.local_ns +disco\n100 +\+[\d.]+\n300 +\+[\d.]+$/m],
    [
      ['--vary', 'machine.l2.size=512K,1M', '--vary', 'prices.local_ns=100,300'],
      /^disco: machine\.l2\.size down, prices\.local_ns across\n +100 +300\n512K( +\+[\d.]+){2}\n1M( +\+[\d.]+){2}$/m,
    ],
  ])('%j', async (vary, says) => {
    const { stdout } = await inProcess(['sweep', TRACE, ...SYSTEMS, ...vary], place);
    expect(stdout).toMatch(says);
  });
});

test('--dry-run says what it would take and does nothing', async () => {
  const result = await inProcess(
    ['sweep', TRACE, ...SYSTEMS, ...VARY, '--dry-run', '--out', place.path('dry')],
    place,
  );
  expectDone(result);
  expect(result.stdout).toBe('');
  expect(result.stderr).toMatch(/4 cells, 8 rows, 6 structures in 3 replays, 6 price points; .*\n/);
  expect(existsSync(place.path('dry'))).toBe(false);
});

describe('plan, run and gather', () => {
  const files = (name: string): string[] =>
    ['json', 'csv', 'parquet'].flatMap((kind) => [`--${kind}`, place.path(`${name}.${kind}`)]);
  const expectSame = (a: string, b: string): void => {
    for (const kind of ['json', 'csv', 'parquet'])
      expect(
        readFileSync(place.path(`${a}.${kind}`)).equals(readFileSync(place.path(`${b}.${kind}`))),
        kind,
      ).toBe(true);
  };
  const asked = ['sweep', TRACE, ...SYSTEMS, ...VARY, ...PRICES];

  test('in parts, in any order, as in one', async () => {
    expectDone(await inProcess([...asked, ...files('whole')], place));
    const directory = place.path('parts');
    const planned = await inProcess(['sweep', 'plan', ...asked.slice(1), '--out', directory], place);
    expectDone(planned);
    expect(planned.stdout).toContain(`vmtax sweep run ${directory}`);
    const none = await inProcess(['sweep', 'gather', directory, ...files('none')], place);
    expect(none).toMatchObject({ status: 1, stdout: '' });
    expect(none.stderr).toMatch(/^vmtax: 6 units are missing: [0-9a-f]{24}, .*vmtax sweep run/);
    expect(existsSync(place.path('none.json'))).toBe(false);
    for (const shard of ['3/4', '1/4', '4/4'])
      expectDone(await inProcess(['sweep', 'run', directory, '--shard', shard], place));
    const some = await inProcess(['sweep', 'gather', directory], place);
    expect(some.stderr).toMatch(/^vmtax: (1 unit is|2 units are) missing: /);
    const partial = await inProcess(['sweep', 'gather', directory, '--partial', ...files('partial')], place);
    expect(partial.status).toBe(1);
    expect(partial.stderr).toContain('has not been run');
    expectDone(await inProcess(['sweep', 'run', directory, '--shard', '2/4'], place));
    expect(await inProcess(['sweep', 'gather', directory, ...files('parts')], place)).toMatchObject({
      status: 0,
      stderr: '',
    });
    expectSame('parts', 'whole');
    const { rows, failures } = table(place.path('partial.json'));
    expect(rows.length + failures.length).toBe(24);
    expect(rows.length).toBeLessThan(24);
  });

  test('what is done is not done again, what is lost or damaged is', async () => {
    const directory = place.path('again');
    expectDone(await inProcess([...asked, '--out', directory, ...files('first')], place));
    const names = readdirSync(join(directory, 'units')).sort();
    const units = names.filter((name) => name.endsWith('.unit'));
    expect(units.length).toBe(6);
    // What a page may need is kept beside them.
    expect(names.filter((name) => name.endsWith('.tally')).length).toBe(6);
    const again = await inProcess([...asked, '--out', directory, ...files('second')], place);
    expectDone(again);
    expect(again.stderr).toContain('to do: 0 replays, 0 price points');
    expectSame('first', 'second');
    rmSync(join(directory, 'units', units[0]!));
    writeFileSync(join(directory, 'units', units[1]!), 'garbage');
    const repaired = await inProcess([...asked, '--out', directory, ...files('second')], place);
    expect(repaired.stderr).toMatch(/to do: ([12] replays?|2 structures in 1 replay),/);
    expectSame('first', 'second');
    expectSame('first', 'whole');
  });

  test('a directory is one sweep’s', async () => {
    const directory = place.path('again');
    expectRefusal(
      await inProcess(['sweep', TRACE, ...SYSTEMS, ...VARY, '--out', directory], place),
      'holds another sweep',
    );
    writeFileSync(place.path('file.txt'), '');
    expectRefusal(
      await inProcess([...asked, '--out', place.path('.')], place),
      'is not empty and holds no sweep',
    );
    expectRefusal(await inProcess([...asked, '--out', place.path('file.txt')], place), 'file.txt');
    expectRefusal(await inProcess(['sweep', 'run', place.path('nothing')], place), 'holds no sweep');
    writeFileSync(join(directory, 'plan.json'), '{');
    expectRefusal(await inProcess(['sweep', 'gather', directory], place), 'is damaged');
  });

  test('a trace that has changed since is another trace', async () => {
    writeFileSync(place.path('t.din'), '2 400000\n0 1000\n'.repeat(500));
    const directory = place.path('changed');
    const vary = ['--systems', 'dinero', '--vary', 'machine.l1d.size=1K,2K'];
    expectDone(await inProcess(['sweep', 'plan', place.path('t.din'), ...vary, '--out', directory], place));
    writeFileSync(place.path('t.din'), '2 400000\n0 1004\n'.repeat(500));
    expectRefusal(
      await inProcess(['sweep', 'run', directory], place),
      'is not the trace that the sweep was planned for',
    );
  });
});

test('a plan file, with a flag over it', async () => {
  writeFileSync(
    place.path('plan.yaml'),
    `traces: ${TRACE}\nsystems: [irix, disco]\nvary:\n  machine.l2.size: 512K..1M*2\n  monitor.l2tlb.entries: [0, 64]\n`,
  );
  expectDone(await inProcess(['sweep', place.path('plan.yaml'), '--csv', place.path('file.csv')], place));
  expectDone(await inProcess(['sweep', TRACE, ...SYSTEMS, ...VARY, '--csv', place.path('flags.csv')], place));
  expect(readFileSync(place.path('file.csv'), 'utf8')).toBe(readFileSync(place.path('flags.csv'), 'utf8'));
  const over = await inProcess(
    ['sweep', place.path('plan.yaml'), '--design', 'one-at-a-time', '--dry-run'],
    place,
  );
  expect(over.stderr).toContain('5 cells, 10 rows');
});

test('a cell that fails is named at the end; the others have their rows', async () => {
  const args = [
    'sweep',
    TRACE,
    ...SYSTEMS,
    '--vary',
    'prices.cycle_ns=2,1e300',
    '--csv',
    place.path('failed.csv'),
  ];
  const result = await inProcess(args, place);
  expect(result.status).toBe(1);
  expect(result.stderr).toMatch(
    /vmtax: no result for 2 rows:\n {2}\S+, irix, prices\.cycle_ns=1e\+300: the priced time/,
  );
  expect(readFileSync(place.path('failed.csv'), 'utf8').split('\n').length).toBe(1 + 2 + 1);
});

test('a replay that fails is noted, tried again, and leaves the others their rows', async () => {
  const trace = 'workload:services?cpus=4&instructions=2K';
  const vary = ['--set', 'machine.cpus=2', '--vary', 'monitor.schedule.buffer_bytes=1,1G'];
  const args = ['sweep', trace, '--systems', 'disco', ...vary, '--out', place.path('half')];
  for (const to_do of ['2 replays', 'to do: 1 replay']) {
    const result = await inProcess(args, place);
    expect(result.status).toBe(1);
    expect(result.stderr).toContain(to_do);
    expect(result.stderr).toMatch(/disco, monitor\.schedule\.buffer_bytes=1: .*lower the time slice/);
    expect(result.stdout).toMatch(/^1 +–\n1G +0$/m);
  }
  const run = await inProcess(['sweep', 'run', place.path('half')], place);
  expect(run.status).toBe(1);
  expect(run.stderr).toMatch(/1 of 1 unit failed, the first \([0-9a-f]{24}\): .*lower the time slice/);
  expect(
    readdirSync(place.path('half/units'))
      .map((name) => name.replace(/^\w+/, ''))
      .sort(),
  ).toEqual(['.failed', '.tally', '.unit']);
});

test('results go to standard output alone where they are asked for there', async () => {
  const result = await inProcess(['sweep', TRACE, ...SYSTEMS, '--vary', 'os.jobs=1,2', '--csv', '-'], place);
  expect(result.stdout.split('\n').map((line) => line.split(',', 1)[0]!.length)).toEqual([
    4, 24, 24, 24, 24, 0,
  ]);
});

const BAD: readonly (readonly [says: string | RegExp, ...args: string[]])[] = [
  ['name a trace'],
  ['nothing is varied', TRACE],
  ['expected path=values', TRACE, '--vary', 'machine.l2.size'],
  ['no such field in irix, disco', TRACE, '--vary', 'machine.l3.size=1M'],
  ['900..300+100 is empty', TRACE, '--vary', 'prices.remote_ns=900..300+100'],
  ['NaN is no value', TRACE, '--vary', 'prices.remote_ns=NaN'],
  [
    /1,000,000,000,000 cells are more than 1,000,000/,
    TRACE,
    ...['local_ns', 'remote_ns', 'dirty_ns', 'l2_hit_ns'].flatMap((name) => [
      '--vary',
      `prices.${name}=1..1000+1`,
    ]),
  ],
  ['must be a power of two', TRACE, '--vary', 'machine.l2.size=1M,3M'],
  [
    '2 CPUs do not divide evenly over 3 nodes',
    'workload:zipf?cpus=2&instructions=3K',
    '--vary',
    'machine.nodes=1,3',
  ],
  ['is varied twice', TRACE, '--vary', 'os.jobs=1', '--vary', 'disco:os.jobs=2'],
  ['--max-cells x: expected a whole number', TRACE, '--vary', 'os.jobs=1,2', '--max-cells', 'x'],
  ['4 cells are more than 3', TRACE, '--vary', 'os.jobs=1..4+1', '--max-cells', '3'],
  ['needs --points', TRACE, '--vary', 'os.jobs=1,2', '--design', 'latin-hypercube'],
  ['--design "best": expected one of "factorial"', TRACE, '--vary', 'os.jobs=1,2', '--design', 'best'],
  ['standard input cannot be read again', '-', '--vary', 'os.jobs=1,2', '--out', 'x'],
  ['both write to', TRACE, '--vary', 'os.jobs=1,2', '--csv', '/tmp/x', '--json', '/tmp/x'],
  ['cannot be set', TRACE, '--vary', 'os.jobs=1,2', '--set', 'name=x'],
  ['no such file', '/nosuch/trace', '--vary', 'os.jobs=1,2'],
];

test.each(BAD)('%s', async (says, ...args) => {
  const words = ['sweep', ...(args as string[]), '--systems', 'irix,disco'];
  expectRefusal(await inProcess(words, place), says);
});

test.each([
  ['--shard 0/2: expected i/n', '0/2'],
  ['--shard 3/2: expected i/n', '3/2'],
  ['--shard x: expected i/n', 'x'],
])('%s', async (says, shard) => {
  expectRefusal(await inProcess(['sweep', 'run', 'somewhere', '--shard', shard], place), says);
});

test('a signal ends it cleanly, and what was done is kept', async () => {
  const args = ['sweep', TRACE, ...SYSTEMS, '--vary', 'prices.local_ns=1..200000+1'];
  const child = start([...args, '--out', 'kept', '--csv', 'kept.csv'], place);
  const result = ended(child);
  const units = place.path('kept/units');
  while (!existsSync(units) || readdirSync(units).filter((name) => name.endsWith('.unit')).length === 0)
    await new Promise((done) => setTimeout(done, 20));
  child.kill('SIGINT');
  const { status, stdout, stderr } = await result;
  expect({ status, stdout }).toEqual({ status: 130, stdout: '' });
  expect(stderr).toMatch(/\nvmtax: interrupted; what is done is kept: the same command resumes\n$/);
  expect(existsSync(place.path('kept.csv'))).toBe(false);
  expect(readdirSync(units).every((name) => /\.(unit|tally)$/.test(name))).toBe(true);
  expectClean(place);
});

test('without a directory nothing is left behind', async () => {
  const child = start(['sweep', TRACE, '--systems', 'irix', '--vary', 'prices.local_ns=1..200000+1'], place);
  const result = ended(child);
  while (readdirSync(place.tmp).length === 0) await new Promise((done) => setTimeout(done, 20));
  child.kill('SIGTERM');
  expect((await result).status).toBe(143);
  expectClean(place);
  const done = await vmtax(['sweep', TRACE, '--systems', 'irix', '--vary', 'prices.local_ns=1,2'], place);
  expectDone(done);
  expectClean(place);
});
