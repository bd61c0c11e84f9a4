import { systemFor } from '../model/systems/resolve.ts';
import type { System } from '../model/systems/schema.ts';
import { cleanText, plural } from '../report/words.ts';
import { type AnalysisRequest, structureOf } from '../sweep/analysis.ts';
import { inWords, replaySeconds } from '../sweep/estimate.ts';
import type { Layout } from '../sweep/laid.ts';
import { structureKey } from '../sweep/structure.ts';
import { endsOf } from '../sweep/structure-inputs.ts';
import type { Trace } from '../trace/types.ts';
import type { CommandContext } from './context.ts';

/** What `vmtax sweep --sensitivity` says of the replays that it takes, before and while it does them. */

/** The structures that `--sensitivity` replays of a trace besides those of the systems, and for how many inputs. */
function structureReplays(
  { systems, header }: Layout['traces'][number],
  request: AnalysisRequest,
): { readonly inputs: number; readonly more: readonly System[] } {
  const structure = structureOf(request, systems, header);
  const keyOf = (system: System): string => structureKey(systemFor(system, header));
  const own = new Set(systems.map(keyOf));
  const ends = new Map(endsOf(structure).map((system) => [keyOf(system), system]));
  const more = [...ends].flatMap(([key, system]) => (own.has(key) ? [] : [system]));
  return { inputs: structure.moved.length, more };
}

/** Seconds of one thread, about, that inputs that are structure take on a trace of so many records. */
export function structureSeconds(
  layout: Layout,
  trace: number,
  request: AnalysisRequest,
  records: number,
): number {
  const laid = layout.traces[trace]!;
  return replaySeconds(structureReplays(laid, request).more, laid.header, records);
}

/**
 * The replays that `--sensitivity` takes on a trace besides those of the sweep, and how to do without; null: none.
 * `records`: of the trace, null where they are not known.
 */
function structureLine(
  layout: Layout,
  trace: number,
  request: AnalysisRequest,
  records: number | null,
): string | null {
  const laid = layout.traces[trace]!;
  const { inputs, more } = structureReplays(laid, request);
  if (inputs === 0) return null;
  const time = records === null ? '' : `, ${inWords(replaySeconds(more, laid.header, records))}`;
  const replays = more.length;
  return `--sensitivity takes ${replays} more ${plural(replays, 'replay')} for ${inputs} ${plural(inputs, 'input')} that ${inputs === 1 ? 'is' : 'are'} structure${time}; --prices-only leaves them out`;
}

/** Says what `--sensitivity` will take besides. */
export function sayStructure(
  { layout, traces }: { readonly layout: Layout; readonly traces: readonly Trace[] },
  request: AnalysisRequest,
  { progress }: CommandContext,
): void {
  progress.clear();
  const records = recordsOf(traces);
  for (const [at, { name }] of layout.traces.entries()) {
    const line = structureLine(layout, at, request, records[at]!);
    if (line === null) continue;
    process.stderr.write(`sweep: ${cleanText(layout.traces.length > 1 ? `${name}: ${line}` : line)}\n`);
  }
}

/** Of traces whose length is known. */
export const recordsOf = (traces: readonly Trace[]): (number | null)[] =>
  traces.map((trace) => trace.summary()?.records ?? null);

/** The first seconds say little of the rest. */
const TELLING_SECONDS = 5;

/** Adds to what is going on how long the rest of it takes, going by what has been done. */
export function withTimeLeft(): (what: string, done: number, total: number) => string {
  let now = '';
  let started = 0;
  return (what, done, total) => {
    if (what !== now) [now, started] = [what, Date.now()];
    const seconds = (Date.now() - started) / 1000;
    if (done === 0 || seconds < TELLING_SECONDS) return what;
    return `${what} (${inWords((seconds * (total - done)) / done)} left)`;
  };
}
