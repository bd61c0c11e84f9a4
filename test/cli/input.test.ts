import { chmodSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type Ended,
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

/** Feeds bytes to standard input and closes it. */
async function piped(args: readonly string[], bytes: Uint8Array | string): Promise<Ended> {
  const child = start(args, place, { stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin!.on('error', () => {}); // it may have seen enough
  child.stdin!.end(bytes);
  return ended(child);
}

test.each([
  ['a missing file', 'missing', 'missing: no such file'],
  ['a directory without traces', 'empty', 'the directory holds no trace'],
  ['an empty file', 'nothing', 'the file is empty'],
  ['a file that is no trace', 'text', 'is in no known trace format'],
])('%s', async (_, name, says) => {
  mkdirSync(place.path('empty'), { recursive: true });
  writeFileSync(place.path('nothing'), '');
  writeFileSync(place.path('text'), 'To be, or not to be, that is the question.\n'.repeat(100));
  for (const command of [['run'], ['trace', 'info'], ['trace', 'head']])
    expectRefusal(await inProcess([...command, place.path(name)], place), says);
  expectRefusal(await vmtax(['run', name, '--json', 'out.json'], place), says);
  expectClean(place);
});

test('10 GB of zeros are refused at once, whatever the format', async () => {
  const path = place.path('zeros');
  writeFileSync(path, '');
  truncateSync(path, 10 * 2 ** 30);
  const formats = ['store', 'mtrc', 'drmemtrace', 'lackey', 'csv', 'din', 'xdin', 'dinbin'];
  const began = Date.now();
  expectRefusal(await inProcess(['run', path], place), 'is in no known trace format');
  for (const format of formats)
    expectRefusal(await inProcess(['run', path, '--format', format], place), path);
  expectRefusal(await inProcess(['trace', 'convert', path, place.path('zeros.vmt')], place), path);
  // Together, not each; reading them all would take ten seconds for a single one.
  expect(Date.now() - began).toBeLessThan(2000 * formats.length);
  rmSync(path);
  expectClean(place);
});

test.skipIf(process.getuid?.() === 0)('an unreadable file (root may read all: skipped there)', async () => {
  writeFileSync(place.path('secret'), 'I  00000000,4\n');
  chmodSync(place.path('secret'), 0o000);
  expectRefusal(await vmtax(['run', 'secret'], place), 'permission denied');
});

describe('a damaged store', () => {
  let whole = new Uint8Array(0);
  beforeAll(async () => {
    expectSuccess(await vmtax(['trace', 'convert', SMALL, 'whole.vmt'], place));
    whole = readFileSync(place.path('whole.vmt'));
  });

  async function refused(name: string, bytes: Uint8Array): Promise<void> {
    const path = place.path(name);
    writeFileSync(path, bytes);
    for (const command of [
      ['run', '--json', place.path('damaged.json')],
      ['trace', 'head', '--records', '1G'],
    ]) {
      const result = await inProcess([...command, path], place);
      expect({ name, status: result.status, stderr: result.stderr }).toMatchObject({ status: 2 });
      expect(result.stderr).toMatch(/^vmtax: [^\n]+\n$/);
      expect(result.stderr).toContain(path);
    }
    rmSync(path);
  }

  test('cut short anywhere', async () => {
    const places = [1, 7, 8, 64, 1000, whole.length >> 1, whole.length - 40, whole.length - 1];
    for (const length of places) await refused(`cut-${length}`, whole.subarray(0, length));
    expectClean(place);
  });

  test('one bit flipped anywhere', async () => {
    for (let part = 0; part < 16; part++) {
      const at = Math.floor((part * (whole.length - 1)) / 15);
      const flipped = Uint8Array.from(whole);
      flipped[at]! ^= 1 << (part & 7);
      await refused(`flip-${at}`, flipped);
    }
    expectClean(place);
  });

  test('bytes after the end', () => refused('long', Buffer.concat([whole, new Uint8Array(100)])));
});

describe('standard input', () => {
  const args = ['run', '-', '--systems', 'cachegrind', '--csv', '-'];

  test('is a trace like any other, compressed or not, and may be a file', async () => {
    const packed = readFileSync(SMALL);
    const fromFile = await vmtax(['run', SMALL, '--systems', 'cachegrind', '--csv', '-'], place);
    const fromPipe = await piped(args, packed);
    const unpacked = await piped(args, gunzipSync(packed));
    for (const result of [fromFile, fromPipe, unpacked]) expectSuccess(result);
    // The trace's name is in the first column and differs.
    const counts = (result: Ended): string => result.stdout.replace(/^(standard input|true\.lackey),/gm, '');
    expect(counts(unpacked)).toBe(counts(fromPipe));
    expect(counts(fromPipe)).toBe(counts(fromFile));
    expectClean(place);
  });

  test('empty, closed, or not a trace', async () => {
    expectRefusal(await piped(args, ''), 'standard input: is empty');
    expectRefusal(await vmtax(args, place), 'standard input: is empty');
    expectRefusal(await piped(args, 'hello\n'), 'standard input: is in no known trace format');
    expectRefusal(await piped(args, readFileSync(SMALL).subarray(0, 60_000)), 'standard input');
    expectClean(place);
  });
});

test('a bad line says which one; skipping is asked for and counted', async () => {
  const path = place.path('bad.lackey');
  writeFileSync(path, ['I  00400000,4', ' L 00500000,8', 'I  0040zzzz,4', ' S 00500000,8', ''].join('\n'));
  expectRefusal(await inProcess(['run', path], place), /bad\.lackey: line 3: .*"I {2}0040zzzz,4"/);
  const skipped = await inProcess(['trace', 'info', path, '--skip-bad-lines'], place);
  expectSuccess(skipped);
  expect(skipped.stdout).toMatch(/^skippedLines +1$/m);
  expectClean(place);
});
