import { partOf } from '../../paper/keys.ts';
import {
  type ComparedNumber,
  type LedgerInput,
  type Reproduction,
  residualOf,
  type Score,
} from '../../paper/reproduction.ts';
import { isTotal } from '../../paper/rules.ts';
import type { Decomposition } from '../../paper/types.ts';
import type { Table, TableCell, TableColumn, TableRow } from '../table.ts';
import { cleanText } from '../words.ts';
import {
  figure,
  groupName,
  numberName,
  partName,
  signedFigure,
  systemName,
  unitName,
  VERDICT_WORDS,
} from './words.ts';

/** The tables of a reproduction, for the terminal, the page and its CSV files. */

const text = (words: string): TableCell => ({ text: words, value: words });
const cell = (value: number | null, unit: string, like?: number): TableCell => ({
  text: figure(value, unit, like),
  value,
});
const signedCell = (value: number | null, unit: string, like?: number): TableCell => ({
  text: signedFigure(value, unit, like),
  value,
});

/** Scales of the spread, if it was asked for. */
export const spreadScales = (numbers: readonly ComparedNumber[]): number[] =>
  numbers.find(({ spread }) => spread.length > 0)?.spread.map(({ scale }) => scale) ?? [];

function numberCells(number: ComparedNumber, scales: readonly number[]): TableCell[] {
  const { value, modelled, unit, spread } = number;
  return [
    cell(value, unit),
    cell(modelled, unit, value),
    signedCell(residualOf(number), unit, value),
    ...scales.map((scale) => cell(spread.find((one) => one.scale === scale)?.value ?? null, unit, value)),
  ];
}

const numberColumns = (scales: readonly number[]): TableColumn[] => [
  { head: 'published', raw: 'published' },
  { head: 'modelled', raw: 'modelled' },
  { head: 'residual', raw: 'residual' },
  ...scales.map((scale) => ({ head: `at ${scale}`, raw: `modelled at scale ${scale}` })),
];

const barName = (number: ComparedNumber): string => {
  const group = groupName(number);
  return `${number.workload}, ${systemName(number.system)}${group === '' ? '' : `: ${group}`}`;
};

/** Numbers bar by bar: published, modelled, residual and role. */
export function numbersTable(numbers: readonly ComparedNumber[], caption: string): Table {
  const scales = spreadScales(numbers);
  const rows: TableRow[] = [];
  let before = '';
  for (const number of numbers) {
    const bar = barName(number);
    if (bar !== before) rows.push({ kind: 'group', label: bar, path: bar, cells: [] });
    before = bar;
    rows.push({
      kind: 'part',
      label: partName(partOf(number)),
      path: number.id,
      cells: [...numberCells(number, scales), text(roleText(number))],
    });
  }
  return {
    caption,
    corner: unitsOf(numbers),
    groups: [{ name: '', columns: [...numberColumns(scales), { head: 'role', raw: 'role', text: true }] }],
    rows,
  };
}

/** The role in a word or two; a sum says that it is one, as goals are judged on sums. */
export function roleText(number: ComparedNumber): string {
  if (number.role !== 'unscored' || !isTotal(number)) return number.role;
  return number.calibrates.length > 0 ? 'sum, calibrated' : 'sum';
}

const unitsOf = (numbers: readonly ComparedNumber[]): string => {
  const units = [...new Set(numbers.map(({ unit }) => unitName(unit)))];
  return units.length === 1 ? units[0]! : 'number';
};

/** All numbers, one a row, with unit, role, and why it has it. */
export function everyNumberTable(numbers: readonly ComparedNumber[]): Table {
  const scales = spreadScales(numbers);
  return {
    caption:
      'Every published number. Residual: modelled minus published. Printed: from the text or a table; artwork: measured in the figure.',
    corner: 'number',
    groups: [
      {
        name: '',
        columns: [
          { head: 'unit', raw: 'unit', text: true },
          ...numberColumns(scales),
          { head: 'role', raw: 'role', text: true },
          { head: 'because', raw: 'because', text: true },
          { head: 'source', raw: 'source', text: true },
        ],
      },
    ],
    rows: numbers.map((number) => ({
      kind: 'part',
      label: numberName(number),
      path: number.id,
      cells: [
        text(unitName(number.unit)),
        ...numberCells(number, scales),
        text(roleText(number)),
        text(because(number)),
        text(number.provenance),
      ],
    })),
  };
}

/** Why a number has its role. */
export function because({ reason, calibrates }: ComparedNumber): string {
  const fitted = calibrates.length === 0 ? '' : `fits ${calibrates.map(cleanText).join(', ')}`;
  return [reason ?? '', fitted].filter((part) => part !== '').join('; ');
}

