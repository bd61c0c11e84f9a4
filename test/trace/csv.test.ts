import { expect, test } from 'vitest';
import { csvFormat } from '../../src/trace/formats/csv.ts';
import { EVENT } from '../../src/trace/types.ts';
import { complaint, fuzz, memoryInput, readBytes } from './reading.ts';

const SMALL =
  'kind,address,size\nI,0x401000,3\nload,4198400,8\nS,0xffffffffffffffff,1\nModify,0x2ffe,4\nL,0x10,\nfetch,0x14,\n';

test('kinds, hexadecimal and decimal addresses, default sizes', async () => {
  const { references, summary, header } = await readBytes(csvFormat, SMALL);
  expect(references).toEqual([
    'I 0x401000 3',
    'L 0x401000 8',
    'S 0xffffffffffffffff 1',
    'M 0x2ffe 4',
    'L 0x10 8',
    'I 0x14 4',
  ]);
  expect(summary.totals).toEqual({ rows: 6, skippedRows: 0 });
  expect(header).toMatchObject({ level: 'user', cpus: 1, physical: false });
});

test('CPUs, modes, physical addresses and address spaces', async () => {
  const text =
    'cpu,mode,space,kind,address,physical,size\n0,user,100,I,0x1000,0x9000,4\n2,kernel,7,L,0x1008,0x9008,8\n0,,100,S,0x1010,0xa010,4\n';
  const { references, events, header, summary } = await readBytes(csvFormat, text);
  expect(header).toMatchObject({ level: 'system', cpus: 3, physical: true });
  expect(references).toEqual(['I 0x1000 4', 'L 0x1008 8 cpu2 kernel space1', 'S 0x1010 4']);
  expect(events).toEqual([`${EVENT.spaceSwitch} cpu2 1 7`, `${EVENT.unmap} cpu0 0 0`]);
  expect(summary).toMatchObject({ translations: 3, spaces: 2 });
});

test('split reads, CRLF, a byte-order mark, quotes, blank lines, a missing last newline', async () => {
  const { references } = await readBytes(csvFormat, SMALL);
  for (let piece = 1; piece < 40; piece++) {
    expect((await readBytes(csvFormat, SMALL, {}, piece)).references).toEqual(references);
  }
  const variants = [
    SMALL.replaceAll('\n', '\r\n'),
    `\xef\xbb\xbf${SMALL}`,
    SMALL.trimEnd(),
    SMALL.replace('load', '"load"'),
    SMALL.replace('kind,address', ' "Kind" , ADDRESS'),
    `${SMALL}\n\n`,
  ];
  for (const text of variants) {
    expect(csvFormat.sniff(memoryInput(text))).toBe(true);
    expect((await readBytes(csvFormat, text)).references).toEqual(references);
  }
});

test('many rows', async () => {
  const rows = Array.from({ length: 60_000 }, (_, i) => `L,${i * 8},8`).join('\n');
  const { references, summary } = await readBytes(csvFormat, `kind,address,size\n${rows}`, {}, 100_000);
  expect(references.length).toBe(60_000);
  expect(references[59_999]).toBe(`L 0x${(59_999 * 8).toString(16)} 8`);
  expect(summary.totals.rows).toBe(60_000);
  const late = `kind,address,size\n${rows}\nL,12,0\n`;
  expect(await complaint(readBytes(csvFormat, late, {}, 100_000))).toMatch(/line 60002, column 3 \(size\)/);
});

test.each([
  ['kind,address\nX,1\n', /line 2, column 1 \(kind\): .*"X"/],
  ['kind,address\n\nI,1\nI,zz\n', /line 4, column 2 \(address\)/],
  ['kind,address\nI,18446744073709551616\n', /64-bit/],
  ['kind,address\nI,0x10000000000000000\n', /64-bit/],
  ['kind,address\nI,-1\n', /64-bit/],
  ['kind,address,size\nI,1,65536\n', /line 2, column 3 \(size\)/],
  ['kind,address,cpu\nI,1,128\n', /line 2, column 3 \(cpu\): not a number from 0 to 127/],
  ['kind,address,mode\nI,1,super\n', /user or kernel/],
  ['kind,address,physical\nI,0x1004,0x2008\n', /last 12 bits/],
  ['kind,address,physical\nI,0x1ffe,0x2ffe\n', /crosses a page/],
  ['kind,address\nI,1,2\n', /line 2: has 3 fields/],
  ['kind,address\nI\n', /line 2: has 1 fields/],
  ['kind,address\nI,"1\n', /line \d+: Quote/],
  ['kind,address\nI,"1"x\n', /line 2: /],
  [
    'kind,address,colour\nI,1,red\n',
    /line 1, column 3: unknown column "colour"; the columns are kind, address,/,
  ],
  ['kind,size\nI,1\n', /address is missing/],
  ['kind,kind,address\nI,I,1\n', /kind is there twice/],
  ['kind,address\n', /no reference/],
])('refuses %j', async (text, message) => {
  expect(await complaint(readBytes(csvFormat, text, {}, 1000))).toMatch(message);
});

test('endless lines', async () => {
  const text = `kind,address\nI,${'1'.repeat(9000)}\n`;
  expect(await complaint(readBytes(csvFormat, text, {}, 1000))).toContain('longer than');
});

test('bad rows are skipped and counted when asked', async () => {
  const text = 'kind,address\nI,1\nX,1\nI\nI,"2"x\nL,2\n';
  const { references, summary } = await readBytes(csvFormat, text, { skipBadLines: true });
  expect(references).toEqual(['I 0x1 4', 'L 0x2 8']);
  expect(summary.totals).toEqual({ rows: 2, skippedRows: 3 });
});

test('recognised by its header', () => {
  expect(csvFormat.sniff(memoryInput('name,value\n1,2\n'))).toBe(false);
  expect(csvFormat.sniff(memoryInput(new Uint8Array(100)))).toBe(false);
});

test('mutations give a trace or an InputError', async () => {
  await fuzz(csvFormat, Buffer.from(SMALL), 3000, ['I,1,1\n', '"', '\n', '\0', ',,', '\r', '""']);
  const full = 'kind,address,cpu,mode,physical,space\nI,0x1000,1,user,0x2000,3\nL,0x1008,0,kernel,0x2008,4\n';
  await fuzz(csvFormat, Buffer.from(full), 2000, ['9', '"', '\n', '0x', ',']);
});
