import { median } from 'simple-statistics';
import { isDiscoSide } from './inputs.ts';
import { numberId } from './keys.ts';
import {
  type ComparedNumber,
  type LedgerInput,
  relativeError,
  type Score,
  type Verdict,
} from './reproduction.ts';
import { isBaseline, isTotal, partsOfTotal } from './rules.ts';
import { EXHIBITS, type Exhibit } from './types.ts';

/**
 * The goals of the reproduction, computed from predicted numbers alone. A total is no number of its own in any count,
 * but goals that are about totals are judged on them, unless the total or all that it is the sum of was fitted.
 */

type Numbers = readonly ComparedNumber[];

interface Goal extends Pick<Score, 'id' | 'name' | 'unit' | 'floor' | 'goal'> {
  readonly exhibit: Exhibit;
  readonly about: (number: ComparedNumber) => boolean;
  readonly error: (number: ComparedNumber) => number | null;
}

const points = ({ modelled, value }: ComparedNumber): number | null =>
  modelled === null ? null : Math.abs(modelled - value);

const percentError = (number: ComparedNumber): number | null => {
  const error = relativeError(number);
  return error === null ? null : 100 * error;
};

const totalOf = (exhibit: Exhibit) => (number: ComparedNumber) =>
  number.exhibit === exhibit && isTotal(number);

/** Each is judged by its worst number. */
const GOALS: readonly Goal[] = [
  {
    id: 'figure5_totals',
    name: 'Figure 5, totals on Disco',
    unit: 'points',
    floor: 2,
    goal: 1,
    exhibit: 'figure5',
    about: (number) => totalOf('figure5')(number) && number.side === 'disco',
    error: points,
  },
  {
    id: 'figure5_segments',
    name: 'Figure 5, segments on Disco',
    unit: 'points',
    floor: 3,
    goal: 1.5,
    exhibit: 'figure5',
    about: (number) =>
      number.exhibit === 'figure5' && number.side === 'disco' && number.reason === null && !isTotal(number),
    error: points,
  },
  {
    id: 'figure6_machine_totals',
    name: 'Figure 6, machine totals',
    unit: '%',
    floor: 10,
    goal: 5,
    exhibit: 'figure6',
    about: ({ quantity, side }) => quantity === 'machine.total' && side === 'disco',
    error: percentError,
  },
  {
    id: 'figure7_totals',
    name: 'Figure 7, pmake totals, 1 to 8 VMs',
    unit: 'points',
    floor: 6,
    goal: 4,
    exhibit: 'figure7',
    // The NFS bar may have an input of its own, and of radix only the monitor's part is predictable.
    about: (number) => totalOf('figure7')(number) && /^[1248]vm$/.test(number.system),
    error: points,
  },
  {
    id: 'figure8_totals_and_local',
    name: 'Figure 8, totals and local misses',
    unit: 'points',
    floor: 6,
    goal: 3,
    exhibit: 'figure8',
    about: (number) =>
      number.exhibit === 'figure8' &&
      (number.quantity === 'misses_local' ? number.reason === null : isTotal(number) && !isBaseline(number)),
    error: points,
  },
  {
    id: 'table3',
    name: 'Table 3, rates and times',
    unit: '%',
    floor: 30,
    goal: 15,
    exhibit: 'table3',
    about: ({ exhibit }) => exhibit === 'table3',
    error: percentError,
  },
];

/** Whether a number was given to the model, itself or in all its parts that are not zero. */
function isGiven(number: ComparedNumber, byId: ReadonlyMap<string, ComparedNumber>): boolean {
  if (number.calibrates.length > 0) return true;
  if (!isTotal(number)) return false;
  const parts = partsOfTotal(number).filter(({ value }) => value !== 0);
  return parts.every((part) => (byId.get(numberId(part))?.calibrates.length ?? 0) > 0);
}

/** All scores, in the order of the goals. `exhibits`: those that were asked for. */
export function scoresOf(
  numbers: Numbers,
  inputs: readonly LedgerInput[],
  exhibits: readonly Exhibit[],
): Score[] {
  const whole = EXHIBITS.every((exhibit) => exhibits.includes(exhibit));
  const byId = new Map(numbers.map((number) => [number.id, number]));
  return [
    numbersPerInput(numbers, inputs, whole),
    shareOfPredictions(numbers, whole),
    ...GOALS.filter(({ exhibit }) => exhibits.includes(exhibit)).map((goal) => worstOf(goal, numbers, byId)),
    medianError(numbers, whole),
  ];
}

