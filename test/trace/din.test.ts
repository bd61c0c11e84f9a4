import { expect, test } from 'vitest';
import { dinFormat, xdinFormat } from '../../src/trace/formats/din.ts';
import { dinbinFormat } from '../../src/trace/formats/dinbin.ts';
import { EVENT } from '../../src/trace/types.ts';
import { complaint, fuzz, memoryInput, readBytes } from './reading.ts';

const DIN =
  '2 430d70\n0 7fff5a8487f3\n1 0x7FFF5A8487F8 comment\n 3\t10\n02 7\n4 1000\n5 2000\n2 ffffffffffffffff\n';
const XDIN =
  'i 430d70 3\nr 7fff5a8487f3 8\nW 0x7FFF5A8487F8 0x10 comment\nm 10 4\nc 1000 40\nv 2000 40\ni fffff00000000ffe 4\n';

function dinbin(records: readonly (readonly [number, number, number])[]): Buffer {
  const bytes = Buffer.alloc(8 * records.length);
  records.forEach(([address, size, type], i) => {
    bytes.writeUInt32LE(address, 8 * i);
    bytes.writeUInt16LE(size, 8 * i + 4);
    bytes[8 * i + 6] = type;
  });
  return bytes;
}

test('din: addresses are rounded down to words, as Dinero does', async () => {
  const { references, events, summary } = await readBytes(dinFormat, DIN);
  expect(references).toEqual([
    'I 0x430d70 4',
    'L 0x7fff5a8487f0 4',
    'S 0x7fff5a8487f8 4',
    'L 0x10 4',
    'I 0x4 4',
    'I 0xfffffffffffffffc 4',
  ]);
  expect(events).toEqual([`${EVENT.mark} cpu0 4 4096`, `${EVENT.mark} cpu0 5 8192`]);
  expect(summary.totals).toEqual({ lines: 8, skippedLines: 0, misc: 1, copyBacks: 1, invalidates: 1 });
  expect(summary).toMatchObject({ instructions: 3, loads: 2, stores: 1 });
});

test('extended din: sizes are kept, in hexadecimal', async () => {
  const { references, summary } = await readBytes(xdinFormat, XDIN);
  expect(references).toEqual([
    'I 0x430d70 3',
    'L 0x7fff5a8487f3 8',
    'S 0x7fff5a8487f8 16',
    'L 0x10 4',
    'I 0xfffff00000000ffe 4',
  ]);
  expect(summary.totals).toMatchObject({ misc: 1, copyBacks: 1, invalidates: 1 });
});

test('binary din', async () => {
  const data = dinbin([
    [0xfffffffc, 4, 2],
    [0x1000, 8, 0],
    [0x1ffe, 4, 1],
    [0x10, 1, 3],
    [0x20, 64, 4],
  ]);
  for (const piece of [1, 3, 8, 13, 4096]) {
    const { references, header, summary } = await readBytes(dinbinFormat, data, {}, piece);
    expect(references).toEqual(['I 0xfffffffc 4', 'L 0x1000 8', 'S 0x1ffe 4', 'L 0x10 1']);
    expect(header.addressBits).toBe(32);
    expect(summary.totals).toEqual({ records: 5, misc: 1, copyBacks: 1, invalidates: 0 });
  }
  expect(await complaint(readBytes(dinbinFormat, data.subarray(0, 20)))).toMatch(
    /truncated: record 3 \(byte 16\) has 4 of 8/,
  );
  expect(await complaint(readBytes(dinbinFormat, dinbin([[1, 4, 6]])))).toContain('access type 6');
  expect(await complaint(readBytes(dinbinFormat, new Uint8Array(4096)))).toContain('size 0');
  expect(dinbinFormat.sniff(memoryInput(data))).toBe(false);
});

test('split lines, CRLF and a missing last newline read the same', async () => {
  for (const [format, text] of [
    [dinFormat, DIN],
    [xdinFormat, XDIN],
  ] as const) {
    const { references } = await readBytes(format, text);
    for (let piece = 1; piece < 30; piece++) {
      expect((await readBytes(format, text, {}, piece)).references).toEqual(references);
    }
    expect((await readBytes(format, text.replaceAll('\n', '\r\n'))).references).toEqual(references);
    expect((await readBytes(format, text.trimEnd())).references).toEqual(references);
  }
});

test.each([
  '6 100\n',
  '2\n',
  '2 \n',
  '2 xyz\n',
  'r 100\n',
  '2,100\n',
  '\n',
  '2 00000000000000001\n',
  '-1 100\n',
])('not a din record: %j', async (line) => {
  expect(await complaint(readBytes(dinFormat, `2 4\n${line}`))).toMatch(/^memory: line 2: not a din record/);
});

test.each([
  'r 100\n',
  'r 100 0\n',
  'r 100 10000\n',
  'x 100 4\n',
  'r\n',
  'r 100 fffffffffffff\n',
  'r 100,4\n',
  '0 100 4\n',
])('not an extended din record: %j', async (line) => {
  expect(await complaint(readBytes(xdinFormat, `r 4 4\n${line}`))).toMatch(/^memory: line 2: /);
  const { summary } = await readBytes(xdinFormat, `r 4 4\n${line}`, { skipBadLines: true });
  expect(summary.totals.skippedLines).toBe(1);
});

test('recognised by their bytes, and not taken for each other', () => {
  expect(dinFormat.sniff(memoryInput(DIN))).toBe(true);
  expect(xdinFormat.sniff(memoryInput(XDIN))).toBe(true);
  expect(dinFormat.sniff(memoryInput(XDIN))).toBe(false);
  expect(xdinFormat.sniff(memoryInput(DIN))).toBe(false);
});

test('mutations give a trace or an InputError', async () => {
  const scraps = ['2 400\n', 'r 4 4\n', '\n', '\0', 'ffffffffffff'];
  await fuzz(dinFormat, Buffer.from(DIN), 3000, scraps);
  await fuzz(xdinFormat, Buffer.from(XDIN), 3000, scraps);
  const many = dinbin(Array.from({ length: 20 }, (_, i) => [0x1000 * i + i, 1 + i, i % 6] as const));
  await fuzz(dinbinFormat, many, 3000, scraps);
});
