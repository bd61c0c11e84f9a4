import { footprintChart, PANELS } from '../charts/footprints.ts';
import type { Facts } from '../facts.ts';
import { footprintFinding, footprintsTable, footprintTable, sampledRuns } from '../footprints.ts';
import { anchor, type FigureContent, type Writer } from './figure.ts';
import { downloads, htmlTable, scrollable } from './table.ts';

/** Memory of several virtual machines, by class; nothing where there is one machine. */
export function footprints(writer: Writer, facts: Facts, id: string, file: string): string[] {
  const table = footprintTable(facts);
  if (table === null) return [];
  const own = `${id}-memory`;
  return [
    `<div id="${own}"><h3 class="sub">How much memory the virtual machines take${anchor(own)}</h3>` +
      scrollable(`${own}-table-c`, htmlTable(writer.exact, table, `${own}-table`)) +
      '<p class="how">At the end of the run. Virtual: all pages of all machines, as if nothing were shared. Machine: pages that ' +
      'have the same contents counted once.</p>' +
      downloads(`${own}-table-c`, [{ kind: 'csv', of: `${own}-table`, name: `${file}-memory` }]) +
      '</div>',
  ];
}

/** The same over time, where it is known. */
export function footprintContents(facts: Facts, id: string, file: string): FigureContent[] {
  const runs = sampledRuns(facts);
  if (runs.length === 0) return [];
  return [
    {
      id: `${id}-footprints`,
      file: `${file}-footprints`,
      question: 'How does memory grow over the run?',
      finding: footprintFinding(facts),
      how:
        'Machine pages by class, one on the other: kernel green, user code’s blue, the monitor’s own purple. What is between the areas and the dashed line is saved ' +
        `by pages with the same contents. All panels have one scale.${runs.length > PANELS ? ` The first ${PANELS} systems are drawn.` : ''}`,
      chart: () => footprintChart(facts),
      table: () => footprintsTable(facts),
      counted: true,
    },
  ];
}
