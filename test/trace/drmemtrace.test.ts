import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { drmemtraceFormat } from '../../src/trace/formats/drmemtrace.ts';
import { openTrace } from '../../src/trace/formats/registry.ts';
import { syscallService } from '../../src/trace/services.ts';
import { EVENT } from '../../src/trace/types.ts';
import {
  type Entry,
  encode,
  fetch,
  load,
  marker,
  store,
  threadFile,
  time,
  zip,
} from './drmemtrace-encoder.ts';
import { complaint, fuzz, memoryInput, readAll, readBytes } from './reading.ts';

const folder = mkdtempSync(join(tmpdir(), 'vmtax-drmemtrace-'));
afterAll(() => rmSync(folder, { recursive: true }));

let folders = 0;
function directory(files: Readonly<Record<string, Uint8Array>>): string {
  const path = join(folder, `d${folders++}`);
  mkdirSync(path);
  for (const [name, bytes] of Object.entries(files)) {
    if (name.includes('/')) mkdirSync(join(path, name.slice(0, name.indexOf('/'))), { recursive: true });
    writeFileSync(join(path, name), bytes);
  }
  return path;
}

async function readPath(path: string) {
  const trace = await openTrace(path);
  const read = await readAll(trace);
  return { ...read, header: trace.header, summary: trace.summary()! };
}

const BODY: readonly Entry[] = [
  ...time(100),
  [47, 3, 0x90], // encoding
  fetch(0x401000, 3),
  load(0x7ffffffffff8n, 8),
  store(0x1ffe, 4),
  [31, 2, 0x401003], // sysenter
  [48, 2, 0x401005],
  [29, 4, 0x401007], // no fetch
  load(0x2000, 0), // unknown extent
  [5, 64, 0x3000], // prefetch
  [20, 0, 0x3000], // flush
];

test('each kind of record', async () => {
  const bytes = threadFile(9, BODY);
  for (const piece of [1, 7, 12, 100, 65536]) {
    const { references, events, summary, header } = await readBytes(drmemtraceFormat, bytes, {}, piece);
    expect(references).toEqual([
      'I 0x401000 3',
      'L 0x7ffffffffff8 8',
      'S 0x1ffe 4',
      'I 0x401003 2',
      'I 0x401005 2',
    ]);
    expect(events).toEqual([`${EVENT.mark} cpu0 2 100`]);
    expect(summary).toMatchObject({ instructions: 3, loads: 2, stores: 1 });
    expect(summary.totals).toMatchObject({
      records: 8 + BODY.length,
      noFetch: 1,
      prefetches: 1,
      flushes: 1,
      encodings: 1,
      zeroSizes: 1,
      timestamps: 1,
    });
    expect(header).toMatchObject({ cpus: 1, abi: 'x86-64', level: 'user' });
  }
});

test('bundles and instructions that may be fetched', async () => {
  const { references, summary } = await readBytes(
    drmemtraceFormat,
    threadFile(9, [
      fetch(0xffffffff, 1),
      [17, 5, 0x05_04_03_02_01n],
      [30, 2, 0x500],
      [30, 2, 0x500],
      [30, 2, 0x502],
      [10, 0, 0x700],
    ]),
  );
  expect(references).toEqual([
    'I 0xffffffff 1',
    'I 0x100000000 1',
    'I 0x100000001 2',
    'I 0x100000003 3',
    'I 0x100000006 4',
    'I 0x10000000a 5',
    'I 0x500 2',
    'I 0x502 2',
  ]);
  expect(summary.totals.noFetch).toBe(1);
});

