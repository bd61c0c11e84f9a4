import { changeBetween, type Facts, focusOf, largestStep, type RunFacts } from '../facts.ts';
import { percentFigure, percentOf, signed, type TimeUnit, tableUnit, timeFigure } from '../numbers.ts';
import { EMPTY_CELL, type Table, type TableCell, type TableRow } from '../table.ts';
import { cellLabel } from '../words.ts';

/** Rows of the table of effects; above this only each trace's largest effect is shown. */
const ROWS = 15;

/** Time, difference and largest cost of each system on each trace. */
export function effectTable(all: readonly Facts[]): Table {
  const few = all.reduce((sum, facts) => sum + facts.runs.length, 0) <= ROWS;
  const shown = (facts: Facts): readonly RunFacts[] => {
    const focus = focusOf(facts);
    return few ? facts.runs : focus ? [facts.baseline, focus] : [facts.baseline];
  };
  const unit = tableUnit(Math.max(0, ...all.flatMap((facts) => shown(facts).map((run) => run.total))));
  // From start to end is a time of its own where there are several CPUs.
  const several = all.some((facts) => shown(facts).some(({ cpus }) => cpus > 1));
  const ends = tableUnit(Math.max(0, ...all.flatMap((facts) => shown(facts).map((run) => run.elapsed))));
  return {
    caption: `Time per trace, all CPUs together; less is better. Change: percent of the baseline’s time.${few ? '' : ' Only the largest effect on each trace is shown.'}`,
    corner: 'trace, system',
    groups: [
      {
        name: '',
        columns: [
          { head: `time, ${unit.name}`, raw: 'time ps' },
          { head: `difference, ${unit.name}`, raw: 'difference ps' },
          { head: 'change, %', raw: 'percent' },
          ...(several
            ? [
                { head: `start to end, ${ends.name}`, raw: 'elapsed ps' },
                { head: 'change, %', raw: 'elapsed percent' },
              ]
            : []),
          { head: 'adds most', raw: 'adds most', text: true },
        ],
      },
    ],
    rows: all.flatMap((facts): TableRow[] => [
      { kind: 'group', label: facts.short, path: facts.trace, cells: [] },
      ...shown(facts).map((run) => effectRow(facts, run, unit, several ? ends : null)),
    ]),
  };
}

function effectRow(facts: Facts, run: RunFacts, unit: TimeUnit, ends: TimeUnit | null): TableRow {
  const words = (text: string) => ({ text, value: text });
  const start = {
    kind: 'part',
    label: run.name,
    path: `${facts.trace}: ${run.name}`,
  } as const;
  const total = { text: timeFigure(run.total, unit), value: run.total };
  const nothing = { text: '0', value: 0 };
  const percent = (share: number | null) => ({
    text: signed(share ?? 0, percentFigure(share)),
    value: share,
  });
  const elapsed = (change: TableCell): TableCell[] =>
    ends === null ? [] : [{ text: timeFigure(run.elapsed, ends), value: run.elapsed }, change];
  if (run === facts.baseline)
    return { ...start, cells: [total, words('baseline'), nothing, ...elapsed(nothing), EMPTY_CELL] };
  const change = changeBetween(facts.baseline, run);
  const most = largestStep(change, 1);
  const share = percentOf(change.difference, facts.baseline.total);
  return {
    ...start,
    differs: true,
    cells: [
      total,
      { text: signed(change.difference, timeFigure(change.difference, unit)), value: change.difference },
      percent(share),
      ...elapsed(percent(percentOf(run.elapsed - facts.baseline.elapsed, facts.baseline.elapsed))),
      words(most === null ? 'nothing' : cellLabel(most.category, most.cause)),
    ],
  };
}
