import { readFileSync } from 'node:fs';
import { describe, expect, test, vi } from 'vitest';
import yargs from 'yargs';
import { reproduceCommand } from '../../src/cli/reproduce.ts';
import { reproductionSchema } from '../../src/report/reproduction/schema.ts';
import { wholeEvaluation } from '../paper/fixture.ts';
import { expectClean, expectRefusal, expectSuccess, inProcess, vmtax, workplace } from './cli.ts';

const place = workplace();

/** The command with made-up experiments: what it prints, and the status that it asks for. */
async function reproduceWith(args: readonly string[], experiments = wholeEvaluation()) {
  let stdout = '';
  let status = 0;
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text, encoding, written) => {
    stdout += text;
    (typeof encoding === 'function' ? encoding : written)?.();
    return true;
  });
  const progress: string[] = [];
  const context = {
    signal: new AbortController().signal,
    progress: { update: (what: string) => progress.push(what), clear: () => {} },
  };
  const endWith = (other: number): void => {
    status = other;
  };
  try {
    await yargs(['reproduce', ...args])
      .parserConfiguration({ 'greedy-arrays': false, 'parse-numbers': false, 'dot-notation': false })
      .command(reproduceCommand(context, endWith, experiments))
      .exitProcess(false)
      .fail((message, error) => {
        throw error ?? new Error(message);
      })
      .parseAsync();
  } finally {
    spy.mockRestore();
  }
  return { stdout, status, progress };
}

test('mistakes get one line and nothing is written', async () => {
  for (const [args, says] of [
    [['figure9'], 'no exhibit "figure9": name some of table1, table2'],
    [[''], 'an argument is empty'],
    [['--scale', '0'], '--scale 0: expected a number above 0 and up to 1'],
    [['--scale', '2'], 'expected a number above 0 and up to 1'],
    [['--scale', 'NaN'], 'expected a number above 0'],
    [['--scale', '-1'], 'expected a number above 0'],
    [
      ['--scale', '0.5', '--spread'],
      '--spread runs at 4 times the scale, which may be 0.25 at most; it is 0.5',
    ],
    [['--seed', '1.5'], '--seed 1.5: expected a whole number'],
    [['--seed', '1', '--seed', '2'], '--seed is given more than once'],
    [['--check=1'], '--check takes no value'],
    [['--set', 'x'], '--set x: expected path=value'],
    [['--set', 'x=y'], '--set x=y: expected a number'],
    [['--set', 'no.such=1'], '--set no.such=1: no such input'],
    [['--json', '-', '--html', '-'], '--json and --html both write to -'],
    [['--html', place.path('missing/x.html')], 'does not exist or is not writable'],
    [['--bogus'], 'unknown option: --bogus; see vmtax reproduce --help'],
  ] as const)
    expectRefusal(await inProcess(['reproduce', ...args], place), says);
  expectClean(place);
});

describe('with made-up experiments', () => {
  test('prints tables and scores, and says how it goes on', async () => {
    const { stdout, status, progress } = await reproduceWith(['--scale', '0.1']);
    expect(stdout).toContain('Figure 8: page migration and replication on a NUMA machine');
    expect(stdout).toContain('Scale 0.1 of the paper’s run lengths, seed 1');
    expect(progress).toContain('reproducing: many CPUs at scale 0.1');
    expect(status).toBe(0);
  });

  test('--check: status 1 if a floor is missed, after everything is written', async () => {
    const exact = ['--scale', '0.1', '--check', '--set', 'monitor.factor=1', '--set', 'monitor.call=0.47'];
    expect((await reproduceWith(exact)).status).toBe(0);
    const json = place.path('missed.json');
    const wrong = await reproduceWith([
      '--scale',
      '0.1',
      '--check',
      '--set',
      'monitor.factor=3',
      '--json',
      json,
    ]);
    expect(wrong.status).toBe(1);
    expect(wrong.stdout).toContain('The model misses');
    const result = reproductionSchema.parse(JSON.parse(readFileSync(json, 'utf8')));
    expect(result.inputs.filter(({ set }) => set).map(({ path, value }) => [path, value])).toEqual([
      ['monitor.factor', 3],
    ]);
    expect((await reproduceWith(['--scale', '0.1', '--set', 'monitor.factor=3'])).status).toBe(0);
  });

  test('some exhibits, as JSON on standard output alone and as a page', async () => {
    const html = place.path('some.html');
    const { stdout } = await reproduceWith(['table3', 'figure8', '--json', '-', '--html', html, '--spread']);
    const result = reproductionSchema.parse(JSON.parse(stdout));
    // In the order of the evaluation, whatever the order on the command line.
    expect(result.exhibits).toEqual(['table3', 'figure8']);
    expect(result.numbers.every(({ spread }) => spread.length === 2)).toBe(true);
    expect(readFileSync(html, 'utf8')).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/i);
    expectClean(place);
  });
});

test('the experiments run on threads of their own, and what is wrong there is one line', async () => {
  const result = await vmtax(['reproduce', 'table1', '--scale', '0.002', '--json', '-'], place);
  expectSuccess(result);
  const { numbers } = reproductionSchema.parse(JSON.parse(result.stdout));
  expect(numbers.map(({ workload }) => workload)).toEqual(['pmake', 'engineering', 'raytrace', 'database']);
  for (const { modelled } of numbers) expect(modelled).toBeGreaterThan(0);
  const wrong = ['reproduce', 'table1', '--scale', '0.002', '--set', 'prices.l2tlb_cycles=-1'];
  expectRefusal(await vmtax(wrong, place), 'prices.l2tlb_cycles');
});