test('system calls, kernel code and kernel addresses', async () => {
  const { references, events } = await readBytes(
    drmemtraceFormat,
    threadFile(9, [
      fetch(0x1000, 2),
      marker(25, 202),
      marker(27, 202),
      fetch(0xffffffff81000000n, 4),
      load(0x1008, 8),
      marker(28, 202),
      fetch(0x1002, 2),
      marker(34, 1),
      fetch(0xffffffff81000100n, 4),
      marker(35, 1),
      fetch(0x1004, 2),
    ]),
  );
  const service = syscallService(202);
  expect(references).toEqual([
    'I 0x1000 2',
    `I 0xffffffff81000000 4 kernel space-1 service${service}`,
    `L 0x1008 8 kernel service${service}`,
    'I 0x1002 2',
    'I 0xffffffff81000100 4 kernel space-1',
    'I 0x1004 2',
  ]);
  expect(events).toEqual([`${EVENT.syscall} cpu0 202 0`]);
});

test('time stamps of 64 bits, whole or split', async () => {
  const { events } = await readBytes(
    drmemtraceFormat,
    threadFile(9, [
      ...time(13439802065314414n),
      fetch(1, 1),
      marker(8, 0x2fbf6d),
      marker(2, 0xfff4626e),
      fetch(2, 1),
    ]),
  );
  expect(events).toEqual([
    `${EVENT.mark} cpu0 2 13439802065314414`,
    `${EVENT.mark} cpu0 2 ${(0x2fbf6dn << 32n) | 0xfff4626en}`,
  ]);
});

test('threads are merged by time stamps; CPUs are numbered by arrival', async () => {
  const big = 13439802065314000n;
  const a = threadFile(1, [...time(big + 5n), fetch(0xa1, 1), ...time(big + 9n), fetch(0xa2, 1)]);
  const b = threadFile(2, [
    ...time(big + 4n),
    fetch(0xb1, 1),
    ...time(big + 7n),
    fetch(0xb2, 1),
    ...time(big + 9n),
    fetch(0xb3, 1),
  ]);
  const path = directory({
    'x.1.trace': a,
    'x.2.trace.gz': gzipSync(b),
    'serial_schedule.bin.gz': gzipSync('x'),
  });
  const { references, header } = await readPath(path);
  expect(references).toEqual(['I 0xb1 1', 'I 0xa1 1 cpu1', 'I 0xb2 1', 'I 0xa2 1 cpu1', 'I 0xb3 1']);
  expect(header.cpus).toBe(2);
});

test('processes are address spaces', async () => {
  const a = threadFile(1, [...time(1), fetch(0x1000, 1)], 11);
  const b = threadFile(2, [...time(2), fetch(0x1000, 1)], 22);
  const { references, events } = await readPath(directory({ 'trace/a': a, 'trace/b': b, 'modules.log': a }));
  expect(references).toEqual(['I 0x1000 1', 'I 0x1000 1 cpu1 space1']);
  expect(events).toContain(`${EVENT.spaceSwitch} cpu1 1 0`);
});

describe('zip', () => {
  const parts = [
    encode([
      [25, 0, 7],
      marker(9, 0xc40),
      [22, 4, 5],
      [24, 4, 5],
      marker(20, 2),
      ...time(10),
      fetch(1, 1),
      marker(21, 0),
    ]),
    encode([marker(22, 9), ...time(10), fetch(2, 1), ...time(12), fetch(3, 1), [23, 4, 5], [26, 0, 0]]),
  ] as const;
  const whole = zip([
    ['chunk.0000', parts[0]],
    ['chunk.0001', parts[1]],
  ]);

  test('chunks follow one another; the repeated time stamp is left out', async () => {
    const { references, events } = await readPath(directory({ 't.zip': whole }));
    expect(references).toEqual(['I 0x1 1', 'I 0x2 1', 'I 0x3 1']);
    expect(events).toEqual([`${EVENT.mark} cpu0 2 10`, `${EVENT.mark} cpu0 2 12`]);
  });

  test('missing members, wrong checksums, cut archives', async () => {
    const file = join(folder, 'bad.zip');
    const complain = async (bytes: Uint8Array): Promise<string> => {
      writeFileSync(file, bytes);
      return complaint(readPath(file));
    };
    expect(await complain(zip([['chunk.0000', parts[0]]]))).toContain('without a footer');
    expect(await complain(zip([['chunk.0001', parts[1]]]))).toContain('where chunk 0 should be');
    const checksum = Uint8Array.from(whole);
    checksum[whole.indexOf('PK\x01\x02') + 16]! ^= 1;
    expect(await complain(checksum)).toContain('checksum');
    for (let cut = 36; cut < whole.length; cut += 7) {
      expect(await complain(whole.subarray(0, cut))).toMatch(/truncated or corrupt/);
    }
    expect(await complaint(drmemtraceFormat.open(memoryInput(whole), {}))).toContain('pipe');
  });
});

