import { expect, test } from 'vitest';
import { CAUSES } from '../../src/model/pricing/breakdown.ts';
import { causeSlug, contrast, DARK, LIGHT, schemeProperties } from '../../src/report/palette.ts';
import { CAUSE_WORDS } from '../../src/report/words.ts';

test.each([
  ['light', LIGHT],
  ['dark', DARK],
] as const)('%s: graphics have 3:1, text has 4.5:1', (_, scheme) => {
  for (const cause of CAUSES) {
    expect(contrast(scheme.causes[cause], scheme.background), cause).toBeGreaterThanOrEqual(3);
    const on = schemeProperties(scheme).match(new RegExp(`--t-${causeSlug(cause)}:(#\\w+)`))![1]!;
    expect(contrast(scheme.causes[cause], on), cause).toBeGreaterThanOrEqual(4.5);
  }
  for (const text of [scheme.ink, scheme.muted, scheme.accent])
    for (const back of [scheme.background, scheme.soft])
      expect(contrast(text, back)).toBeGreaterThanOrEqual(4.5);
});

test.each([
  ['light', LIGHT],
  ['dark', DARK],
] as const)('%s: no two causes share a colour', (_, scheme) => {
  expect(new Set(CAUSES.map((cause) => scheme.causes[cause])).size).toBe(CAUSES.length);
});

test('causes have letters and names of their own', () => {
  expect(new Set(CAUSES.map(causeSlug)).size).toBe(CAUSES.length);
  expect(new Set(CAUSES.map((cause) => CAUSE_WORDS[cause].name)).size).toBe(CAUSES.length);
  expect(new Set(CAUSES.map((cause) => CAUSE_WORDS[cause].short)).size).toBe(CAUSES.length);
});
