import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { unxz } from '../../src/trace/compression/xz.ts';
import { unzlib } from '../../src/trace/compression/zlib.ts';
import { unzstd } from '../../src/trace/compression/zstd.ts';
import { InputError } from '../../src/trace/errors.ts';
import { openTrace } from '../../src/trace/formats/registry.ts';
import { complaint, mutate, randomNumbers, readAll, sampleLackey } from './reading.ts';

const folder = mkdtempSync(join(tmpdir(), 'vmtax-input-'));
afterAll(() => rmSync(folder, { recursive: true }));

const LINES = 3000;
const TEXT = sampleLackey(LINES);
const fixture = (name: string): Buffer => readFileSync(new URL(`fixtures/${name}`, import.meta.url));

let files = 0;
function write(bytes: Uint8Array | string): string {
  const path = join(folder, `f${files++}`);
  writeFileSync(path, bytes);
  return path;
}

async function read(path: string, options = {}) {
  const trace = await openTrace(path, options);
  const { references } = await readAll(trace);
  return { references, trace, summary: trace.summary()! };
}

const plain = await read(write(TEXT));

describe('compressions', () => {
  const half = TEXT.length >> 1;
  const variants: readonly (readonly [string, Uint8Array])[] = [
    ['gzip', gzipSync(TEXT)],
    ['gzip members', Buffer.concat([gzipSync(TEXT.slice(0, half)), gzipSync(TEXT.slice(half))])],
    ['brotli', brotliCompressSync(TEXT)],
    ['xz', fixture('lackey-3000.xz')],
    ['xz streams', fixture('lackey-3000-two-streams.xz')],
    ['zstd', fixture('lackey-3000.zst')],
    ['zstd frames, one skippable, one without checksum', fixture('lackey-3000-two-frames.zst')],
  ];

  test.each(variants)('%s is taken off by its bytes', async (_, bytes) => {
    const { references, trace } = await read(write(bytes));
    expect(references).toEqual(plain.references);
    expect((await readAll(trace)).references).toEqual(plain.references); // and again
    expect(
      (await read('-', { stdin: Readable.from([bytes.subarray(0, 5), bytes.subarray(5)]) })).references,
    ).toEqual(plain.references);
  });

  test.each(variants)('%s: every cut and every changed byte is noticed', async (name, bytes) => {
    const random = randomNumbers(3);
    for (let i = 0; i < 60; i++) {
      const at = i < 30 ? i : random(bytes.length);
      if (name === 'gzip members' && at === gzipSync(TEXT.slice(0, half)).length) continue;
      if (at > 0) await complaint(read(write(bytes.subarray(0, at))));
      if (name === 'brotli' || name.includes('without checksum')) continue;
      const changed = Uint8Array.from(bytes);
      changed[at]! ^= 1 << random(8);
      const outcome = await read(write(changed)).catch((error: unknown) => error);
      if (outcome instanceof InputError) continue;
      // Some header bits (name, time, sizes that are not used) do not matter.
      expect((outcome as typeof plain).references).toEqual(plain.references);
    }
  });

  test('messages say where', async () => {
    const gz = gzipSync(TEXT);
    expect(await complaint(read(write(gz.subarray(0, 5000))))).toMatch(
      /gzip data is truncated: it ends at byte 5000/,
    );
    expect(await complaint(read(write(Buffer.concat([gz, Buffer.from('tail')]))))).toMatch(
      /corrupt near byte/,
    );
    expect(await complaint(read(write(Buffer.concat([gz, Buffer.alloc(4)]))))).toMatch(
      new RegExp(`follows the gzip data at byte ${gz.length}`),
    );
    expect(await complaint(read(write(fixture('lackey-3000.xz').subarray(0, 999))))).toMatch(
      /xz data is truncated/,
    );
    expect(await complaint(read(write(fixture('lackey-sha256.xz'))))).toMatch(/SHA-256/);
    const zst = fixture('lackey-3000.zst');
    expect(await complaint(read(write(zst.subarray(0, 999))))).toMatch(
      /zstd data is truncated: it ends at byte 999/,
    );
    expect(await complaint(read(write(Buffer.concat([zst, Buffer.from('tail')]))))).toMatch(
      new RegExp(`follows the zstd data at byte ${zst.length}`),
    );
    const sum = Uint8Array.from(zst);
    sum[zst.length - 1]! ^= 1;
    expect(await complaint(read(write(sum)))).toMatch(/checksum differs/);
    expect(await complaint(read(write(Buffer.from('28b52ffd00ff010000', 'hex'))))).toMatch(/window larger/);
    expect(await complaint(read(write(Buffer.from('04224d1860407382', 'hex'))))).toMatch(
      /lz4 compression is not read/,
    );
    expect(await complaint(read(write(Buffer.from('BZh91AY&SY', 'latin1'))))).toMatch(
      /bzip2 compression is not read/,
    );
    expect(await complaint(read(write(gzipSync(''))))).toMatch(/holds 0 bytes/);
    expect(await complaint(read(write(gzipSync('some prose\n'))))).toMatch(
      /the gz data inside is in no known trace format/,
    );
  });

  test('mutated streams end in bytes or an InputError', async () => {
    const small = TEXT.slice(0, 2000);
    const random = randomNumbers(11);
    const decoders = [
      ['gz', gzipSync(small)],
      ['br', brotliCompressSync(small)],
      ['xz', fixture('lackey-3000.xz')],
      ['zst', fixture('lackey-3000-two-frames.zst')],
    ] as const;
    for (const [kind, bytes] of decoders) {
      for (let i = 0; i < 400; i++) {
        const changed = mutate(bytes, random, ['(\xb5/\xfd', '\0\0\0\0', '\xff']);
        const source = Readable.from([changed]);
        const stream =
          kind === 'xz'
            ? unxz('x', source)
            : kind === 'zst'
              ? unzstd('x', source)
              : unzlib(kind, 'x', source);
        let length = 0;
        try {
          for await (const piece of stream) {
            length += piece.length;
            if (length > 1 << 24) break;
          }
        } catch (error) {
          if (!(error instanceof InputError))
            throw new Error(`${kind} ${Buffer.from(changed).toString('hex')}`, { cause: error });
        }
      }
    }
  });

  test('a decompression bomb is not a trace', async () => {
    const bomb = gzipSync(Buffer.alloc(1 << 26));
    expect(await complaint(read(write(gzipSync(bomb))))).toMatch(/no known trace format/);
    expect(await complaint(read(write(bomb)))).toMatch(/no known trace format/);
  });
});

