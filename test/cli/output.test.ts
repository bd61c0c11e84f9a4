import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { devNull } from 'node:os';
import { expect, test } from 'vitest';
import { wantsColor } from '../../src/cli/color.ts';
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
const RUN = ['run', SMALL, '--systems', 'irix,disco'];

test('outputs that cannot be are refused before any work', async () => {
  mkdirSync(place.path('directory'));
  writeFileSync(place.path('input.yaml'), 'extends: disco\n');
  const before = readdirSync(place.cwd);
  const inside = (...words: string[]): string[] =>
    words.map((word) => (word.startsWith('@') ? place.path(word.slice(1)) : word));
  for (const [args, says] of [
    [inside('--json', '@missing/out.json'), 'does not exist or is not writable'],
    [inside('--html', '@missing/out.html'), 'does not exist or is not writable'],
    [inside('--csv', '@directory'), 'is a directory; name a file'],
    [inside('--json', '@same', '--csv', '@same'), '--json and --csv both write to'],
    [inside('--json', '@same', '--html', '@directory/../same'), '--json and --html both write to'],
    [inside('--json', '-', '--csv', '-'), '--json and --csv both write to -'],
    [inside('--json', '@input.yaml', '--machine', '@input.yaml'), 'would replace the input'],
    [['--json', SMALL], 'would replace the input'],
  ] as const)
    expectRefusal(await inProcess([...RUN, ...args], place), says);
  for (const [args, says] of [
    [['-'], 'store -: a store is written to a file; name one'],
    [[SMALL], 'would replace the input'],
    [[devNull], 'is not a file'],
    [[place.path('missing/x.vmt')], 'does not exist or is not writable'],
    [[place.path('directory')], 'is a directory'],
  ] as const)
    expectRefusal(await inProcess(['trace', 'convert', SMALL, ...args], place), says);
  expect(readdirSync(place.cwd)).toEqual(before);
});

test('--json - gives JSON alone, and the same bytes each time', async () => {
  const [first, second] = await Promise.all([0, 1].map(() => vmtax([...RUN, '--json', '-'], place)));
  expectSuccess(first!);
  const result = JSON.parse(first!.stdout) as { schema: string };
  expect(result.schema).toMatch(/^vmtax\.run\/\d+$/);
  expect(second).toEqual(first);
});

test('all files at once, each whole; a page too', async () => {
  const files = ['out.json', 'out.csv', 'out.html'];
  const result = await vmtax([...RUN, '--json', files[0]!, '--csv', files[1]!, '--html', files[2]!], place);
  expectSuccess(result);
  expect(result.stdout.split('\n').slice(-4)).toEqual([...files.map((file) => `wrote ${file}`), '']);
  expect(() => JSON.parse(readFileSync(place.path('out.json'), 'utf8'))).not.toThrow();
  expect(readFileSync(place.path('out.csv'), 'utf8')).toMatch(/,[\s\S]*\n$/);
  expect(readFileSync(place.path('out.html'), 'utf8')).toMatch(/^<!doctype html>[\s\S]*<\/html>\n?$/i);
  expectClean(place);
});

test('no escape sequences where there is no terminal', async () => {
  const result = await vmtax(RUN, place);
  expectSuccess(result);
  expect(result.stdout.length).toBeGreaterThan(1000);
  expect(result.stdout).not.toContain('\x1b');
  // Not wider than 80 columns either.
  expect(Math.max(...result.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
});

test('a device stays a device, a symbolic link a link', async () => {
  writeFileSync(place.path('target'), 'old');
  symlinkSync('target', place.path('link'));
  expectSuccess(await vmtax([...RUN, '--json', devNull, '--csv', 'link'], place));
  expect(lstatSync(devNull).isCharacterDevice()).toBe(true);
  expect(lstatSync(place.path('link')).isSymbolicLink()).toBe(true);
  expect(readFileSync(place.path('target'), 'utf8')).toContain(',');
  expectClean(place);
});

test.each([
  ['trace head', ['trace', 'head', SMALL, '--records', '100K']],
  ['system schema', ['system', 'schema']],
  ['run', RUN],
])('%s | head -1 ends quietly', async (_, args) => {
  const child = start(args, place);
  child.stdout!.once('data', () => child.stdout!.destroy());
  const closed = once(child, 'exit') as Promise<[number | null]>;
  let stderr = '';
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  expect((await closed)[0]).toBe(0);
  expect(stderr).toBe('');
  expectClean(place);
});

test.skipIf(!existsSync('/dev/full'))('a full device is said to be full', async () => {
  const { openSync, closeSync } = await import('node:fs');
  const full = openSync('/dev/full', 'w');
  const result = await ended(start(['system', 'list'], place, { stdio: ['ignore', full, 'pipe'] }));
  closeSync(full);
  expectRefusal(result, 'standard output: no space left');
});

test.skipIf(!existsSync('/dev/full'))('help and files on a full device, too', async () => {
  const { openSync, closeSync } = await import('node:fs');
  const full = openSync('/dev/full', 'w');
  for (const args of [['--help'], ['--version'], ['run', '--help'], ['completion']]) {
    const result = await ended(start(args, place, { stdio: ['ignore', full, 'pipe'] }));
    expectRefusal(result, 'standard output: no space left on the device');
  }
  closeSync(full);
  for (const option of ['--json', '--csv', '--html'])
    expectRefusal(
      await vmtax([...RUN, option, '/dev/full'], place),
      '/dev/full: no space left on the device',
    );
});

test('colour: NO_COLOR says no, FORCE_COLOR yes, else there must be a terminal', async () => {
  const forced = await vmtax(RUN, place, { env: { FORCE_COLOR: '1' } });
  expectSuccess(forced);
  expect(forced.stdout).toContain('\x1b[');
  for (const env of [{ FORCE_COLOR: '1', NO_COLOR: '1' }, { FORCE_COLOR: '0' }, {}])
    expect((await vmtax(RUN, place, { env })).stdout).not.toContain('\x1b');
  const terminal = { isTTY: true };
  expect(wantsColor(terminal, {})).toBe(true);
  expect(wantsColor(terminal, { TERM: 'dumb' })).toBe(false);
  expect(wantsColor(terminal, { NO_COLOR: '1' })).toBe(false);
  expect(wantsColor(terminal, { NO_COLOR: '' })).toBe(true);
});
