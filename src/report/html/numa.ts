import {
  classChart,
  fatesChart,
  latencyChart,
  loadChart,
  MAPS,
  matrixChart,
  servedChart,
} from '../charts/numa.ts';
import type { Facts } from '../facts.ts';
import {
  classedRuns,
  classFinding,
  contendedRuns,
  hottest,
  loadFinding,
  mappedRuns,
  matrixFinding,
  movesFinding,
  numaRuns,
  policyRuns,
  queueingFinding,
  servedFinding,
} from '../numa.ts';
import { actionsTable, decisionsTable, fatesTable } from '../numa-page-tables.ts';
import { classTable, latencyTable, loadTable, matrixTable, servedTable } from '../numa-tables.ts';
import type { Table } from '../table.ts';
import { anchor, type FigureContent } from './figure.ts';
import { downloads, type ExactValues, htmlTable, scrollable } from './table.ts';

interface Content extends Omit<FigureContent, 'id' | 'file'> {
  /** End of its id and of its files' names. */
  readonly key: string;
}

/** The memory system of several CPUs or nodes; nothing where there is one of each, or no access misses. */
export function numaContents(facts: Facts, id: string, file: string): FigureContent[] {
  const runs = numaRuns(facts);
  if (!runs.some(({ misses }) => misses > 0)) return [];
  const contents: Content[] = [
    {
      key: 'served',
      question: 'What serves the misses?',
      finding: servedFinding(facts),
      how:
        'One bar per system; its length is all misses of the last cache of each CPU. Pieces have the colours of the stalls on data ' +
        'from the same place. Memory of another node takes two hops, a modified line in a cache of another node three.',
      chart: () => servedChart(facts),
      table: () => servedTable(facts),
      counted: true,
    },
  ];
  if (classedRuns(facts).length > 0)
    contents.push({
      key: 'classes',
      question: 'Why do accesses miss?',
      finding: classFinding(facts),
      how:
        'Cold: the CPU never had the line. Capacity: its own cache let it go. True and false sharing: another CPU stored to the line, ' +
        'to bytes that are asked for or to others. Moved page: the page has got another address in memory. Bars of one class stand together.',
      chart: () => classChart(facts),
      table: () => classTable(facts),
      counted: true,
    });
  const mapped = mappedRuns(facts);
  if (mapped.length > 0)
    contents.push({
      key: 'nodes',
      question: 'Between which nodes do the misses go?',
      finding: matrixFinding(facts),
      how:
        'A row is the node whose CPUs miss, a column the home of the line; the diagonal is the own node. The same colour is the same ' +
        `share of a system’s misses in every map. A column that stands out is a node that all others ask.${mapped.length > MAPS ? ` The first ${MAPS} systems are drawn.` : ''}`,
      chart: () => matrixChart(facts),
      table: () => matrixTable(facts),
      counted: true,
    });
  if (contendedRuns(facts).some(({ contention }) => contention.minimum_ps > 0))
    contents.push({
      key: 'latency',
      question: 'How long does a miss take, and how much of it is queueing?',
      finding: queueingFinding(facts),
      how:
        'The minimum is the time on an idle machine, distance included; queueing is what waiting behind other CPUs adds to it on average. ' +
        'Shares in the title are of the minimum of all misses together.',
      chart: () => latencyChart(facts),
      table: () => latencyTable(facts),
    });
  if (hottest(facts) !== null)
    contents.push({
      key: 'load',
      question: 'Which places in the memory system are busy?',
      finding: loadFinding(facts),
      how:
        'Share of the run’s time in which each controller, memory, port or link is busy, by node; of the links that start at a node ' +
        'the busiest. The table has all, and the load in the window of the run in which each is busiest.',
      chart: () => loadChart(facts),
      table: () => loadTable(facts),
    });
  if (policyRuns(facts).some((run) => Object.keys(run.run.tally.pages!.fates).length > 0))
    contents.push({
      key: 'pages',
      question: 'What becomes of hot pages?',
      finding: movesFinding(facts),
      how:
        'Pages that the policy ever looked at, in the warm-up too, by what was done with them until the end of the run. ' +
        'Moves in the title are migrations and replications together, after the warm-up.',
      chart: () => fatesChart(facts),
      table: () => fatesTable(facts),
      counted: true,
    });
  return contents.map(({ key, ...content }) => ({ id: `${id}-${key}`, file: `${file}-${key}`, ...content }));
}

/** A table that is no figure's, with its heading; nothing where it has no rows. */
function tableBlock(
  exact: ExactValues,
  content: Table,
  { id, file, heading, how }: Readonly<Record<'id' | 'file' | 'heading' | 'how', string>>,
): string[] {
  if (content.rows.length === 0) return [];
  return [
    `<div id="${id}"><h3 class="sub">${heading}${anchor(id)}</h3>` +
      scrollable(`${id}-table-c`, htmlTable(exact, content, `${id}-table`)) +
      `<p class="how">${how}</p>` +
      downloads(`${id}-table-c`, [{ kind: 'csv', of: `${id}-table`, name: file }]) +
      '</div>',
  ];
}

/** What the page policy decided, and why. */
export const decisions = (exact: ExactValues, facts: Facts, id: string, file: string): string[] =>
  tableBlock(exact, decisionsTable(facts), {
    id: `${id}-decisions`,
    file: `${file}-decisions`,
    heading: 'What the page policy decides, and why',
    how: 'One decision for each interrupt for a hot page, or each hinting fault. Percent: of a system’s decisions.',
  });

/** What the page policy's actions took. */
export const actions = (exact: ExactValues, facts: Facts, id: string, file: string): string[] =>
  tableBlock(exact, actionsTable(facts), {
    id: `${id}-actions`,
    file: `${file}-actions`,
    heading: 'What moving pages takes',
    how: 'A migration or replication is without the interrupt that asks for it and without the CPUs that it interrupts: they are rows of their own. Their times are in the breakdown under page move, and under queueing.',
  });
