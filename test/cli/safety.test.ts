import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { createProgress } from '../../src/cli/progress.ts';
import {
  type Ended,
  expectClean,
  expectRefusal,
  expectSuccess,
  inProcess,
  SMALL,
  vmtax,
  workplace,
} from './cli.ts';

const place = workplace();

beforeAll(async () => expectSuccess(await vmtax(['trace', 'convert', SMALL, 'small.vmt'], place)));

describe('every file is closed, whatever goes wrong', () => {
  /** Node warns of a file that is left open when it ends, or throws if so told. */
  const strict = (args: readonly string[], env = {}): Promise<Ended> =>
    vmtax(args, place, { env: { NODE_OPTIONS: '--throw-deprecation', ...env } });

  test.each([
    ['a field', ['run', 'small.vmt', '--set', 'machine.nope=1']],
    ['a value', ['run', 'small.vmt', '--set', 'machine.tlb.entries=-1']],
    ['a system', ['run', 'small.vmt', '--set', 'nope:machine.cpus=1']],
    ['a baseline', ['run', 'small.vmt', '--baseline', 'nope']],
    ['a warm-up', ['run', 'small.vmt', '--warmup', '999G']],
    ['a second trace', ['run', 'small.vmt', 'missing', '--systems', 'cachegrind']],
    ['an output', ['trace', 'convert', 'small.vmt', 'small.vmt']],
    ['an effort', ['trace', 'convert', 'small.vmt', 'x.vmt', '--quality', '10']],
  ])('%s', async (_, args) => {
    for (let time = 0; time < 3; time++) expectRefusal(await strict(args), /./);
    expectClean(place);
  });

  test('nothing goes wrong', async () => {
    for (const args of [
      ['trace', 'head', 'small.vmt', '-n', '1'],
      ['trace', 'info', 'small.vmt'],
      ['run', 'small.vmt', '--systems', 'cachegrind'],
    ])
      expectSuccess(await strict(args));
  });

  test('no room to ingest', async () => {
    const env = { TMPDIR: place.path('none') };
    for (const command of [['run'], ['trace', 'info']])
      expectRefusal(await strict([...command, SMALL], env), 'no such file or directory');
  });

  test('a damaged store', async () => {
    const bytes = readFileSync(place.path('small.vmt'));
    bytes.fill(0, bytes.length >> 1, (bytes.length >> 1) + 100);
    writeFileSync(place.path('damaged.vmt'), bytes);
    for (const args of [
      ['run', 'damaged.vmt'],
      ['trace', 'info', 'damaged.vmt', '--totals'],
      ['trace', 'convert', 'damaged.vmt', 'x.vmt'],
    ])
      expectRefusal(await strict(args), 'damaged.vmt');
    expectClean(place);
  });
});

describe('what a terminal would obey is not printed', () => {
  const EVIL = 'e\x1b]0;title\x07\x1b[31m\nv\x9bil\u202e';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const OBEYED = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/;

  test('in the names of files', async () => {
    const small = place.path(`${EVIL}.vmt`);
    copyFileSync(place.path('small.vmt'), small);
    const evil = (name: string): string => place.path(`${EVIL}${name}`);
    writeFileSync(evil('.yaml'), 'extends: disco\n');
    copyFileSync(SMALL, evil('.lackey.gz'));
    for (const args of [
      ['trace', 'convert', SMALL, evil('2.vmt')],
      ['run', small, '--systems', `cachegrind,${evil('.yaml')}`, '--csv', evil('.csv')],
      ['trace', 'info', small],
      ['trace', 'info', evil('.lackey.gz')],
      ['run', evil('.lackey.gz'), '--systems', 'cachegrind'],
      ['system', 'check', evil('.yaml')],
      ['system', 'show', evil('.yaml')],
      ['trace', 'info', evil('missing')],
      ['trace', 'convert', small, evil('/x.vmt')],
      ['run', small, '--systems', EVIL],
      ['run', small, `--${EVIL}`],
      ['run', small, '--set', `machine.${EVIL}=1`],
      ['run', small, '--set', `machine.nodes=${EVIL}`],
      ['run', `workload:${EVIL}`],
      [EVIL],
    ]) {
      const { stdout, stderr, status } = await inProcess(args, place);
      expect({ args, status }).not.toMatchObject({ status: 1 });
      expect(`${stdout}${stderr}`).not.toMatch(OBEYED);
      expect(stderr).toMatch(/^(vmtax: [^\n]+\n)?$/);
    }
  });

  test('in a file: the name of a system or of a workload', async () => {
    const path = place.path('named.yaml');
    const name = JSON.stringify(EVIL);
    writeFileSync(path, `name: ${name}\nsources: {os.name: {source: ${name}, role: chosen}}\n`);
    for (const args of [
      ['system', 'check', path],
      ['system', 'show', path],
      ['run', SMALL, '--systems', `irix,${path}`, '--seeds', '1'],
    ]) {
      const result = await inProcess(args, place);
      expectSuccess(result);
      expect(result.stdout).not.toMatch(OBEYED);
    }
    // What is shown is still the same system.
    const shown = await inProcess(['system', 'show', path], place);
    writeFileSync(path, shown.stdout);
    expect((await inProcess(['system', 'show', path], place)).stdout.split('\n')[0]).toBe(
      shown.stdout.split('\n')[0],
    );
  });

  test('in progress and in a stack', async () => {
    const pieces: string[] = [];
    const stream = { isTTY: true, columns: 200, write: (text: string) => pieces.push(text) };
    createProgress(stream as unknown as NodeJS.WriteStream).update(`reading ${EVIL}`, 1, 2);
    expect(pieces.join('').replace('\r\x1b[K', '')).not.toMatch(OBEYED);
    const { stderr } = await inProcess(['run', `${EVIL}`, '--debug'], place);
    expect(stderr).toContain('\n    at ');
    expect(stderr).not.toMatch(OBEYED);
  });
});
