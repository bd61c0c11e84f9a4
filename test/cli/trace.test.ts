import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { headOf } from '../../src/cli/head.ts';
import { EVENT, LOAD, MAPPED, referenceWord } from '../../src/trace/types.ts';
import { LIBRARY } from '../../src/trace/workloads/library.ts';
import { traceOf } from '../model/trace-of.ts';
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

const place = workplace();

const hasValgrind = (process.env.PATH ?? '').split(delimiter).some((directory) => {
  try {
    accessSync(join(directory, 'valgrind'), constants.X_OK);
    return true;
  } catch {
    return false;
  }
});

test('info of a text trace and of its store tell the same', async () => {
  expectSuccess(await vmtax(['trace', 'convert', SMALL, 'small.vmt'], place));
  const [text, store] = await Promise.all(
    [SMALL, 'small.vmt'].map((path) => vmtax(['trace', 'info', path, '--json'], place)),
  );
  expectSuccess(text!);
  const told = [text!, store!].map(({ stdout }) => JSON.parse(stdout) as Record<string, unknown>);
  expect(told[1]!.summary).toEqual(told[0]!.summary);
  expect(told[0]!.summary).toMatchObject({ instructions: 110_713, loads: 26_150, stores: 11_771 });
  const readable = await vmtax(['trace', 'info', 'small.vmt', '--totals'], place);
  expectSuccess(readable);
  expect(readable.stdout).toMatch(/^instructions +110,713$/m);
  expect(readable.stdout).not.toMatch(/\. *0$/m);
});

test('converting twice gives the same bytes; each method is read back', async () => {
  for (const method of ['none', 'deflate', 'brotli'])
    expectSuccess(await vmtax(['trace', 'convert', SMALL, `${method}.vmt`, '--method', method], place));
  expectSuccess(await vmtax(['trace', 'convert', SMALL, 'again.vmt'], place));
  const [none, deflate, brotli, again] = ['none', 'deflate', 'brotli', 'again'].map((name) =>
    readFileSync(place.path(`${name}.vmt`)),
  );
  expect(again!.equals(deflate!)).toBe(true);
  expect(none!.length).toBeGreaterThan(deflate!.length);
  expect(deflate!.length).toBeGreaterThan(brotli!.length);
  const heads = await Promise.all(
    ['none.vmt', 'brotli.vmt', SMALL].map((path) => vmtax(['trace', 'head', path, '-n', '2000'], place)),
  );
  expectSuccess(heads[0]!);
  expect(heads[1]).toEqual(heads[0]);
  expect(heads[2]).toEqual(heads[0]);
});

test('head prints as many records as asked for, and what is there', async () => {
  const { stdout } = await vmtax(['trace', 'head', SMALL, '-n', '3'], place);
  expect(stdout.split('\n').slice(1, -1)).toHaveLength(3);
  expect(stdout.split('\n')[1]).toMatch(/^ +0 +0 user +fetch +0x[0-9a-f]+ +\d+$/);
  expect(stdout).not.toContain('physical');
  const standard = await vmtax(['trace', 'head', SMALL], place);
  expect(standard.stdout.split('\n').slice(1, -1)).toHaveLength(20);
});

test('head of a trace with physical pages shows them', async () => {
  const { stdout } = await vmtax(['trace', 'head', 'workload:ping-pong?rounds=3', '-n', '3'], place);
  expect(stdout.split('\n')[0]).toContain('physical address');
  expect(stdout.split('\n')[1]).toMatch(/(0x[0-9a-f]+ +(0x[0-9a-f]+|direct)) +\d+/);
});

test('head says events in words', async () => {
  const shipped = fileURLToPath(new URL('../../traces/malta64-db.vmt', import.meta.url));
  const recorded = await vmtax(['trace', 'head', shipped, '-n', '400'], place);
  expect(recorded.stdout).toMatch(/· +0 refill at 0x[0-9a-f]+, vector offset 0x80$/m);
  expect(recorded.stdout).toMatch(/· +0 privileged dmfc0 BadVAddr value 0x[0-9a-f]+$/m);
  const made = await vmtax(['trace', 'head', 'workload:pmake', '-n', '200K'], place);
  expect(made.stdout).toMatch(/· +0 lockAcquire (spinlock|semaphore) \d+$/m);
  expect(made.stdout).toMatch(/· +0 pageMapped translation \d+, (zeroed|read from disk|in memory already)/m);
});