function worstOf(goal: Goal, numbers: Numbers, byId: ReadonlyMap<string, ComparedNumber>): Score {
  const { exhibit: _, about, error, ...texts } = goal;
  const asked = numbers.filter((number) => about(number) && !isGiven(number, byId));
  const known = asked.flatMap((number) => {
    const size = error(number);
    return size === null ? [] : [{ number, size }];
  });
  const worst = known.reduce<(typeof known)[number] | null>(
    (a, b) => (a === null || b.size > a.size ? b : a),
    null,
  );
  const given = numbers.filter((number) => about(number) && isGiven(number, byId)).length;
  return judged({
    ...texts,
    better: 'less',
    value: worst?.size ?? null,
    numbers: known.length,
    missing: asked.length - known.length,
    worst: worst?.number.id ?? null,
    detail: given === 0 ? '' : `${given} more ${given === 1 ? 'was' : 'were'} calibrated on and not judged`,
  });
}

const isScored = ({ reason }: ComparedNumber): boolean => reason === null;
const withRole = (numbers: Numbers, role: ComparedNumber['role']): Numbers =>
  numbers.filter((number) => number.role === role);

/** Predictions under Disco for each input that was fitted for the monitor's sake. */
function numbersPerInput(numbers: Numbers, inputs: readonly LedgerInput[], whole: boolean): Score {
  const disco = numbers.filter((number) => number.side === 'disco' && isScored(number));
  const predicted = withRole(disco, 'predicted').length;
  const fitted = inputs.filter((input) => input.role === 'calibrated');
  const own = fitted.filter(isDiscoSide).length;
  const modelled = disco.length - withRole(disco, 'missing').length;
  return judged(
    {
      id: 'numbers_per_input',
      name: 'Predictions per calibrated input',
      unit: '',
      better: 'more',
      floor: 5,
      goal: 8,
      value: predicted === 0 ? null : own === 0 ? predicted : predicted / own,
      numbers: predicted,
      missing: withRole(disco, 'missing').length,
      worst: null,
      detail:
        `under Disco, ${predicted} predictions over ${own} ${own === 1 ? 'input' : 'inputs'}` +
        `${own === 0 ? '' : ` (${(modelled / own).toFixed(1)} with the ${modelled - predicted} that were calibrated on)`}; ` +
        `${fitted.length - own} more calibrated on IRIX alone`,
    },
    whole,
    // A number that is not modelled lowers this score already.
    true,
  );
}

function shareOfPredictions(numbers: Numbers, whole: boolean): Score {
  const disco = numbers.filter((number) => number.side === 'disco' && isScored(number));
  const predicted = withRole(disco, 'predicted').length;
  const missing = withRole(disco, 'missing').length;
  return judged(
    {
      id: 'share_predicted',
      name: 'Predictions among scored numbers',
      unit: '%',
      better: 'more',
      floor: 60,
      goal: 80,
      value: disco.length === 0 ? null : (100 * predicted) / disco.length,
      numbers: disco.length,
      missing,
      worst: null,
      detail: `under Disco, ${predicted} of ${disco.length}`,
    },
    whole,
    true,
  );
}

function medianError(numbers: Numbers, whole: boolean): Score {
  const predicted = withRole(numbers, 'predicted');
  const errors = predicted.flatMap((number) => percentError(number) ?? []);
  const missing = withRole(numbers.filter(isScored), 'missing').length;
  const disco = predicted.filter(({ side }) => side === 'disco');
  const discoErrors = disco.flatMap((number) => percentError(number) ?? []);
  return judged(
    {
      id: 'median_error',
      name: 'Median error of all predictions',
      unit: '%',
      better: 'less',
      floor: 10,
      goal: 5,
      value: errors.length === 0 ? null : median(errors),
      numbers: errors.length,
      missing,
      worst: null,
      detail:
        discoErrors.length === 0 ? '' : `${median(discoErrors).toFixed(1)} % of those under Disco alone`,
    },
    whole,
  );
}

/** `penalised`: what is missing is in the value already; otherwise a missing number is a missed floor. */
function judged(score: Omit<Score, 'verdict'>, whole = true, penalised = false): Score {
  return { ...score, verdict: verdictOf(score, whole, penalised) };
}

function verdictOf(
  { value, floor, goal, better, missing }: Omit<Score, 'verdict'>,
  whole: boolean,
  penalised: boolean,
): Verdict {
  if (!whole) return 'unjudged';
  if (missing > 0 && !penalised) return 'missed';
  if (value === null) return missing > 0 ? 'missed' : 'unjudged';
  const reaches = (limit: number): boolean => (better === 'more' ? value >= limit : value <= limit);
  return reaches(goal) ? 'goal' : reaches(floor) ? 'floor' : 'missed';
}
