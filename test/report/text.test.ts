import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderText } from '../../src/report/text.ts';
import { cut, paragraph, textWidth, wrap } from '../../src/report/text-layout.ts';
import { results } from './arbitrary.ts';
import { fixture, TRACES } from './fixture.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what is looked for
const ESCAPES = /\u001b\[[\d;]*m/g;

describe('golden', () => {
  test.each([
    ['three systems, 80 columns', 'three-systems.txt', fixture(TRACES.slice(0, 1)), 80],
    ['two traces, 120 columns', 'two-traces.txt', fixture(TRACES.slice(0, 2)), 120],
    ['one system', 'one-system.txt', fixture([{ name: 'true', level: 'user' }], ['linux-mips']), 80],
    [
      'nothing counted',
      'nothing.txt',
      fixture([{ name: 'empty', instructions: 0, services: 0 }], ['linux-mips', 'copy']),
      80,
    ],
  ] as const)('%s', async (_, file, result, width) => {
    await expect(renderText(result, { width, color: false })).toMatchFileSnapshot(`golden/${file}`);
  });
});

test('colour adds escapes and nothing else', () => {
  const result = fixture(TRACES.slice(0, 1));
  const plain = renderText(result, { width: 80, color: false });
  const coloured = renderText(result, { width: 80, color: true });
  expect(plain).not.toMatch(ESCAPES);
  expect(coloured).toMatch(ESCAPES);
  expect(coloured.replace(ESCAPES, '')).toBe(plain);
});

test('no line is wider than the terminal, names of any length included', () => {
  const names = [
    'native',
    ...[1, 2, 3].map((i) => `disco-${'very-long-name-'.repeat(i * 2)}${i}`),
    `x${'y'.repeat(200)}`,
  ];
  for (const width of [60, 72, 80, 100, 132, 200]) {
    const text = renderText(fixture([{ name: 'z'.repeat(150), services: 3 }], names), {
      width,
      color: false,
    });
    for (const line of text.split('\n')) expect(textWidth(line), line).toBeLessThanOrEqual(width);
  }
});

test('systems that do not fit follow in further blocks, each beside the baseline', () => {
  const names = ['native', ...Array.from({ length: 9 }, (_, i) => `disco-${i}`)];
  const text = renderText(fixture([{ name: 't', services: 3 }], names), { width: 80, color: false });
  for (const name of names)
    expect(text.match(new RegExp(`^.*\\b${name}\\b`, 'gm'))!.length).toBeGreaterThan(2);
  expect(text.match(/^user {3,}/gm)!.length).toBeGreaterThan(3);
});

test('any result renders, ends with one newline and holds no control character of a name', () => {
  fc.assert(
    fc.property(results, fc.integer({ min: 1, max: 200 }), (result, width) => {
      const text = renderText(result, { width, color: false });
      expect(text).toMatch(/[^\n]\n$/);
      expect(text).not.toMatch(/[^\P{Cc}\n]/u);
    }),
    { numRuns: 200 },
  );
});

test('wrapping keeps all text and stays within the width', () => {
  fc.assert(
    fc.property(fc.string(), fc.integer({ min: 2, max: 30 }), (text, width) => {
      const lines = wrap(text, width);
      expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
      for (const line of lines) expect(textWidth(line)).toBeLessThanOrEqual(width);
    }),
  );
});

test('cutting keeps both ends', () => {
  expect(cut('disco-linux-mips-patched', 11)).toBe('disco…tched');
  expect(cut('short', 11)).toBe('short');
  expect(cut('漢字漢字漢字', 7)).toBe('漢…字漢字'.slice(0, 0) + cut('漢字漢字漢字', 7));
  expect(textWidth(cut('漢字漢字漢字', 7))).toBeLessThanOrEqual(7);
  expect(paragraph('a b', 8, '    ', '  - ')).toEqual(['  - a b']);
});
