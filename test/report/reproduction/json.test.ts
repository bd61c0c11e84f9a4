import { expect, test } from 'vitest';
import {
  renderReproductionJson,
  reproductionJsonSchema,
  reproductionSchema,
} from '../../../src/report/reproduction/schema.ts';
import { resultOf } from './fixture.ts';

test('schema/reproduction.schema.json is what the schema says', async () => {
  const text = `${JSON.stringify(reproductionJsonSchema(), null, 2)}\n`;
  await expect(text).toMatchFileSnapshot('../../../schema/reproduction.schema.json');
});

test('the JSON holds the whole result, in the order of the schema, and the same bytes each time', async () => {
  const result = await resultOf({ spread: true });
  const text = renderReproductionJson(result);
  expect(JSON.parse(text)).toEqual(result);
  expect(Object.keys(JSON.parse(text))).toEqual(Object.keys(reproductionSchema.shape));
  expect(renderReproductionJson(await resultOf({ spread: true }))).toBe(text);
});

test('what the schema does not know is no result', async () => {
  const result = { ...(await resultOf()), extra: 1 };
  expect(() => renderReproductionJson(result)).toThrow();
});