describe('what cannot be opened', () => {
  test('files', async () => {
    expect(await complaint(read(join(folder, 'none')))).toMatch(/none: no such file or directory/);
    expect(await complaint(read(join(write('x'), 'y')))).toMatch(/not a directory/);
    expect(await complaint(read(write('')))).toMatch(/the file is empty \(0 bytes\)/);
    expect(await complaint(read('/dev/zero'))).toMatch(/is a device, not a file/);
    const fifo = join(folder, 'fifo');
    execFileSync('mkfifo', [fifo]);
    expect(await complaint(read(fifo))).toMatch(/is a named pipe/);
    const link = join(folder, 'loop');
    symlinkSync(link, link);
    expect(await complaint(read(link))).toMatch(/symbolic links/);
  });

  test.skipIf(process.getuid?.() === 0)('unreadable files', async () => {
    const path = write(TEXT);
    chmodSync(path, 0);
    expect(await complaint(read(path))).toMatch(/permission denied/);
  });

  test('directories without traces', async () => {
    expect(await complaint(read(mkdtempSync(join(folder, 'd'))))).toMatch(/the directory holds no trace/);
    expect(await complaint(read(folder, { format: 'lackey' }))).toMatch(/is a directory/);
  });

  test('unknown bytes are shown, unknown formats listed', async () => {
    expect(await complaint(read(write('\x7fELF\x02\x01')))).toMatch(
      /looked for .*lackey.*; it begins with 7f 45 4c 46 02 01;/,
    );
    expect(await complaint(read(write(TEXT), { format: 'pixie' }))).toMatch(
      /unknown trace format "pixie"; .*lackey, csv, din/,
    );
  });

  test('ten sparse gigabytes fail at once', async () => {
    const path = write('');
    truncateSync(path, 10 * 2 ** 30);
    const started = performance.now();
    expect(await complaint(read(path))).toMatch(/begins with 00 00/);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  test('random bytes are not taken for brotli or anything else', async () => {
    const random = randomNumbers(5);
    for (let i = 0; i < 300; i++) {
      const bytes = Uint8Array.from({ length: 1 + random(300) }, () => random(256));
      await complaint(read(write(bytes)));
    }
    const prose = 'It was the best of times, it was the worst of times.\n'.repeat(40);
    expect(await complaint(read(write(prose)))).toMatch(/no known trace format/);
  });
});

describe('standard input', () => {
  test('is read once', async () => {
    const trace = await openTrace('-', { stdin: Readable.from([Buffer.from(TEXT)]) });
    expect(trace.header.name).toBe('standard input');
    expect((await readAll(trace)).references).toEqual(plain.references);
    expect(await complaint(readAll(trace))).toMatch(/only once/);
  });

  test('empty, closed early, a terminal, failing', async () => {
    expect(await complaint(read('-', { stdin: Readable.from([]) }))).toMatch(/standard input: is empty/);
    const early = Readable.from([Buffer.from(TEXT.slice(0, -4))]);
    expect(await complaint(read('-', { stdin: early }))).toMatch(/truncated: line 3000/);
    const terminal = Object.assign(Readable.from([]), { isTTY: true });
    expect(await complaint(read('-', { stdin: terminal }))).toMatch(/is a terminal/);
    const failing = new Readable({
      read() {
        this.destroy(Object.assign(new Error('gone'), { code: 'EIO' }));
      },
    });
    expect(await complaint(read('-', { stdin: failing }))).toMatch(/standard input: cannot be read \(EIO\)/);
  });
});

test('a forced format overrides recognition', async () => {
  const text = '0 100\n1 200\n';
  expect((await read(write(text), { format: 'din' })).references).toEqual(['L 0x100 4', 'S 0x200 4']);
  expect(await complaint(read(write(text), { format: 'xdin' }))).toMatch(
    /line 1: not an extended din record/,
  );
  expect((await read(write(brotliCompressSync(text)), { format: 'din' })).summary.loads).toBe(1);
});

test('progress goes up to the size of the file', async () => {
  const path = write(gzipSync(sampleLackey(100_000)));
  const seen: (readonly [number, number])[] = [];
  await read(path, { progress: (done: number, total: number) => seen.push([done, total]) });
  const size = readFileSync(path).length;
  expect(seen.length).toBeGreaterThan(0);
  expect(seen.every(([done, total]) => done <= size && total === size)).toBe(true);
  expect(seen.at(-1)![0]).toBe(size);
});

test('a trace may be given up half-way, and its summary comes only at the end', async () => {
  const trace = await openTrace(write(sampleLackey(100_000)));
  for await (const chunk of trace.chunks()) {
    expect(chunk.length).toBeGreaterThan(0);
    break;
  }
  expect(trace.summary()).toBeNull();
  await readAll(trace);
  expect(trace.summary()!.totals.lines).toBe(100_000);
  await trace.close();
});

describe('the traces that are shipped', () => {
  const shipped = fileURLToPath(new URL('../../traces/user/', import.meta.url));
  const names = readdirSync(shipped).filter((name) => name.endsWith('.expected.json'));
  test.each(names)('%s', async (name) => {
    const expected = JSON.parse(readFileSync(join(shipped, name), 'utf8'));
    const trace = await openTrace(join(shipped, name.replace('.expected.json', '')));
    for await (const chunk of trace.chunks()) expect(chunk.length).toBeGreaterThan(0);
    const { format, cpus } = trace.header;
    const { instructions, loads, stores } = trace.summary()!;
    expect({ format, cpus, instructions, loads, stores }).toEqual(expected);
  });
});
