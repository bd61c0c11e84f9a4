import { numberId } from '../../src/paper/keys.ts';
import { PUBLISHED } from '../../src/paper/published.ts';
import type {
  Experiment,
  InputInfo,
  Inputs,
  ModelledNumber,
  NumberKey,
  PublishedNumber,
} from '../../src/paper/types.ts';

/** Made-up experiments: numbers that follow from inputs by arithmetic, so that tests know what must come out. */

export const input = (path: string, more: Partial<InputInfo> = {}): InputInfo => ({
  path,
  description: `what ${path} is`,
  unit: '',
  source: 'made up',
  role: 'assumed',
  side: 'monitor',
  prior: 1,
  range: [0, 10],
  ...more,
});

export const published = (id: string): PublishedNumber => {
  const found = PUBLISHED.find((number) => numberId(number) === id);
  if (found === undefined) throw new Error(`no ${id}`);
  return found;
};

export const keyOf = ({ exhibit, workload, system, quantity }: NumberKey): NumberKey => ({
  exhibit,
  workload,
  system,
  quantity,
});

/** An experiment whose numbers are those that `model` gives for the values of its inputs. */
export const experimentOf = (
  name: string,
  inputs: readonly InputInfo[],
  exhibits: Experiment['exhibits'],
  model: (inputs: Inputs, scale: number) => readonly ModelledNumber[],
  rest: Partial<Awaited<ReturnType<Experiment['run']>>> = {},
): Experiment => ({
  name,
  exhibits,
  inputs,
  run: async ({ inputs: values, scale, progress }) => {
    progress?.(1);
    return { modelled: model(values, scale), decompositions: [], notes: [], ...rest };
  },
});

/** All numbers of some exhibits as published, except totals, each changed by `change`. */
export const numbersOf = (
  exhibits: readonly string[],
  change: (number: PublishedNumber) => number = ({ value }) => value,
): ModelledNumber[] =>
  PUBLISHED.filter(
    ({ exhibit, quantity }) =>
      exhibits.includes(exhibit) && !/(total|total_printed|slowdown)$/.test(quantity),
  ).map((number) => ({ ...keyOf(number), value: change(number) }));

const MONITOR_CALL = 'table2/pmake/disco/demand_zero.monitor_calls_and_page_faults';

/**
 * Everything that is published, modelled: exact under IRIX, under Disco larger by `monitor.factor`; the call that zeroes a
 * page takes `monitor.call`, and pmake's idle time is a workload's input.
 */
export function wholeEvaluation(): Experiment[] {
  const inputs = [
    input('monitor.call', { role: 'calibrated', calibratedOn: [MONITOR_CALL], prior: 0.3, range: [0, 2] }),
    input('monitor.factor', {
      role: 'calibrated',
      calibratedOn: ['figure5/database/disco/total', 'figure5/raytrace/disco/monitor'],
      prior: 2,
      range: [0.5, 4],
    }),
    input('pmake.idle', {
      role: 'calibrated',
      side: 'workload',
      calibratedOn: ['figure5/pmake/irix/idle'],
      prior: 20,
      range: [0, 100],
      unit: 'percent',
    }),
  ];
  const exhibits = ['table1', 'table2', 'figure5'] as const;
  const model = (values: Inputs) =>
    numbersOf(exhibits, (number) => {
      const id = numberId(number);
      if (id === MONITOR_CALL) return values['monitor.call']!;
      if (id === 'figure5/pmake/irix/idle') return values['pmake.idle']!;
      return number.system === 'irix' ? number.value : number.value * values['monitor.factor']!;
    });
  const steps = [
    { name: 'IRIX', value: 100, kind: 'total' },
    { name: 'TLB misses', value: 21.5, kind: 'change' },
    { name: 'zeroed pages', value: -5.8, kind: 'change' },
    { name: 'Disco', value: 115.7, kind: 'total' },
  ] as const;
  const decomposition = {
    id: 'pmake-waterfall',
    exhibit: 'figure5',
    workload: 'pmake',
    question: 'What does the monitor add, and what does it save?',
    unit: 'percent of IRIX time',
    steps,
  } as const;
  const others = ['table3', 'figure6', 'figure7', 'figure8'] as const;
  const shared = input('monitor.other', { role: 'measured', source: 'a <table> & more', unit: 'µs' });
  return [
    experimentOf('one CPU', inputs, exhibits, model, {
      decompositions: [decomposition],
      notes: ['User time does not fall.'],
    }),
    experimentOf('many CPUs', [shared], others, (_, scale) =>
      numbersOf(others, ({ system, value }) =>
        system.startsWith('irix') ? value : value * (1 + scale / 10),
      ),
    ),
  ];
}
