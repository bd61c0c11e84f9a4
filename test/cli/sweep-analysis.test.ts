import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { samplesLine } from '../../src/cli/sweep-analysis.ts';
import { expectClean, expectRefusal, inProcess, SMALL, workplace } from './cli.ts';

const place = workplace();

const SWEEP = ['sweep', SMALL, '--systems', 'irix,disco'];
const VARY = ['--vary', 'prices.trap_cycles=0..200+100'];

test('--break-even and --sensitivity: in the text, in the JSON, on the page', async () => {
  const asked = [
    '--break-even',
    'prices.emulate_cycles=0..400',
    '--sensitivity',
    '--samples',
    '200',
    '--seed',
    '7',
  ];
  const files = [
    '--json',
    place.path('a.json'),
    '--html',
    place.path('a.html'),
    '--pareto',
    'total_ps,count.traps',
  ];
  const result = await inProcess([...SWEEP, ...VARY, ...asked, ...files], place);
  expect(result.status).toBe(0);
  expect(result.stdout).toContain('Nothing flips: disco is dearer than irix at every prices.emulate_cycles');
  expect(result.stdout).toContain('200 joint samples (seed 7)');
  const { break_even, sensitivity, rows } = JSON.parse(readFileSync(place.path('a.json'), 'utf8'));
  // What a break-even moves is varied, too, so that there is something to draw.
  expect(rows.length).toBe(2 * 3 * 33);
  expect(break_even.length).toBe(3);
  expect(break_even[0]).toMatchObject({
    path: 'prices.emulate_cycles',
    kind: 'price',
    crossings: [],
    points: 65,
  });
  expect(sensitivity[0].monteCarlo).toMatchObject({ samples: 200, seed: 7 });
  expect(sensitivity[0].monteCarlo.systems[1].difference.p5).toBeGreaterThan(0);
  expect(sensitivity[0].tornado[1].ratio.effects.length).toBeGreaterThan(5);
  expect(readFileSync(place.path('a.html'), 'utf8')).toContain('Which configurations are worth having');
  expectClean(place);
});

test('an end of a structure’s bar is what a run of its own gives, and --prices-only does without', async () => {
  const small = ['--samples', '100', '--json', place.path('both.json')];
  const both = await inProcess([...SWEEP, ...VARY, '--sensitivity', ...small], place);
  expect(both.status).toBe(0);
  expect(both.stderr).toMatch(/takes \d+ more replays for \d+ inputs that are structure.*--prices-only/);
  const [{ tornado, monteCarlo, fixed, exact }] = JSON.parse(
    readFileSync(place.path('both.json'), 'utf8'),
  ).sensitivity;
  expect(fixed).toContain('monitor.l2tlb.ways');
  expect(exact).toContain('monitor.l2tlb.entries');
  const path = 'monitor.code_bytes_per_cycle';
  expect(monteCarlo.structure).toContainEqual({ path, role: 'assumed', low: 0.8, high: 1.2 });
  const bar = tornado[1].total.effects.find((effect: { path: string }) => effect.path === path);
  for (const [end, value] of [
    ['low', 6.4],
    ['high', 9.6],
  ] as const) {
    const set = ['--set', `${path}=${value}`, '--json', '-'];
    const run = await inProcess(['run', SMALL, '--systems', 'irix,disco', ...set], place);
    expect(run.status).toBe(0);
    expect(bar[end]).toBe(JSON.parse(run.stdout).comparisons[0].runs[1].breakdown.total_ps);
  }
  expect(bar.low).not.toBe(bar.high);
  expect(bar.kind).toBe('structure');
  // What a bar's ends are is said, of whole numbers, too; and what changes nothing.
  expect(tornado[0].structure.map((input: { path: string }) => input.path)).toEqual([
    'os.timer_instructions',
  ]);
  const moved = (name: string) =>
    tornado[1].structure.find((input: { path: string }) => input.path === `monitor.${name}`);
  expect(moved('code_bytes_per_cycle')).toEqual({ path, now: 8, low: 6.4, high: 9.6, inert: false });
  expect(moved('routine_bytes')).toMatchObject({ now: 256, low: 205, high: 307 });
  expect(moved('request_gap').inert).toBe(true);
  expect(both.stdout).toMatch(/monitor\.code_bytes_per_cycle +structure /);
  expect(both.stdout).toMatch(/prices\.\w+ +price /);
  expect(both.stdout).toMatch(
    /Of the structure that is moved, .*monitor\.request_gap change nothing in disco\./,
  );

  const threads = ['--workers', '2', '--samples', '100', '--json', place.path('threads.json')];
  expect((await inProcess([...SWEEP, ...VARY, '--sensitivity', ...threads], place)).status).toBe(0);
  expect(readFileSync(place.path('threads.json'))).toEqual(readFileSync(place.path('both.json')));

  const less = ['--sensitivity', '--prices-only', '--samples', '100', '--json', place.path('prices.json')];
  const prices = await inProcess([...SWEEP, ...VARY, ...less], place);
  expect(prices.stderr).not.toContain('structure');
  const [alone] = JSON.parse(readFileSync(place.path('prices.json'), 'utf8')).sensitivity;
  // Not a key more than before structure was moved.
  expect(Object.keys(alone)).toEqual(['trace', 'tornado', 'monteCarlo']);
  expect(Object.keys(alone.tornado[1])).toEqual(['name', 'total', 'difference', 'ratio']);
  expect(Object.keys(alone.tornado[1].total.effects[0])).toEqual(['path', 'low', 'high']);
  expect(Object.keys(alone.monteCarlo)).toEqual(['samples', 'seed', 'ranges', 'systems']);
  expect(alone.monteCarlo.ranges).toEqual(monteCarlo.ranges);
  const own = tornado[1].total.effects.filter((effect: { path: string }) =>
    effect.path.startsWith('prices.'),
  );
  expect(alone.tornado[1].total.effects).toEqual(own);
  // What no structure moves is sampled as without.
  expect(monteCarlo.systems[0]).toEqual(alone.monteCarlo.systems[0]);
  expect(monteCarlo.systems[1].total).not.toEqual(alone.monteCarlo.systems[1].total);
});