test('head says what comes after the last record, and in chunks without any', async () => {
  const trace = traceOf({ cpus: 1 }, (builder, chunk) => {
    builder.record(builder.translate(0, 1, 1, MAPPED), referenceWord(LOAD, 0, 4));
    builder.event(EVENT.mark, 0, 1);
    chunk();
    builder.event(EVENT.mark, 0, 2);
    chunk();
    builder.record(builder.translate(0, 1, 1, MAPPED), referenceWord(LOAD, 8, 4));
    builder.event(EVENT.mark, 0, 3);
  });
  const lines = async (count: number): Promise<string[]> => {
    const found: string[] = [];
    for await (const line of headOf(trace, count)) found.push(line);
    return found.slice(1);
  };
  expect((await lines(20)).map((line) => (line.includes('·') ? 'event' : 'record'))).toEqual([
    'record',
    'event',
    'event',
    'record',
    'event',
  ]);
  // No more than was asked for.
  expect(await lines(1)).toHaveLength(1);
});

test('workloads lists the library; each can be named as it is listed', async () => {
  const result = await vmtax(['trace', 'workloads'], place);
  expectSuccess(result);
  for (const [name, { description, parameters }] of Object.entries(LIBRARY)) {
    expect(result.stdout).toMatch(new RegExp(`^${name} +${description}$`, 'm'));
    const given = Object.entries(parameters).map(([key, { value }]) => `${key}=${value}`);
    expect(result.stdout).toContain(given.join(', '));
    expectSuccess(
      await inProcess(['trace', 'head', `workload:${name}?${given.join('&')}`, '-n', '1'], place),
    );
  }
});

test('a workload file that is not there', async () =>
  expectRefusal(
    await inProcess(['trace', 'info', 'workload:nofile.yaml'], place),
    'nofile.yaml: no such file or directory',
  ));

describe.skipIf(!hasValgrind)('record (skipped where valgrind is missing: apt-get install valgrind)', () => {
  test.each([
    ['exit 3', 3, 'status 3'],
    ['kill -TERM $$', 143, 'signal SIGTERM'],
  ])('%s: the status is handed on, the trace is written', async (script, status, says) => {
    const result = await vmtax(['trace', 'record', '-o', 'ended.vmt', '--', 'sh', '-c', script], place);
    expect(result.stderr).toMatch(/^vmtax: wrote ended\.vmt: \d+ references; sh ended with /);
    expect(result.stderr).toContain(says);
    expect(result.status).toBe(status);
    expectSuccess(await vmtax(['trace', 'info', 'ended.vmt'], place));
    expectClean(place);
  });

  test('writes a store; output and status of the command are its own', async () => {
    const result = await vmtax(
      ['trace', 'record', '-o', 'sh.vmt', '--', 'sh', '-c', 'echo said; exit 3'],
      place,
    );
    expect(result.stdout).toBe('said\n');
    expect(result.stderr).toMatch(/^vmtax: wrote sh\.vmt: \d+ references; sh ended with status 3\n$/);
    expect(result.status).toBe(3);
    const info = await vmtax(['trace', 'info', 'sh.vmt'], place);
    expect(info.stdout).toMatch(/^name +sh$/m);
    expect(info.stdout).toMatch(/^provenance: command +sh -c echo said; exit 3$/m);
    expectClean(place);
  });

  test('a forked child does not mix its references in', async () => {
    const words = ['trace', 'record', '-o', 'fork.vmt', '--', 'sh', '-c', '/bin/true & /bin/true & wait'];
    const result = await vmtax(words, place);
    expect(result.stderr).toMatch(/^vmtax: wrote fork\.vmt: \d+ references\n$/);
    expect(result.status).toBe(0);
  });

  test('a command that is not there', async () => {
    mkdirSync(place.path('directory'));
    for (const command of ['no-such-command', './no-such-file', './directory']) {
      const result = await vmtax(['trace', 'record', '-o', 'never.vmt', '--', command], place);
      expectRefusal(result, `${command}: no such command`);
    }
    expect(existsSync(place.path('never.vmt'))).toBe(false);
    expectClean(place);
  });

  test('interrupted: the command ends, nothing is left', async () => {
    const child = start(['trace', 'record', '-o', 'long.vmt', '--', 'sleep', '100'], place);
    const result = ended(child);
    while (!readdirSync(place.cwd).some((name) => name.endsWith('.tmp'))) await setTimeout(20);
    child.kill('SIGINT');
    expect(await result).toEqual({ status: 130, stdout: '', stderr: 'vmtax: interrupted\n' });
    expect(existsSync(place.path('long.vmt'))).toBe(false);
    expectClean(place);
  });
});

test('record without valgrind says how to get it', async () => {
  const result = await vmtax(['trace', 'record', '-o', 'x.vmt', '--', 'true'], place, {
    env: { PATH: place.tmp },
  });
  expectRefusal(result, 'valgrind is not installed, and recording runs the command under it: install it');
  expect(existsSync(place.path('x.vmt'))).toBe(false);
});
