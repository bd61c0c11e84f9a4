import {
  type Counter,
  FLOW_KINDS,
  type FlowCount,
  type FlowKind,
  LAYERS,
  type Layer,
  type Tally,
  type TallyRow,
  type WindowWork,
} from '../../src/model/tally.ts';

/** Tallies made by hand whose rows and windows agree, as a replay's do. */

interface Place {
  readonly cpu: number;
  readonly context: string;
  readonly layer: Layer;
}

/** So many messages of one kind in a row. */
export interface Sent extends Place {
  readonly kind: FlowKind;
  readonly side: 'fetch' | 'load' | 'store';
  readonly home: number;
  readonly other?: number;
  readonly count: number;
}

/** What a row did besides. */
export interface Did extends Place {
  readonly work: Readonly<Partial<Record<Counter, number>>>;
}

const PLACE: Readonly<Partial<Record<FlowKind, string>>> = {
  local_cache: 'neighbour',
  remote_clean: 'remote',
  remote_dirty: 'dirty',
};
const POSTED: Readonly<Partial<Record<FlowKind, Counter>>> = {
  writeback: 'l2_writebacks',
  hint: 'replacement_hints',
  invalidation: 'invalidations',
};

/** The tally of these windows on so many CPUs; nodes have equal shares of them. */
export function tallyOfWindows(
  cpus: number,
  nodes: number,
  windows: readonly (readonly (Sent | Did)[])[],
): Tally {
  const rows = new Map<string, TallyRow & { counters: Partial<Record<Counter, number>> }>();
  const add = ({ cpu, context, layer }: Place, counter: Counter, count: number): void => {
    const key = `${cpu} ${context} ${layer}`;
    const row = rows.get(key) ?? { cpu, context, layer, counters: {} };
    rows.set(key, row);
    if (count !== 0) row.counters[counter] = (row.counters[counter] ?? 0) + count;
  };
  const made = windows.map((events) => {
    const flows: FlowCount[] = [];
    const work: WindowWork[] = [];
    for (const event of events) {
      if ('work' in event) {
        const of = (counter: Counter): number => event.work[counter] ?? 0;
        for (const [counter, count] of Object.entries(event.work)) add(event, counter as Counter, count);
        const hits = of('l1i_misses') + of('l1d_load_misses') + of('l1d_store_misses');
        work.push([
          event.cpu,
          LAYERS.indexOf(event.layer),
          of('count'),
          of('patchable'),
          of('pages_zeroed'),
          of('instructions'),
          of('uncached_accesses'),
          hits,
        ]);
        continue;
      }
      const { cpu, kind, side, home, count } = event;
      const posted = POSTED[kind];
      flows.push([cpu, FLOW_KINDS.indexOf(kind), home, event.other ?? home, count]);
      if (posted !== undefined) add(event, posted, count);
      else if (kind === 'upgrade') {
        add(event, 'upgrades', count);
        if (home !== Math.floor(cpu / (cpus / nodes))) add(event, 'remote_upgrades', count);
      } else {
        add(event, side === 'fetch' ? 'l1i_misses' : `l1d_${side}_misses`, count);
        add(event, `l2_${side}_misses`, count);
        if (PLACE[kind] !== undefined) add(event, `${PLACE[kind]}_${side}_misses` as Counter, count);
      }
    }
    return { instructions: 1000, work, flows };
  });
  return {
    cpus,
    instructions: 1000 * windows.length,
    rows: [...rows.values()],
    state: { dirty_l1_lines: 0, dirty_l2_lines: 0, physical_pages: 0, lost_lines: [] },
    pages: null,
    memory: null,
    schedule: null,
    locks: [],
    held: [],
    windows: made,
  };
}
