import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../sources.ts';
import {
  ended,
  expectClean,
  expectRefusal,
  expectSuccess,
  inProcess,
  SMALL,
  start,
  vmtax,
  workplace,
} from './cli.ts';

/** Several virtual machines by `vms:` where a trace is asked for. */

const place = workplace();

test('a composition is run, and its result names its machines', async () => {
  const spec = `vms:${SMALL}*2?offset=30K`;
  const run = await vmtax(
    ['run', spec, '--systems', 'irix,disco', '--seeds', '1', '--json', 'out.json'],
    place,
  );
  expectSuccess(run);
  const { comparisons } = JSON.parse(readFileSync(place.path('out.json'), 'utf8'));
  const { header, summary } = comparisons[0].trace;
  expect(header).toMatchObject({ format: 'vms', cpus: 2, name: 'true.lackey × 2' });
  expect(header.vms).toEqual([
    { firstCpu: 0, cpus: 1, physicalBase: 0, source: 0, firstSpace: 0 },
    { firstCpu: 1, cpus: 1, physicalBase: 2 ** 36, source: 0, firstSpace: 1 },
  ]);
  expect(summary.instructions).toBe(2 * 110_713);
  for (const { tally } of comparisons[0].runs) expect(tally.cpus).toBe(2);
  expectClean(place);
});

test('recorded system traces, workloads and a composition in a store', async () => {
  const pmake = join(ROOT, 'traces/malta32x2-pmake.vmt');
  const info = await vmtax(['trace', 'info', `vms:${pmake}*3?offset=5M`], place);
  expectSuccess(info);
  expect(info.stdout).toMatch(/^CPUs +6$/m);
  expect(info.stdout).toMatch(/^virtual machines +3$/m);
  expect(info.stdout).toMatch(/^instructions +60,000,000$/m);
  const spec = 'vms:[workload:private?cpus=1&rounds=20]*2,workload:ping-pong?slice=500';
  expectSuccess(await vmtax(['trace', 'convert', spec, 'three.vmt'], place));
  const told = await Promise.all(
    [spec, 'three.vmt'].map((name) => vmtax(['trace', 'info', name, '--json', '--totals'], place)),
  );
  for (const one of told) expectSuccess(one);
  const [made, stored] = told.map(({ stdout }) => JSON.parse(stdout));
  expect(stored.header).toEqual(made.header);
  expect(stored.header.vms).toHaveLength(3);
  expect({ ...stored.summary, chunks: 0 }).toEqual({ ...made.summary, chunks: 0 });
  const again = await vmtax(['trace', 'info', 'vms:three.vmt*2'], place);
  expectRefusal(again, 'three.vmt holds several virtual machines already');
  expectClean(place);
});

test('standard input can drive all machines', async () => {
  const child = start(['trace', 'info', 'vms:-*2'], place, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin!.end(readFileSync(SMALL));
  const info = await ended(child);
  expectSuccess(info);
  expect(info.stdout).toMatch(/^instructions +221,426$/m);
  expectClean(place);
});

test.each([
  ['vms:', 'a trace is missing'],
  [`vms:${SMALL}*`, 'how many machines'],
  ['vms:workload:zipf?seed=3', 'unknown option "seed"'],
  [`vms:${SMALL},no-such-file`, 'no-such-file: no such file'],
  ['vms:[workload:nothing]', 'unknown workload "nothing"'],
  [`vms:${SMALL},workload:zipf`, 'compose traces that agree'],
])('%s is refused in one line', async (spec, says) => {
  for (const command of [['run'], ['trace', 'info'], ['trace', 'head']])
    expectRefusal(await inProcess([...command, spec], place), says);
  expectClean(place);
});

test('an output does not replace a trace of a composition', async () => {
  expectSuccess(await vmtax(['trace', 'convert', SMALL, 'small.vmt'], place));
  const before = readFileSync(place.path('small.vmt'));
  for (const args of [
    ['run', 'vms:small.vmt*2', '--json', 'small.vmt'],
    ['trace', 'convert', 'vms:small.vmt*2', 'small.vmt'],
  ])
    expectRefusal(await vmtax(args, place), 'would replace the input small.vmt');
  expect(readFileSync(place.path('small.vmt')).equals(before)).toBe(true);
  expect(existsSync(place.path('out.json'))).toBe(true);
});
