import { InputError } from '../trace/errors.ts';
import { compare } from './compare.ts';
import { inputsOf, inputValues, isDiscoSide } from './inputs.ts';
import { numberId } from './keys.ts';
import { leastSquares, type Problem } from './least-squares.ts';
import { oneByOne } from './one-by-one.ts';
import { PUBLISHED } from './published.ts';
import { runAll } from './reproduce.ts';
import { EXHIBITS, type Experiment, type InputInfo, type Inputs, type PublishedNumber } from './types.ts';

/**
 * The calibration: every calibrated input is chosen so that the published numbers that it names fit best, and no other
 * published number is looked at. First the inputs that name numbers of IRIX alone, then those of the monitor with the
 * former held. Inputs of one stage that share an experiment are fitted together.
 *
 * Objective of a fit: the sum over the named numbers of (ln(modelled ÷ published) × published ÷ tolerance)², each number
 * once; near the published number that is (modelled − published) ÷ tolerance. The logarithm makes the fit nearly linear, as
 * path lengths and rates act in proportion.
 */

const BY_ID = new Map(PUBLISHED.map((number) => [numberId(number), number]));

/** A twentieth of the published number, but not less than what can be read off a figure or a rounded print. */
const FINEST: Readonly<Record<string, number>> = {
  'percent of IRIX time': 0.5,
  'percent of IRIX NUMA time': 0.5,
  'percent of L2 misses': 1,
  percent: 0.5,
  MB: 0.1,
  ratio: 0.02,
  'fraction of IRIX time of the service': 0.02,
};

/** The error that counts as 1 in the objective, in the number's unit. */
export const toleranceOf = ({ value, unit }: PublishedNumber): number =>
  Math.max(Math.abs(value) / 20, FINEST[unit] ?? Number.MIN_VALUE);

/** What is modelled of a published number at the least, as a fraction: a logarithm needs something. */
const LEAST = 1e-3;

/** The part of a number in the objective. */
const residual = (modelled: number, target: PublishedNumber): number =>
  (Math.log(Math.max(modelled / target.value, LEAST)) * target.value) / toleranceOf(target);

export interface CalibrateOptions {
  /** Values that it starts from instead of the priors. */
  readonly from?: Inputs;
  readonly scale: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  /** Told what happens, line by line. */
  readonly log?: (line: string) => void;
}

/** Inputs that are fitted together, the experiments that they act on, and what they are fitted to. */
export interface Fit {
  readonly stage: 'IRIX' | 'monitor';
  readonly inputs: readonly InputInfo[];
  readonly experiments: readonly Experiment[];
  readonly targets: readonly PublishedNumber[];
}

/** Which experiment gives each number. */
export type Owners = ReadonlyMap<string, Experiment>;

/**
 * What is to be fitted, in order.
 * @throws Error if an input is fitted to a number that no experiment gives (a defect).
 */
export function fitsOf(experiments: readonly Experiment[], owners: Owners): Fit[] {
  const calibrated = inputsOf(experiments).filter(({ role }) => role === 'calibrated');
  const actsOn = ({ calibratedOn = [] }: InputInfo): Set<Experiment> =>
    new Set(calibratedOn.map((id) => ownerOf(id, owners)));
  return (['IRIX', 'monitor'] as const).flatMap((stage) => {
    const inputs = calibrated.filter((input) => isDiscoSide(input) === (stage === 'monitor'));
    return inOrder(together(inputs, actsOn).map((group) => fitOf(stage, group, owners)));
  });
}

function ownerOf(id: string, owners: Owners): Experiment {
  const owner = owners.get(id);
  if (owner === undefined)
    throw new Error(`${id} is calibrated on but not modelled; a longer run may have it`);
  return owner;
}

function fitOf(stage: Fit['stage'], inputs: readonly InputInfo[], owners: Owners): Fit {
  const ids = [...new Set(inputs.flatMap(({ calibratedOn = [] }) => calibratedOn))].sort();
  const targets = ids.map((id) => BY_ID.get(id)!);
  return { stage, inputs, targets, experiments: [...new Set(ids.map((id) => ownerOf(id, owners)))] };
}

/** Groups of inputs such that no two groups act on the same experiment. */
function together(
  inputs: readonly InputInfo[],
  actsOn: (input: InputInfo) => ReadonlySet<Experiment>,
): InputInfo[][] {
  let groups: { inputs: InputInfo[]; on: Set<Experiment> }[] = [];
  for (const input of inputs) {
    const on = actsOn(input);
    const touched = groups.filter((group) => [...group.on].some((one) => on.has(one)));
    const merged = {
      inputs: [...touched.flatMap((group) => group.inputs), input],
      on: new Set([...touched.flatMap((group) => [...group.on]), ...on]),
    };
    groups = [...groups.filter((group) => !touched.includes(group)), merged];
  }
  return groups.map((group) => group.inputs);
}

