import { breakdownChart } from '../charts/breakdown.ts';
import { ownerChart, SERVICE_BARS, serviceChart, serviceRuns } from '../charts/groups.ts';
import { waterfallChart } from '../charts/waterfall.ts';
import { contextsOf, type Facts, ownersOf, type RunFacts } from '../facts.ts';
import { breakdownFinding, headline, ownerFinding, serviceFinding } from '../finding.ts';
import { breakdownTable, changeTable, ownerTable, serviceTable } from '../table.ts';
import { OWNER_WORDS } from '../words.ts';
import { slug } from './escape.ts';
import type { FigureContent } from './figure.ts';

/**
 * What the figures of a trace say: words, charts and tables, all from its facts. The page is written from it, and
 * written again when prices are moved in it.
 */

/** Stem of the names of a trace's files. */
export const fileOf = (facts: Facts): string => `vmtax-${slug(facts.trace)}`;

/** Where the time goes, of all systems. */
export function timeContent(facts: Facts, id: string): FigureContent {
  return {
    id: `${id}-time`,
    file: `${fileOf(facts)}-breakdown`,
    question: 'Where does the time go?',
    finding: breakdownFinding(facts),
    how:
      'One bar per system, all from zero on one scale; its length is the time of all CPUs together. Pieces are causes, ' +
      'always in the same order and colour; the lines below gather them by who was running. Point at a piece to see its figure.',
    chart: () => breakdownChart(facts),
    table: () => breakdownTable(facts),
  };
}

/** What a system changes; `at`: its number among those that are compared with the baseline. */
export function changeContent(facts: Facts, run: RunFacts, id: string, at: number): FigureContent {
  return {
    id: `${id}-change-${at + 1}`,
    file: `${fileOf(facts)}-${slug(run.name)}-change`,
    question: `What does ${run.name} change, and why?`,
    finding: headline(facts, run),
    how:
      `Read from top to bottom: each step starts where the one before ended. To the right time is added, to the left it is saved; ` +
      `nothing is netted inside a step. The last bar is the sum of all steps. Change: percent of the time of ${facts.baseline.name}.`,
    chart: () => waterfallChart(facts, run),
    table: () => changeTable(facts, run),
  };
}

/** Who could remove the time, and which services take it, where any do. */
export function groupContents(facts: Facts, id: string): FigureContent[] {
  const contents: FigureContent[] = [];
  if (ownersOf(facts).length > 0)
    contents.push({
      id: `${id}-owner`,
      file: `${fileOf(facts)}-owners`,
      question: 'Who could remove the time?',
      finding: ownerFinding(facts),
      how: `Each piece of time belongs to the one party whose change could remove it: ${ownerList()}. Where time is spent and who could remove it are different questions. Bars start at zero on one scale; colours are causes, grey gathers pieces too small to draw apart.`,
      chart: () => ownerChart(facts),
      table: () => ownerTable(facts),
    });
  if (contextsOf(facts).some((context) => context.runs.some((run) => run.outside > 0)))
    contents.push({
      id: `${id}-services`,
      file: `${fileOf(facts)}-services`,
      question: 'Which services of the operating system take the time?',
      finding: serviceFinding(facts),
      how:
        `Time of kernel, monitor, locks and idling by the service that was open; “user code” is what its own TLB misses and faults cost. ` +
        `User code’s own execution is left out. The ${SERVICE_BARS} largest are drawn${serviceRuns(facts).length < facts.runs.length ? ', with the systems that differ most from the baseline' : ''}; colours are causes, grey gathers pieces too small to draw apart.`,
      chart: () => serviceChart(facts),
      table: () => serviceTable(facts),
    });
  return contents;
}

const ownerList = (): string =>
  Object.values(OWNER_WORDS)
    .map(({ name, how }) => `${name} (${how})`)
    .join('; ');
