import type { RunResult } from '../model/result.ts';

const HEADER = [
  'trace',
  'system',
  'cpu',
  'context',
  'category',
  'cause',
  'owner',
  'kind',
  'count',
  'time_ps',
] as const;

/**
 * Every part of every breakdown, one row each: what it is, how often (`count`) and how long (`time_ps`,
 * picoseconds, integers). The rows of one trace and system sum exactly to its total. RFC 4180 quoting,
 * lines end in LF, the last one too.
 */
export function renderCsv(result: RunResult): string {
  const lines: string[] = [HEADER.join(',')];
  for (const { trace, runs } of result.comparisons) {
    const name = field(trace.header.name);
    for (const run of runs) {
      const start = `${name},${field(run.name)}`;
      for (const part of run.breakdown.parts)
        lines.push(
          `${start},${part.cpu},${field(part.context)},${part.category},${part.cause},${part.owner},${part.kind},${part.count},${part.ps}`,
        );
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Quoted where it holds a separator, a quote, a line break or outer space. */
function field(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