/**
 * Fits in an order in which each finds the inputs of others that its experiments use fitted already; where two wait for
 * each other, the earlier one goes first.
 */
function inOrder(fits: readonly Fit[]): Fit[] {
  const uses = (fit: Fit, other: Fit): boolean =>
    fit.experiments.some(({ inputs }) =>
      inputs.some(({ path }) => other.inputs.some((input) => input.path === path)),
    );
  const waiting = [...fits];
  const done: Fit[] = [];
  while (waiting.length > 0) {
    const ready = waiting.findIndex((fit) => !waiting.some((other) => other !== fit && uses(fit, other)));
    done.push(...waiting.splice(Math.max(0, ready), 1));
  }
  return done;
}

/**
 * Step of the differences, as a fraction of each range: counts of rare events (an execve or two in a short run) move in
 * jumps, which a small step would take for slopes.
 */
const DIFFERENCE = 0.03;

/** Significant digits of a calibrated value: more would claim more than the published numbers hold. */
const DIGITS = 4;

function rounded(value: number, input: InputInfo): number {
  const [low, high] = boundsOf(input);
  return Math.min(high, Math.max(low, Number(value.toPrecision(DIGITS))));
}

/** The bounds of an input, where it has none from a tenth of its prior to ten times that. */
function boundsOf({ range, prior }: InputInfo): readonly [number, number] {
  if (range !== undefined) return range;
  return prior < 0 ? [10 * prior, prior / 10] : prior === 0 ? [0, 1] : [prior / 10, 10 * prior];
}

/**
 * Inputs of different fits act on one another, and the first time the early ones cannot know what the later ones will find:
 * so a fit is made again, from what there is by then, if its objective has grown by more than `MOVED` since.
 */
const ROUNDS = 2;
const MOVED = 0.25;

/** The range of an input as places from 0 to 1. */
interface Axis {
  readonly placeOf: (value: number) => number;
  readonly valueAt: (place: number) => number;
}

/** By ratio where the range is above zero: path lengths and rates act in proportion. */
function axisOf(input: InputInfo): Axis {
  const [low, high] = boundsOf(input);
  if (low === high) return { placeOf: () => 0, valueAt: () => low };
  if (low <= 0)
    return {
      placeOf: (value) => (value - low) / (high - low),
      valueAt: (place) => low + place * (high - low),
    };
  const span = Math.log(high / low);
  return {
    placeOf: (value) => Math.log(value / low) / span,
    valueAt: (place) => low * Math.exp(place * span),
  };
}

/**
 * Values of all inputs of the experiments: those that are calibrated fitted, the others as they are described.
 * @throws Error if an experiment does not give a number that an input is fitted to (a defect).
 */
export async function calibrate(
  experiments: readonly Experiment[],
  options: CalibrateOptions,
): Promise<Inputs> {
  const inputs = inputsOf(experiments);
  const fitted = new Set(inputs.filter(({ role }) => role === 'calibrated').map(({ path }) => path));
  const from = Object.fromEntries(Object.entries(options.from ?? {}).filter(([path]) => fitted.has(path)));
  let values = inputValues(inputs, from);
  const owners = await ownersOf(experiments, values, options);
  const fits = fitsOf(experiments, owners);
  const left = new Map<Fit, number>();
  for (let round = 1; round <= ROUNDS; round++)
    for (const fit of fits) {
      const before = left.get(fit);
      if (before !== undefined && (await objectiveOf(fit, values, options)) <= before + MOVED) continue;
      values = await runFit(fit, values, options);
      left.set(fit, await objectiveOf(fit, values, options));
    }
  return values;
}

/** Runs every experiment once to see what it gives, and what follows from that. */
async function ownersOf(
  experiments: readonly Experiment[],
  values: Inputs,
  options: CalibrateOptions,
): Promise<Owners> {
  const owners = new Map<string, Experiment>();
  for (const experiment of experiments)
    for (const id of (await modelledBy([experiment], values, options)).keys()) owners.set(id, experiment);
  return owners;
}

/** What some experiments give, totals with it. */
async function modelledBy(
  experiments: readonly Experiment[],
  values: Inputs,
  { scale, seed, signal }: CalibrateOptions,
): Promise<ReadonlyMap<string, number>> {
  const { modelled } = await runAll(experiments, values, scale, signal ? { seed, signal } : { seed });
  return new Map(
    compare([], EXHIBITS, modelled).flatMap(({ id, modelled: value }) =>
      value === null ? [] : [[id, value]],
    ),
  );
}

