import type { Action, Reason } from '../model/paging/policies/policy.ts';
import { PAGE_ACTIONS } from '../model/pricing/actions.ts';
import type { Facts } from './facts.ts';
import { ACTION_WORDS, policyRuns, REASON_WORDS } from './numa.ts';
import { countCell, numberCell, shareCell } from './numa-cells.ts';
import { timeFigure, timeUnit } from './numbers.ts';
import { EMPTY_CELL, type Table, type TableCell, type TableRow } from './table.ts';

/** What became of pages, why, and what it took, as tables. */

/** What became of pages that were hot. */
export function fatesTable(facts: Facts): Table {
  const runs = policyRuns(facts);
  const rows = (title: string, of: (run: (typeof runs)[number]) => Readonly<Record<string, number>>) => {
    const names = [...new Set(runs.flatMap((run) => Object.keys(of(run))))].sort();
    if (names.length === 0) return [];
    return [
      { kind: 'group' as const, label: title, path: title, cells: [] },
      ...names.map(
        (name): TableRow => ({
          kind: 'part',
          label: name,
          path: `${title}: ${name}`,
          cells: runs.map((run) => countCell(of(run)[name] ?? 0)),
        }),
      ),
    ];
  };
  return {
    caption: `Pages on ${facts.short} that were ever hot.`,
    corner: 'pages',
    groups: runs.map(({ name }) => ({ name, columns: [{ head: 'count', raw: 'count' }] })),
    rows: [
      ...rows('hot pages, by what was done', (run) => run.run.tally.pages!.fates),
      {
        kind: 'sum',
        label: 'copies and moved pages at the end',
        path: 'copies and moved pages at the end',
        cells: runs.map((run) => countCell(run.run.tally.pages!.replicas)),
      },
    ],
  };
}

/** What a policy decided about hot pages or hinting faults, and why: an action with its reasons each. */
export function decisionsTable(facts: Facts): Table {
  const runs = policyRuns(facts);
  const made = runs.map((run) => run.run.tally.pages!.decisions);
  const all = made.map((decisions) => Object.values(decisions).reduce((sum, count) => sum + count, 0));
  const cells = (of: (decision: string) => boolean): TableCell[] =>
    made.flatMap((decisions, i) => {
      const count = Object.entries(decisions).reduce((sum, [name, times]) => sum + (of(name) ? times : 0), 0);
      return [countCell(count), shareCell(count, all[i]!)];
    });
  const names = [...new Set(made.flatMap((decisions) => Object.keys(decisions)))].map(
    (name) => name.split(': ') as [Action, Reason],
  );
  return {
    caption: `Decisions of the page policy on ${facts.short}, after the warm-up.`,
    corner: 'decision, reason',
    groups: runs.map(({ name }) => ({
      name,
      columns: [
        { head: 'count', raw: 'count' },
        { head: '%', raw: 'percent' },
      ],
    })),
    rows: (['migrate', 'replicate', 'leave'] as const).flatMap((action): TableRow[] => {
      const reasons = names.filter(([of]) => of === action).map(([, reason]) => reason);
      if (reasons.length === 0) return [];
      return [
        {
          kind: 'group',
          label: action,
          path: action,
          cells: cells((name) => name.startsWith(`${action}: `)),
        },
        ...(Object.keys(REASON_WORDS) as Reason[])
          .filter((reason) => reasons.includes(reason))
          .map(
            (reason): TableRow => ({
              kind: 'part',
              label: REASON_WORDS[reason],
              path: `${action}: ${reason}`,
              cells: cells((name) => name === `${action}: ${reason}`),
            }),
          ),
      ];
    }),
  };
}

/** Actions of the page policy: how often, how often a second, how long one takes, and all of them. */
export function actionsTable(facts: Facts): Table {
  const runs = policyRuns(facts);
  const used = PAGE_ACTIONS.filter((layer) =>
    runs.some((run) => run.run.actions.some((action) => action.layer === layer)),
  );
  const largest = Math.max(0, ...runs.flatMap((run) => run.run.actions.map((action) => action.ps)));
  const unit = timeUnit(largest);
  return {
    caption: `What moving pages takes on ${facts.short}. A second: of the run’s time, which is that of the CPU that takes longest. µs: mean of one, with its waiting for memory.`,
    corner: 'action',
    groups: runs.map(({ name }) => ({
      name,
      columns: [
        { head: 'count', raw: 'count' },
        { head: 'a second', raw: 'per second' },
        { head: 'µs each', raw: 'us each' },
        { head: `${unit.name}, all`, raw: 'ps' },
      ],
    })),
    rows: used.map((layer): TableRow => {
      const cells = runs.flatMap((run) => {
        const action = run.run.actions.find((one) => one.layer === layer);
        if (action === undefined) return [countCell(0), EMPTY_CELL, EMPTY_CELL, EMPTY_CELL];
        return [
          countCell(action.count),
          numberCell(action.per_second),
          numberCell(action.us_each),
          { text: timeFigure(action.ps, unit), value: action.ps },
        ];
      });
      return { kind: 'part', label: ACTION_WORDS[layer], path: ACTION_WORDS[layer], cells };
    }),
  };
}
