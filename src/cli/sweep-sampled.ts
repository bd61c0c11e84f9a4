import { percent } from '../report/numbers.ts';
import { padEnd, padStart, textWidth } from '../report/text-layout.ts';
import { cleanText, plural } from '../report/words.ts';
import { type SampledRow, type Sampling, sampledRows } from '../sweep/sampled-l2.ts';
import { sampledCsv, sampledJson, sampleNote } from '../sweep/sampled-outputs.ts';
import { typed } from '../sweep/typed.ts';
import { InputError } from '../trace/errors.ts';
import { ingest } from '../trace/ingest.ts';
import { version } from '../version.ts';
import type { CommandContext } from './context.ts';
import { single } from './options.ts';
import { print, writeOutput } from './output.ts';
import type { Outputs, Prepared } from './sweep-work.ts';

/** `vmtax sweep --sample-l2 rate`: sizes of L2s by a sample of the lines. */

export const SAMPLE_OPTION = {
  'sample-l2': {
    type: 'string',
    requiresArg: true,
    describe:
      'L2 sizes by a sample of this part of all lines, e.g. 0.01: estimates of misses with their bound, no times',
    coerce: rateOf,
  },
} as const;

function rateOf(value: unknown): number | undefined {
  const written = single('sample-l2')(value);
  if (written === undefined) return undefined;
  const rate = written.trim() === '' ? Number.NaN : Number(written);
  if (!(rate > 0 && rate <= 1))
    throw new InputError(`--sample-l2 ${written}: expected a part of all lines, above 0 and at most 1`);
  return rate;
}

/** What goes with exact rows alone. Throws InputError where it is asked for beside a sample. */
export function checkSampleAlone(args: Readonly<Record<string, unknown>>): void {
  const WITHOUT = [
    'out',
    'html',
    'break-even',
    'sensitivity',
    'prices-only',
    'samples',
    'pareto',
    'slurm',
    'workers',
  ];
  const other = WITHOUT.find((name) => args[name] !== undefined && args[name] !== false);
  if (other !== undefined)
    throw new InputError(
      `--sample-l2 goes without --${other}: it estimates misses in one pass, and no times`,
    );
}

/** Says what will be done. */
export function saySampled({ layout }: Prepared, { rate }: Sampling, { progress }: CommandContext): void {
  progress.clear();
  const sizes = layout.units.length;
  process.stderr.write(
    `sweep: ${sizes} ${plural(sizes, 'size')} from a sample of ${rate} of all lines, one pass over the trace for each system\n`,
  );
}

/** Samples what is laid out; writes the estimates, and a table for people. */
export async function sampleSizes(
  { layout, traces }: Prepared,
  sampling: Sampling,
  { json, csv, parquet }: Outputs,
  { signal, progress }: CommandContext,
): Promise<void> {
  const rows = await sampledRows(layout, sampling, {
    open: async (at) => ingest(traces[at]!, { signal }),
    signal,
    progress: (what, done, total) => progress.update(what, done, total),
  });
  progress.clear();
  const head = { layout, sampling, tool: { name: 'vmtax', version: version() } };
  if (json !== undefined) await writeOutput(json, sampledJson(rows, head));
  if (csv !== undefined) await writeOutput(csv, sampledCsv(rows));
  if (parquet !== undefined) {
    const { sampledParquet } = await import('../sweep/sampled-parquet.ts');
    await writeOutput(parquet, sampledParquet(rows, head));
  }
  if ([json, csv, parquet].includes('-')) return;
  await print(sampledText(rows, sampling));
  for (const path of [json, csv, parquet]) if (path !== undefined) await print(`wrote ${cleanText(path)}\n`);
}

function sampledText(rows: readonly SampledRow[], sampling: Sampling): string {
  const lines: string[] = [];
  const parts = new Map<string, SampledRow[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.trace, row.system]);
    parts.set(key, [...(parts.get(key) ?? []), row]);
  }
  for (const part of parts.values()) {
    const { trace, system, accesses, sampledLines } = part[0]!;
    const table = [
      ['machine.l2.size', 'misses', '95 % bound'],
      ...part.map(({ size, ratio: [share, low, high] }) => [
        typed(size, 'machine.l2.size'),
        percent(100 * share),
        `${percent(100 * low)} to ${percent(100 * high)}`,
      ]),
    ];
    const widths = table[0]!.map((_, at) => Math.max(...table.map((row) => textWidth(row[at]!))));
    lines.push(
      `${cleanText(trace)}, ${cleanText(system)}: estimated misses in percent of ${accesses.toLocaleString('en')} accesses of the L2 (${sampledLines.toLocaleString('en')} lines followed)`,
      ...table.map((row) =>
        row
          .map((cell, at) => (at === 0 ? padEnd(cell, widths[at]!) : padStart(cell, widths[at]!)))
          .join('  '),
      ),
      '',
    );
  }
  const note = sampleNote(sampling);
  return `${lines.join('\n')}\n${note.charAt(0).toUpperCase()}${note.slice(1)}.\n`;
}
