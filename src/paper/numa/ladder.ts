import type { Decomposition, Step } from '../types.ts';
import type { Bar } from './bars.ts';

/** The three bars of Figure 8. */
interface Ends {
  readonly irix: Bar;
  readonly disco: Bar;
  readonly uma: Bar;
}

/**
 * One change at a time between IRIX and Disco, which the paper changed together. `steps`: IRIX, with first-touch
 * placement, under Disco without moves, with migration alone; all on one part of the run, which is shorter than that of
 * the bars, so that each is a percentage of its own IRIX.
 */
export function ladderOf(workload: string, steps: readonly Bar[], { irix, disco, uma }: Ends): Decomposition {
  const [before, placed, virtual, migrating] = steps.map(({ total }) => (100 * total) / steps[0]!.total) as [
    number,
    number,
    number,
    number,
  ];
  const all = (100 * disco.total) / irix.total;
  const ideal = (100 * uma.total) / irix.total;
  const change = (name: string, value: number): Step => ({ name, value, kind: 'change' });
  return {
    id: `${workload}-ladder`,
    exhibit: 'figure8',
    workload,
    question: `Which change makes ${workload} faster under Disco: where pages are put first, or that they move?`,
    unit: 'percent of IRIX NUMA time',
    steps: [
      { name: 'IRIX, memory on the first nodes', value: before, kind: 'total' },
      change('pages where they are touched first', placed - before),
      change('the monitor', virtual - placed),
      change('migration', migrating - virtual),
      change('replication', all - migrating),
      { name: 'Disco', value: all, kind: 'total' },
      change('all memory local, no monitor', ideal - all),
      { name: 'IRIX UMA', value: ideal, kind: 'total' },
    ],
  };
}
