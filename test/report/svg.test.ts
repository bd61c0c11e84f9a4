import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { breakdownChart } from '../../src/report/charts/breakdown.ts';
import { openDrawer } from '../../src/report/charts/svg.ts';
import { parseSvg, type SvgElement, writeSvg } from '../../src/report/charts/svg-tree.ts';
import { factsOf } from '../../src/report/facts.ts';
import { comparisonOf } from './fixture.ts';
import { piecesOf, textOf } from './page.ts';

/** Text that looks like what the simplification takes out or shortens. */
const ODD = 'v1.23456789 class="x" opacity="0" <g></g> &amp; 0.987654';

describe('drawing', () => {
  test('leaves names and figures as they are', async () => {
    const comparison = comparisonOf({ name: ODD, services: 2 }, ['native', ODD]);
    const drawer = await openDrawer();
    const svg = await drawer.draw(breakdownChart(factsOf(comparison)), {
      id: 'a',
      title: ODD,
      description: ODD,
    });
    const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map((match) => textOf(match[1]!));
    expect(texts).toContain(ODD);
    expect(piecesOf(svg).some(({ title }) => title.startsWith(`${ODD}: user instruction execution, `))).toBe(
      true,
    );
    expect(textOf(/<title id="a-t">(.*?)<\/title>/.exec(svg)![1]!)).toBe(ODD);
  });

  test('keeps three decimals in what a piece says, and two in coordinates', async () => {
    const base = comparisonOf({ name: 't', services: 0 }, ['native']);
    const part = base.runs[0]!.breakdown.parts[0]!;
    const breakdown = {
      total_ps: 1_234_567_890,
      parts: [
        { ...part, ps: 1_111_111_111 },
        { ...part, cause: 'idle' as const, ps: 123_456_779 },
      ],
    };
    const svg = await (await openDrawer()).draw(
      breakdownChart(factsOf({ ...base, runs: [{ ...base.runs[0]!, breakdown }] })),
      { id: 'a', title: '', description: '' },
    );
    expect(svg).toContain('user instruction execution, 1.111 ms');
    expect(svg).not.toMatch(/ d="[^"]*\.\d{3}/);
  });

  test('has no role or label of single marks: the whole is one image with title and description', async () => {
    const facts = factsOf(comparisonOf({ name: 't', services: 0 }, ['native']));
    const svg = await (await openDrawer()).draw(breakdownChart(facts), {
      id: 'a',
      title: 'T',
      description: 'D',
    });
    expect(svg.match(/role=/g)).toHaveLength(1);
    expect(svg.match(/aria-\w+=/g)).toEqual(['aria-labelledby=']);
    expect(svg).not.toContain('style=');
  });
});

describe('tree', () => {
  const name = fc.constantFrom('g', 'path', 'text', 'xlink:a');
  const value = fc.string().map((text) => text.replace(/[<>"&]/g, ''));
  const words = value.filter((text) => text !== '');
  const element: fc.Arbitrary<SvgElement> = fc.letrec<{ element: SvgElement }>((tie) => ({
    element: fc.record({
      name,
      attributes: fc.dictionary(fc.constantFrom('d', 'fill', 'aria-label', 'x2'), value, {
        noNullPrototype: true,
      }),
      // Neighbouring texts would be read as one.
      children: fc.oneof(
        fc.constant([]),
        words.map((text) => [text]),
        fc.array(tie('element'), { maxLength: 3 }),
      ),
    }),
  })).element;

  test('what is written reads back', () => {
    fc.assert(
      fc.property(element, (tree) => {
        expect(parseSvg(writeSvg(tree))).toEqual(tree);
      }),
    );
  });

  test.each(['', 'text', '<g>', '<g></path>', '<g/><g/>', '<g a=b/>', '<!-- x --><g/>', '<g></g></g>'])(
    '%s is refused',
    (text) => expect(() => parseSvg(text)).toThrow('not the SVG'),
  );
});