test('gather answers the same, to the last byte', async () => {
  const asked = ['--break-even', 'prices.trap_cycles', '--sensitivity', '--samples', '100', '--seed', '2'];
  const direct = await inProcess([...SWEEP, ...VARY, ...asked, '--json', place.path('direct.json')], place);
  expect(direct.status).toBe(0);
  const out = place.path('parts');
  for (const args of [
    ['sweep', 'plan', ...SWEEP.slice(1), ...VARY, '--out', out],
    ['sweep', 'run', out],
    ['sweep', 'gather', out, ...asked, '--json', place.path('gathered.json')],
  ])
    expect((await inProcess(args, place)).status).toBe(0);
  expect(readFileSync(place.path('gathered.json'))).toEqual(readFileSync(place.path('direct.json')));
});

test.each([
  [
    ['--break-even', 'prices.trap_cycles=5'],
    /--break-even prices\.trap_cycles=5: expected path or path=lo\.\.hi/,
  ],
  [['--break-even', 'prices.trap_cycles=a..9'], /expected numbers for lo and hi/],
  [['--break-even', 'prices.trap_cycles=9..1'], /the range is empty/],
  [['--break-even', 'prices.trap_cycles', '--break-even', 'prices.trap_cycles'], /is given twice/],
  [['--break-even', 'machine.tlb.entries'], /vary it, too/],
  [['--samples', '1000'], /--samples goes with --sensitivity/],
  [['--sensitivity', '--samples', '10'], /--samples 10: expected a whole number from 100/],
  [['--prices-only'], /--prices-only goes with --sensitivity/],
  [['--seed', '3'], /--seed goes with --design latin-hypercube/],
  [['--pareto', 'total,elapsed'], /--pareto is a part of the page/],
  [['--pareto', 'total', '--html', 'x.html'], /expected two outputs/],
  [
    ['--pareto', 'total,speed', '--html', 'x.html'],
    /--pareto speed: no such output; there are instructions, total/,
  ],
  [['--slurm', '--out', 'd', '--sensitivity'], /ask vmtax sweep gather/],
])('%j is refused in one line', async (args, message) => {
  expectRefusal(await inProcess([...SWEEP, ...VARY, ...args], place), message);
  expect(existsSync('x.html')).toBe(false);
});

test.each([
  ['prices.trap_cycles', /give a range, prices\.trap_cycles=lo\.\.hi, or vary it/],
  ['prices.trap_cycles=9..1', /--break-even prices\.trap_cycles=9\.\.1: the range is empty/],
  ['machine.tlb.entries', /vary it, too: --vary machine\.tlb\.entries=…/],
])('--break-even %s where nothing is varied says what is missing', async (asked, message) => {
  expectRefusal(await inProcess([...SWEEP, '--break-even', asked], place), message);
});

test('samples that take long, or are fewer than always, are announced with what they take', () => {
  expect(samplesLine(100_000, null, 1e6)).toBe(null);
  expect(samplesLine(100_000, null, 90e6)).toBe(
    '100,000 joint samples, about 2 minutes of one core; --samples n takes fewer',
  );
  expect(samplesLine(20_000, null, 280e6)).toBe(
    '20,000 joint samples, about 5 minutes of one core; fewer than 100,000, which would take about 23 minutes; --samples n takes as many as you like',
  );
  expect(samplesLine(20_000, 20_000, 60e6)).toBe('20,000 joint samples, about 60 seconds of one core');
});
