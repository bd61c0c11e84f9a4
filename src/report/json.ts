import type { RunResult } from '../model/result.ts';
import { runResultJsonSchema, type SchemaNode } from './schema.ts';

/**
 * The result as JSON: keys in the order of its schema (free-form keys sorted), so that the same result has
 * the same bytes whoever built it; a final newline. Nothing of the moment or machine is in it.
 */
export function renderJson(result: RunResult, { indent = 2 }: { readonly indent?: number } = {}): string {
  const ordered = inOrder(result, runResultJsonSchema());
  return `${JSON.stringify(ordered, null, indent)}\n`;
}

function inOrder(value: unknown, schema: SchemaNode | undefined): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) {
    const items = variant(schema, (node) => node.items !== undefined)?.items;
    return value.map((item) => inOrder(item, items));
  }
  const node = variant(schema, (n) => n.properties !== undefined || n.additionalProperties !== undefined);
  const known = Object.keys(node?.properties ?? {});
  const listed = known.length > 0 ? known : (node?.propertyNames?.enum ?? []);
  const record = value as Readonly<Record<string, unknown>>;
  const free = Object.keys(record)
    .filter((key) => !listed.includes(key))
    .sort();
  const other = typeof node?.additionalProperties === 'object' ? node.additionalProperties : undefined;
  return Object.fromEntries(
    [...listed.filter((key) => Object.hasOwn(record, key)), ...free].map((key) => [
      key,
      inOrder(record[key], node?.properties?.[key] ?? other),
    ]),
  );
}

/** The alternative of a schema that describes a value of this kind. */
function variant(
  schema: SchemaNode | undefined,
  fits: (node: SchemaNode) => boolean,
): SchemaNode | undefined {
  return schema && fits(schema) ? schema : schema?.anyOf?.find(fits);
}
