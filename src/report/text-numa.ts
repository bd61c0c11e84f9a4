import type { Facts } from './facts.ts';
import { contendedRuns, listed, numaRuns } from './numa.ts';
import { foldedNodes, nodesTable } from './numa-node-tables.ts';
import { decisionsTable } from './numa-page-tables.ts';
import { memoryTable } from './numa-tables.ts';
import { percent } from './numbers.ts';
import { paragraph } from './text-layout.ts';
import { type TextStyle, textTable } from './text-table.ts';

/** The memory system of several CPUs or nodes for the terminal; nothing where no access misses. */
export function numaLines(facts: Facts, width: number, style: TextStyle): string[] {
  const table = memoryTable(facts);
  if (table === null) return [];
  const hot = contendedRuns(facts).flatMap(({ facts: { name }, contention }) => {
    const station = contention.stations.find((one) => one.name === contention.hottest);
    return station === undefined
      ? []
      : [`${station.name} under ${name}, ${percent(station.utilisation * 100)} of the time`];
  });
  return [
    ...textTable(table, width, style),
    ...(hot.length === 0 ? [] : paragraph(`Busiest: ${hot.join('; ')}.`, width)),
    '',
    ...loads(facts, width, style),
    ...decisions(facts, width, style),
  ];
}

/** How busy each node is, and for whom that is not known. */
function loads(facts: Facts, width: number, style: TextStyle): string[] {
  const table = nodesTable(facts);
  if (table === null) return [];
  const folded = foldedNodes(facts);
  const which = folded === null ? 'each node' : `${folded.nodes} nodes and of the ${folded.shown} hottest`;
  const unknown = numaRuns(facts).flatMap(({ facts: { name, run } }) =>
    run.contention === null ? [name] : [],
  );
  const without =
    unknown.length === 0 ? '' : ` Contention is not modelled under ${listed(unknown)} (machine.contention).`;
  return [
    ...paragraph(`Busy, % of the time, of ${which}; of its ports or links the busiest.${without}`, width),
    ...textTable(table, width, style),
    '',
  ];
}

/** What page policies decided; nothing where none had to. */
function decisions(facts: Facts, width: number, style: TextStyle): string[] {
  const table = decisionsTable(facts);
  if (table.rows.length === 0) return [];
  return ['Decisions of the page policy, by reason:', ...textTable(table, width, style), ''];
}