test('a cut file never passes', async () => {
  const bytes = threadFile(9, BODY);
  for (let cut = 12; cut < bytes.length; cut++) {
    expect(await complaint(readBytes(drmemtraceFormat, bytes.subarray(0, cut)))).toContain('truncated');
  }
  const { references } = await readBytes(drmemtraceFormat, bytes);
  expect(references.length).toBe(5);
});

test.each([
  ['unknown type', encode([[25, 0, 7], ...time(1), [60, 0, 0]]), /record 4 has the unknown type 60/],
  [
    'huge type',
    encode([
      [25, 0, 7],
      [65535, 0, 0],
    ]),
    /unknown type 65535/,
  ],
  ['bundle of 9', threadFile(1, [fetch(1, 1), [17, 9, 1]]), /bundle of 9/],
  ['bundle first', threadFile(1, [[17, 1, 1]]), /none before it/],
  [
    'records after the footer',
    encode([[25, 0, 7], fetch(1, 1), [26, 0, 0], fetch(1, 1)]),
    /without a footer/,
  ],
  ['nothing in it', threadFile(1, [...time(1)]), /no reference/],
])('refuses: %s', async (_, bytes, message) => {
  expect(await complaint(readBytes(drmemtraceFormat, bytes))).toMatch(message);
});

test('directories that are no trace, or hold a stranger', async () => {
  const good = threadFile(1, [fetch(1, 1)]);
  expect(await complaint(readPath(directory({})))).toMatch(/holds no trace/);
  expect(await complaint(readPath(directory({ 'a.txt': Buffer.from('hello') })))).toMatch(/holds no trace/);
  expect(await complaint(readPath(directory({ a: good, b: Buffer.from('hello') })))).toMatch(
    /\/b: is not a drmemtrace/,
  );
  expect(await complaint(readPath(directory({ a: good, b: Buffer.alloc(0) })))).toMatch(
    /\/b: the file is empty/,
  );
  expect(await complaint(readPath(directory({ a: good, b: gzipSync(good).subarray(0, 60) })))).toMatch(
    /truncated/,
  );
  const lz4 = Buffer.from('04224d186040', 'hex');
  expect(await complaint(readPath(directory({ a: lz4 })))).toMatch(/lz4 compression is not read/);
  const many = Object.fromEntries(Array.from({ length: 129 }, (_, i) => [`t${i}`, good]));
  expect(await complaint(readPath(directory(many)))).toMatch(/129 thread files, more than the 128/);
});

test('mutations give a trace or an InputError', async () => {
  const base = threadFile(9, [
    ...BODY,
    marker(25, 3),
    marker(27, 3),
    fetch(0xffffffff81000000n, 4),
    marker(28, 3),
    ...time(200),
    store(8, 8),
  ]);
  const scraps = [
    fetch(1, 1),
    marker(2, 50),
    marker(8, 1),
    [17, 8, -1] as const,
    [24, 4, 77] as const,
    [26, 0, 0] as const,
  ];
  const { good, refused } = await fuzz(
    drmemtraceFormat,
    base,
    4000,
    scraps.map((entry) => encode([entry]).toString('latin1')),
  );
  expect(good).toBeGreaterThan(50);
  expect(refused).toBeGreaterThan(1000);
});