/** Sum of squares of the errors of a fit's numbers, in tolerances. */
async function objectiveOf(
  { experiments, targets }: Fit,
  values: Inputs,
  options: CalibrateOptions,
): Promise<number> {
  const all = await modelledBy(experiments, values, options);
  return targets.reduce((sum, target) => sum + residual(all.get(numberId(target)) ?? 0, target) ** 2, 0);
}

/** By input: which target is its own, if all inputs of the fit have an elasticity and a number of their own. */
function ownNumbers({ inputs, targets }: Fit): readonly number[] | null {
  const own = inputs.map(({ elasticity, calibratedOn = [] }) =>
    elasticity === undefined || calibratedOn.length !== 1
      ? -1
      : targets.findIndex((target) => numberId(target) === calibratedOn[0]),
  );
  return own.includes(-1) || new Set(own).size < own.length ? null : own;
}

async function runFit(fit: Fit, before: Inputs, options: CalibrateOptions): Promise<Inputs> {
  const { stage, inputs, targets, experiments } = fit;
  const { log = () => {} } = options;
  const axes = inputs.map(axisOf);
  const paths = inputs.map(({ path }) => path);
  const withValues = (places: readonly number[], round = (value: number, _: InputInfo) => value): Inputs => ({
    ...before,
    ...Object.fromEntries(paths.map((path, i) => [path, round(axes[i]!.valueAt(places[i]!), inputs[i]!)])),
  });
  const modelledAt = async (values: Inputs): Promise<readonly number[]> => {
    const all = await modelledBy(experiments, values, options);
    return targets.map((target) => {
      const value = all.get(numberId(target));
      if (value === undefined) throw new Error(`${numberId(target)} is given at first, but not always`);
      return value;
    });
  };
  log(`${stage}: ${paths.join(', ')} (${targets.length} numbers)`);
  const problem: Problem = {
    start: paths.map((path, i) => axes[i]!.placeOf(before[path]!)),
    low: paths.map(() => 0),
    high: paths.map(() => 1),
    residuals: async (x) => {
      try {
        return (await modelledAt(withValues(x))).map((value, i) => residual(value, targets[i]!));
      } catch (error) {
        // Values that do not go together (a workload that reaches outside its memory) are no place to stay.
        if (!(error instanceof InputError)) throw error;
        log(`  left out: ${error.message}`);
        return targets.map(() => Number.NaN);
      }
    },
    report: ({ evaluations, objective }) =>
      log(`  after ${evaluations} evaluations: objective ${objective.toPrecision(4)}`),
  };
  const own = ownNumbers(fit);
  const places =
    own === null
      ? (await leastSquares(problem, { difference: DIFFERENCE })).x
      : (
          await oneByOne({
            start: paths.map((path) => before[path]!),
            low: axes.map(({ valueAt }) => valueAt(0)),
            high: axes.map(({ valueAt }) => valueAt(1)),
            elasticity: inputs.map(({ elasticity }) => elasticity!),
            targets: own.map((at) => targets[at]!.value),
            tolerances: own.map((at) => toleranceOf(targets[at]!)),
            // As they will be written: a run may hang on the last digit.
            numbers: async (x) => {
              const all = await modelledAt(
                withValues(
                  x.map((value, i) => axes[i]!.placeOf(value)),
                  rounded,
                ),
              );
              return own.map((at) => all[at]!);
            },
            report: (round, objective) => log(`  round ${round}: objective ${objective.toPrecision(4)}`),
          })
        ).map((value, i) => axes[i]!.placeOf(value));
  const values = withValues(places, rounded);
  const final = await modelledAt(values);
  for (const [i, path] of paths.entries()) {
    const place = places[i]!;
    const at = place === 0 ? ' (at its lower bound)' : place === 1 ? ' (at its upper bound)' : '';
    log(`  ${path} = ${values[path]}${at}`);
  }
  for (const [i, target] of targets.entries())
    log(`  ${numberId(target)}: published ${target.value}, modelled ${final[i]!.toPrecision(4)}`);
  return values;
}

/**
 * Which values of two calibrations differ by more than `tolerance` of the input's range, for the statement that a
 * calibration that starts from its own result stays there.
 */
export function drift(experiments: readonly Experiment[], a: Inputs, b: Inputs, tolerance = 0.01): string[] {
  return inputsOf(experiments)
    .filter((input) => {
      const { placeOf } = axisOf(input);
      const [one, other] = [a[input.path] ?? input.prior, b[input.path] ?? input.prior];
      return one !== other && Math.abs(placeOf(one) - placeOf(other)) > tolerance;
    })
    .map(({ path }) => path);
}