/** The scores against floors and goals. */
export function scoresTable(scores: readonly Score[]): Table {
  return {
    caption:
      'Computed from predicted numbers alone, those about an exhibit from its worst. Points: percentage points of the bar’s baseline; %: of the published number. A number that is not modelled is a missed floor.',
    corner: 'score',
    groups: [
      {
        name: '',
        columns: [
          { head: 'verdict', raw: 'verdict', text: true },
          { head: 'value', raw: 'value' },
          { head: 'unit', raw: 'unit', text: true },
          { head: 'floor', raw: 'floor' },
          { head: 'goal', raw: 'goal' },
        ],
      },
    ],
    rows: scores.map((score) => ({
      kind: 'part',
      label: score.name,
      path: score.id,
      differs: score.verdict === 'missed',
      cells: [
        text(VERDICT_WORDS[score.verdict]),
        cell(score.value, score.unit || 'points'),
        text(score.unit),
        { text: limit(score, score.floor), value: score.floor },
        { text: limit(score, score.goal), value: score.goal },
      ],
    })),
  };
}

const limit = ({ better }: Score, value: number): string => `${better === 'more' ? '≥' : '≤'} ${value}`;

/** What is worth knowing about each score. */
export function scoreDetails(scores: readonly Score[], numbers: readonly ComparedNumber[]): string[] {
  return scores.flatMap(({ name, worst, missing, detail }) => {
    const number = numbers.find(({ id }) => id === worst);
    const parts = [
      number === undefined
        ? ''
        : `${numberName(number)} is ${figure(number.modelled, number.unit, number.value)}, published ${figure(number.value, number.unit)}`,
      missing === 0 ? '' : `${missing} not modelled`,
      detail,
    ].filter((part) => part !== '');
    return parts.length === 0 ? [] : [`${name}: ${parts.join('; ')}.`];
  });
}

/** The ledger: every input with value, unit, source and role. */
export function inputsTable(inputs: readonly LedgerInput[]): Table {
  return {
    caption: 'Every input of the experiments. One set of values serves all exhibits.',
    corner: 'input',
    groups: [
      {
        name: '',
        columns: [
          { head: 'value', raw: 'value' },
          { head: 'unit', raw: 'unit', text: true },
          { head: 'role', raw: 'role', text: true },
          { head: 'describes', raw: 'side', text: true },
          { head: 'meaning', raw: 'meaning', text: true },
          { head: 'calibrated on', raw: 'calibrated on', text: true },
          { head: 'source', raw: 'source', text: true },
        ],
      },
    ],
    rows: inputs.map((input) => ({
      kind: 'part',
      label: cleanText(input.path),
      path: input.path,
      cells: [
        { text: String(Number(input.value.toPrecision(6))), value: input.value },
        text(cleanText(input.unit)),
        text(input.set ? `${input.role}, set by the user` : input.role),
        text(input.side),
        text(cleanText(input.description)),
        text((input.calibratedOn ?? []).join(', ')),
        text(cleanText(input.source)),
      ],
    })),
  };
}

/** The steps of a waterfall or ladder. */
export function stepsTable({ question, unit, steps }: Decomposition): Table {
  return {
    caption: cleanText(question),
    corner: 'step',
    groups: [{ name: '', columns: [{ head: unitName(unit), raw: unit }] }],
    rows: steps.map(({ name, value, kind }) => ({
      kind: kind === 'total' ? 'sum' : 'part',
      label: cleanText(name),
      path: name,
      cells: [kind === 'total' ? cell(value, unit) : signedCell(value, unit)],
    })),
  };
}

/** How many numbers of each role, in words; roles that nobody has are left out. */
export function roleCounts(numbers: readonly ComparedNumber[]): string {
  const of = (role: ComparedNumber['role']): number => numbers.filter((one) => one.role === role).length;
  const parts = [
    [of('predicted'), 'predicted'],
    [of('calibrated'), 'calibrated on'],
    [of('unscored'), 'unscored'],
    [of('missing'), 'not modelled'],
  ] as const;
  return parts
    .filter(([number]) => number > 0)
    .map(([number, what]) => `${number} ${what}`)
    .join(', ');
}

/** Numbers of an exhibit. */
export const numbersIn = ({ numbers }: Reproduction, exhibit: string): ComparedNumber[] =>
  numbers.filter((number) => number.exhibit === exhibit);

/** Whether a number belongs in a table that leaves out what says nothing: scored, or a sum that others are judged by. */
export const isShown = (number: ComparedNumber): boolean => number.reason === null || isTotal(number);
