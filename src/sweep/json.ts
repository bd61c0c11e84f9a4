import type { Layout } from './laid.ts';
import { columnsOf, type Finished, rowsOf } from './table.ts';
import type { Failure } from './types.ts';

const ROWS = 512;

/**
 * A sweep as JSON, piece by piece: the plan, the columns with unit and description, and each row as a list in the order of
 * the columns. `failed`: rows without a result. `more`: what else is known of the sweep, by name.
 */
export async function* sweepJson(
  layout: Layout,
  units: AsyncIterable<Finished>,
  {
    tool,
    failed,
    more = {},
  }: {
    readonly tool: { readonly name: string; readonly version: string };
    readonly failed: readonly Failure[];
    readonly more?: Readonly<Record<string, unknown>>;
  },
): AsyncGenerator<string> {
  const columns = columnsOf(layout);
  const head = [
    `"schema": "vmtax.sweep/1"`,
    `"tool": ${JSON.stringify(tool)}`,
    `"plan": ${JSON.stringify(layout.plan)}`,
    `"columns": [\n${columns.map((column) => `  ${JSON.stringify(column)}`).join(',\n')}\n]`,
    ...Object.entries(more).map(([key, value]) => `${JSON.stringify(key)}: ${JSON.stringify(value)}`),
    `"rows": [`,
  ];
  yield `{${head.join(',\n')}`;
  let first = true;
  for await (const { unit, block } of units) {
    const { count, columns: data } = rowsOf(layout, columns, unit, block);
    const written = data.map((values) =>
      typeof values === 'object' && values !== null ? values : JSON.stringify(values),
    );
    let text = '';
    for (let row = 0; row < count; row++) {
      text += first ? '\n[' : ',\n[';
      first = false;
      for (let at = 0; at < written.length; at++) {
        const values = written[at]!;
        if (at > 0) text += ',';
        text += typeof values === 'string' ? values : JSON.stringify(values[row]);
      }
      text += ']';
      if (row % ROWS === ROWS - 1) {
        yield text;
        text = '';
      }
    }
    yield text;
  }
  const list = failed.map((failure) => `  ${JSON.stringify(failure)}`).join(',\n');
  yield `\n],\n"failures": [${list === '' ? '' : `\n${list}\n`}]}\n`;
}
