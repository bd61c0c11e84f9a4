import fc from 'fast-check';
import { afterEach, expect, it, vi } from 'vitest';
import { dinFormat, xdinFormat } from '../../src/trace/formats/din.ts';
import type { Format } from '../../src/trace/formats/format.ts';
import { lackeyFormat } from '../../src/trace/formats/lackey.ts';
import { memoryInput } from './reading.ts';

/**
 * The loop in WebAssembly against the patterns in TypeScript, which take every line of a text where there is no
 * WebAssembly: the same chunks, to the byte, and the same complaint.
 */

afterEach(() => {
  vi.unstubAllGlobals();
});

/** Everything that reading gives, as text. `piece`: bytes at a time, in memory that the next piece overwrites. */
async function readWhole(format: Format, data: string, skipBadLines: boolean, piece: number) {
  const bytes = Buffer.from(data, 'latin1');
  const input = {
    ...memoryInput(bytes),
    stream: async function* () {
      const lent = Buffer.alloc(piece);
      for (let at = 0; at < bytes.length; at += piece)
        yield lent.subarray(0, bytes.copy(lent, 0, at, at + piece));
    },
  };
  const trace = await format.open(input, { skipBadLines });
  const seen: unknown[] = [];
  try {
    for await (const { length, translation, word, segments, events, translations } of trace.chunks()) {
      const upTo = (count: number, columns: object): object =>
        Object.fromEntries(
          Object.entries(columns).map(([name, column]) => [
            name,
            typeof column === 'number' ? column : Array.from(column).slice(0, count),
          ]),
        );
      seen.push([
        length,
        Array.from(translation).join(),
        Array.from(word).join(),
        upTo(segments.length, segments),
        upTo(events.length, events),
        upTo(translations.length, translations),
      ]);
    }
    return { seen, summary: trace.summary() };
  } catch (error) {
    return { seen, error: (error as Error).message };
  }
}

async function expectBoth(format: Format, data: string, skipBadLines: boolean, piece: number): Promise<void> {
  const fast = await readWhole(format, data, skipBadLines, piece);
  vi.stubGlobal('WebAssembly', undefined);
  const plain = await readWhole(format, data, skipBadLines, piece);
  vi.unstubAllGlobals();
  expect(fast).toEqual(plain);
}

const digits = (most: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdefABCDEF'), minLength: 1, maxLength: most });
/** Mostly within a few pages and their edges; else any number of digits, also more than an address has. */
const address = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 0, max: 0x7fff }).map((at) => (0x4010000 + at).toString(16)) },
  { weight: 4, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((at) => at.toString(16)) },
  { weight: 1, arbitrary: digits(18) },
);
const size = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom('1', '2', '4', '8', 'c', '10', '16', '32', '08', '0000008') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('0', '', '4095', '4096', '4097', '65535', '65536', '99999999', '-1'),
  },
);
const ending = fc.oneof(
  { weight: 15, arbitrary: fc.constant('\n') },
  fc.constantFrom('\r\n', ' \n', 'x\n', '\r\r\n'),
);
const foreign = fc.constantFrom(
  '==7== a comment\n',
  '\n',
  '#\n',
  '5 1000\n',
  'v 10 4\n',
  'xyz\n',
  '\0\0\0\0\n',
  `${'a'.repeat(70)}\n`,
);

const line = (start: fc.Arbitrary<string>, separator: string, sized: boolean) =>
  fc.oneof(
    {
      weight: 40,
      arbitrary: fc
        .tuple(start, address, sized ? size : fc.constant(''), ending)
        .map(([a, b, c, d]) => `${a}${b}${sized ? separator : ''}${c}${d}`),
    },
    { weight: 1, arbitrary: foreign },
  );

it.each([
  { format: lackeyFormat, lines: line(fc.constantFrom('I  ', ' L ', ' S ', ' M '), ',', true) },
  { format: dinFormat, lines: line(fc.constantFrom('0 ', '1 ', '2 ', '3 ', '2\t'), '', false) },
  { format: xdinFormat, lines: line(fc.constantFrom('r ', 'w ', 'i ', 'm ', 'R '), ' ', true) },
])('$format.name: any text reads the same with and without WebAssembly', async ({ format, lines }) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(lines, { minLength: 1, maxLength: 60, size: 'max' }),
      // So often that the loop is used, and chunks are filled in some runs.
      fc.constantFrom(40, 40, 1500),
      fc.boolean(),
      fc.constantFrom(20_000, 70_001, 1 << 20),
      async (some, times, skipBadLines, piece) => {
        const body = some.join('');
        const repeats = Math.max(times, Math.ceil(20_000 / body.length));
        await expectBoth(format, body.repeat(repeats), skipBadLines || times > 40, piece);
      },
    ),
    { numRuns: 30 },
  );
});

it('counts go on over lines that are not common, and a bad one is named by its number', async () => {
  const good = 'I  04001000,4\n L 1ffefff000,8\n';
  for (const middle of ['==1== x\n', ' M 04001ffe,8\n', ' M 0,4\r\n', 'I  04001000,4 \n', ' L ,8\n']) {
    for (const before of [1000, 8191, 8192, 16_384, 16_385])
      await expectBoth(lackeyFormat, good.repeat(before) + middle + good.repeat(20_000), false, 1 << 18);
  }
});
