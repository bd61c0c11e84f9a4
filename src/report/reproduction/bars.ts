import { partOf } from '../../paper/keys.ts';
import type { ComparedNumber, Reproduction } from '../../paper/reproduction.ts';
import type { Exhibit } from '../../paper/types.ts';
import type { Pair, PairGroup, PairPiece } from './charts.ts';
import { figure, groupName, PART_COLOURS, partName, signedFigure, systemName, unitName } from './words.ts';

/** Which bars the charts of an exhibit have: the paper's and the model's, side by side. */

export interface ChartContent {
  /** Part of its id and of its file's name. */
  readonly key: string;
  readonly question: string;
  readonly axis: string;
  readonly groups: readonly PairGroup[];
  /** The numbers that it shows. */
  readonly numbers: readonly ComparedNumber[];
  /** More on how to read it. */
  readonly how: string;
}

interface Layout {
  readonly key: string;
  readonly question: string;
  readonly axis: string;
  readonly how?: string;
  readonly holds: (number: ComparedNumber) => boolean;
  /** Head over the bars that stand together. */
  readonly group: (number: ComparedNumber) => string;
  /** Name of one pair of bars. */
  readonly pair: (number: ComparedNumber) => string;
}

const NOT_DRAWN = /(^|\.)(total|total_printed|slowdown)$/;
const everything = (): boolean => true;
const byWorkload = {
  group: ({ workload }: ComparedNumber) => workload,
  pair: ({ system }: ComparedNumber) => systemName(system),
};
const IRIX_TIME = 'percent of the time under IRIX (less is better)';

const LAYOUTS: Readonly<Record<Exhibit, readonly Layout[]>> = {
  table1: [
    {
      key: 'times',
      question: 'How long do the workloads run under IRIX?',
      axis: 'seconds',
      holds: everything,
      group: () => '',
      pair: ({ workload }) => workload,
    },
  ],
  table2: [
    {
      key: 'services',
      question: 'What do kernel services cost under Disco, and why?',
      axis: 'fraction of the service’s time under IRIX (less is better)',
      how: 'A bar of 1 would be as fast as IRIX on the bare machine.',
      holds: ({ system }) => system === 'disco',
      group: () => '',
      pair: groupName,
    },
    {
      key: 'shares',
      question: 'Which services take the kernel’s time under IRIX?',
      axis: 'percent of system time',
      holds: ({ quantity }) => quantity.endsWith('share_of_system_time'),
      group: () => '',
      pair: groupName,
    },
  ],
  figure5: [
    {
      key: 'time',
      question: 'What does the monitor cost on one CPU?',
      axis: IRIX_TIME,
      holds: everything,
      ...byWorkload,
    },
  ],
  figure6: [
    {
      key: 'memory',
      question: 'How much memory do virtual machines take, and how much of it do they share?',
      axis: 'MB (less is better)',
      how: 'Virtual: as if nothing were shared; machine: what is really used.',
      holds: everything,
      group: (number) => `${groupName(number)} footprint`,
      pair: ({ system }) => systemName(system),
    },
  ],
  figure7: [
    {
      key: 'time',
      question: 'Do several virtual machines scale better than one operating system?',
      axis: IRIX_TIME,
      holds: everything,
      ...byWorkload,
    },
  ],
  figure8: [
    {
      key: 'time',
      question: 'Does moving pages make up for the monitor on a NUMA machine?',
      axis: 'percent of the time under IRIX on NUMA (less is better)',
      holds: ({ quantity }) => quantity !== 'misses_local',
      ...byWorkload,
    },
    {
      key: 'local',
      question: 'How many misses does memory of the own node serve?',
      axis: 'percent of L2 misses (more is better)',
      holds: ({ quantity }) => quantity === 'misses_local',
      ...byWorkload,
    },
  ],
  table3: [
    {
      key: 'rates',
      question: 'How many pages move?',
      axis: 'actions per second',
      holds: ({ unit }) => unit === '1/s',
      group: ({ workload }) => workload,
      pair: (number) => partName(partOf(number)),
    },
    {
      key: 'times',
      question: 'How long does it take to move a page?',
      axis: 'µs per action (less is better)',
      holds: ({ unit }) => unit === 'us',
      group: ({ workload }) => workload,
      pair: (number) => partName(partOf(number)),
    },
  ],
};

/** Charts of an exhibit, bars in the order of the published numbers. */
export function chartsOf(result: Reproduction, exhibit: Exhibit): ChartContent[] {
  const all = result.numbers.filter((number) => number.exhibit === exhibit);
  return LAYOUTS[exhibit].map(({ key, question, axis, how = '', holds, group, pair }) => {
    const numbers = all.filter(holds);
    const groups = [...grouped(numbers, group)].map(([label, members]) => ({
      label,
      pairs: [...grouped(members, pair)].map(([name, bar]) => pairOf(name, bar)),
    }));
    return { key, question, axis, how, groups, numbers };
  });
}

function grouped<T>(items: readonly T[], by: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(by(item), [...(groups.get(by(item)) ?? []), item]);
  return groups;
}

function pairOf(name: string, bar: readonly ComparedNumber[]): Pair {
  const parts = bar.filter(({ quantity }) => !NOT_DRAWN.test(quantity));
  const { unit } = parts[0]!;
  const total = bar.find(({ quantity }) => /(^|\.)total$/.test(quantity));
  const sum = (of: (number: ComparedNumber) => number): number =>
    parts.reduce((all, number) => all + of(number), 0);
  const paper = total?.value ?? sum(({ value }) => value);
  const isModelled = parts.every(({ modelled }) => modelled !== null);
  const model = isModelled ? (total?.modelled ?? sum(({ modelled }) => modelled!)) : null;
  return {
    name,
    paper: parts.map((number) => piece(number, number.value)),
    model: isModelled ? parts.map((number) => piece(number, number.modelled!)) : null,
    figures: {
      paper: figure(paper, unit),
      model: figure(model, unit, paper),
      residual: model === null ? '' : signedFigure(model - paper, unit, paper),
    },
  };
}

function piece(number: ComparedNumber, value: number): PairPiece {
  const part = partOf(number);
  const text = figure(value, number.unit, number.value);
  return {
    cause: PART_COLOURS[part] ?? 'execution',
    name: partName(part),
    size: Math.max(0, value),
    label: text,
    title: `${partName(part)}, ${text} ${unitName(number.unit)}`,
  };
}
