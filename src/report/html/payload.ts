import { deflateRawSync } from 'node:zlib';
import { COUNTERS, PRIVILEGED_OPS } from '../../model/tally.ts';
import type { CarriedSweep } from '../live/structures.ts';
import type { CarriedTally } from '../live/windows.ts';
import { base85 } from './base85.ts';
import { scriptJson } from './escape.ts';
import type { Writer } from './figure.ts';

/**
 * What the page's downloads are made from: the whole result, the charts' specifications and the tables' exact values, as one line of
 * inert text. Rows become columns (half the size once compressed) and the whole is deflated; the page's
 * script turns it back into exactly the JSON that the command line writes. `carried`: what the result leaves
 * out of each run's tally and pricing needs, or a sweep's structures; null: nothing is priced in the page.
 */
export function payload(
  resultJson: string,
  { specs, exact }: Pick<Writer, 'specs' | 'exact'>,
  carried: readonly (readonly CarriedTally[])[] | CarriedSweep | null,
): string {
  const text = JSON.stringify({
    result: packed(resultJson),
    specs: Object.fromEntries(specs),
    tables: Object.fromEntries(exact),
    ...(carried === null ? {} : { carried: packed(JSON.stringify(carried)) }),
  });
  return deflated('data', text);
}

/** What prices anew in the page: of no use without script, so it is compressed, and the page's script puts it in place. */
export interface LivePart {
  /** Runs once it is there; the policy of the page knows its hash. */
  readonly script: string;
  /** HTML of what it works with, the end of the body. */
  readonly panel: string;
}

/** The live part as inert text. */
export const livePayload = ({ script, panel }: LivePart): string =>
  deflated('live', JSON.stringify({ panel, script }));

/** Text as one line that does nothing: a third of its size, or less. */
function deflated(id: string, text: string): string {
  const data = base85(deflateRawSync(Buffer.from(text), { level: 9, memLevel: 9 }));
  return `<script type="application/json" id="${id}">${scriptJson({ encoding: 'deflate-raw, base85', data })}</script>`;
}

/** JSON with columns in place of rows. */
const packed = (json: string): unknown =>
  JSON.parse(json, (key, value) =>
    (key === 'parts' || key === 'rows') && Array.isArray(value) && value.length > 0 ? columns(value) : value,
  );

type Row = Readonly<Record<string, unknown>>;

/** Keys of nested objects in the order that the result's JSON has them. */
const ORDER: Readonly<Record<string, readonly string[]>> = { counters: COUNTERS, privileged: PRIVILEGED_OPS };

/**
 * Columns of rows that share their keys; null: the row has no such key. A nested object's columns are
 * objects, with whether each row has it under the empty key.
 */
function columns(rows: readonly Row[]): Record<string, unknown> {
  const keys = new Set(rows.flatMap((row) => Object.keys(row)));
  return {
    columns: Object.fromEntries(
      [...keys].map((key) => {
        const names = ORDER[key];
        if (names === undefined) return [key, rows.map((row) => row[key] ?? null)];
        const inner = rows.map((row) => row[key] as Row | undefined);
        const used = names.filter((name) => inner.some((object) => object && name in object));
        const nested = used.map((name) => [name, inner.map((object) => object?.[name] ?? null)] as const);
        return [key, { '': inner.map((object) => (object ? 1 : 0)), ...Object.fromEntries(nested) }];
      }),
    ),
  };
}
