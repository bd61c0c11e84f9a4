import type { Facts } from '../facts.ts';
import { footprintTable } from '../footprints.ts';
import { anchor, type Writer } from './figure.ts';
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
      'have the same contents counted once. Over time: in the JSON, tally.memory.samples.</p>' +
      downloads(`${own}-table-c`, [{ kind: 'csv', of: `${own}-table`, name: `${file}-memory` }]) +
      '</div>',
  ];
}
