import { expect, test } from 'vitest';
import { lackeyFormat } from '../../src/trace/formats/lackey.ts';
import { complaint, fuzz, memoryInput, readBytes } from './reading.ts';

const SAMPLE = [
  '==12== Lackey, an example Valgrind tool',
  '==12== Using Valgrind-3.19.0 and LibVEX; rerun with -h for copyright info',
  '==12== Command: gzip -6',
  '==12== ',
  'I  0401ab70,3',
  'I  0401ab73,5',
  ' S 1fff000d28,8',
  ' L 04222ffd,8',
  ' M 0421c7cc,4',
  'I  FFFFFFFFFFFFFFFC,8',
  'I  10,1',
  '==12== ',
  '',
].join('\n');
const WANTED = [
  'I 0x401ab70 3',
  'I 0x401ab73 5',
  'S 0x1fff000d28 8',
  'L 0x4222ffd 8',
  'M 0x421c7cc 4',
  'I 0xfffffffffffffffc 8',
  'I 0x10 1',
];

test('every kind, long and short addresses, page crossing, comments', async () => {
  const { references, summary, header } = await readBytes(lackeyFormat, SAMPLE);
  expect(references).toEqual(WANTED);
  expect(summary).toMatchObject({ instructions: 4, loads: 2, stores: 2, records: 9, spaces: 1 });
  expect(summary.totals).toEqual({ lines: 12, skippedLines: 0, commentLines: 5, modifies: 1 });
  expect(header).toMatchObject({ level: 'user', physical: false, instructionBytes: 0, cpus: 1 });
  expect(header.provenance).toMatchObject({ command: 'gzip -6', tool: 'Valgrind-3.19.0' });
});

test('lines split anywhere between reads, and CRLF, read the same', async () => {
  for (let piece = 1; piece < 60; piece++) {
    expect((await readBytes(lackeyFormat, SAMPLE, {}, piece)).references).toEqual(WANTED);
  }
  expect((await readBytes(lackeyFormat, SAMPLE.replaceAll('\n', '\r\n'))).references).toEqual(WANTED);
});

test('more references than a chunk holds', async () => {
  const lines = Array.from({ length: 100_000 }, (_, i) => `I  ${(0x8000000 + 4 * i).toString(16)},4\n`).join(
    '',
  );
  const { references, summary } = await readBytes(lackeyFormat, lines);
  expect(references.length).toBe(100_000);
  expect(references[99_999]).toBe(`I 0x${(0x8000000 + 4 * 99_999).toString(16)} 4`);
  expect(summary.chunks).toBeGreaterThan(3);
});

test('a bad line is named, or skipped and counted when asked', async () => {
  const bad = SAMPLE.replace(' S 1fff', ' X 1fff');
  const message = await complaint(readBytes(lackeyFormat, bad));
  expect(message).toMatch(/^memory: line 7: .*" X 1fff000d28,8"/);
  const { summary } = await readBytes(lackeyFormat, bad, { skipBadLines: true });
  expect(summary.totals.skippedLines).toBe(1);
  expect(summary.stores).toBe(1);
});

test.each([
  'I  0401ab70,0\n',
  'I  0401ab70,65536\n',
  'I  0401ab70,99999999999999999999\n',
  'I  0401ab70,\n',
  'I  0401ab70\n',
  'I  ,3\n',
  'I 0401ab70,3\n',
  ' I 0401ab70,3\n',
  '  L0401ab70,3\n',
  ' L 0401ab70,3 \n',
  ' L 0401ab70,f\n',
  ' L 00000000000000001,3\n',
  ' L 0401ab7g,3\n',
  'I  0401ab70,3\n\nI  0401ab70,3\n',
  'L 0401ab70,3\n',
])('not a record: %j', async (line) => {
  expect(await complaint(readBytes(lackeyFormat, line))).toContain('not a Lackey record');
});

test('a last line without its newline is a truncated file', async () => {
  const cut = SAMPLE.slice(0, SAMPLE.indexOf(' L 04222') + 12);
  expect(await complaint(readBytes(lackeyFormat, cut))).toMatch(/truncated: line 8/);
  expect((await readBytes(lackeyFormat, cut, { skipBadLines: true })).summary.totals.skippedLines).toBe(1);
});

test('no reference at all, and endless lines', async () => {
  expect(await complaint(readBytes(lackeyFormat, '==1== Lackey\n'))).toContain('no reference');
  expect(await complaint(readBytes(lackeyFormat, `I  0401ab70,3\n${'a'.repeat(9000)}`))).toContain(
    'longer than',
  );
});

test('recognised by its bytes', () => {
  expect(lackeyFormat.sniff(memoryInput(SAMPLE))).toBe(true);
  expect(lackeyFormat.sniff(memoryInput('junk\nI  04000000,3\nI  04000000,3\n'))).toBe(true);
  expect(lackeyFormat.sniff(memoryInput('r 4000 4\n'))).toBe(false);
  expect(lackeyFormat.sniff(memoryInput(new Uint8Array(65536)))).toBe(false);
});

test('mutations give a trace or an InputError', async () => {
  const { good, refused } = await fuzz(lackeyFormat, Buffer.from(SAMPLE), 4000, [
    'I  0401ab70,3\n',
    ' L ',
    '\n',
    '\0',
    ',9999999',
  ]);
  expect(good).toBeGreaterThan(100);
  expect(refused).toBeGreaterThan(1000);
});
