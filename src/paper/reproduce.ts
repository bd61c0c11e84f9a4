import { compare, type Modelled } from './compare.ts';
import { inputsOf, inputValues, type Setting } from './inputs.ts';
import { numberId } from './keys.ts';
import { PUBLISHED } from './published.ts';
import type { LedgerInput, Reproduction } from './reproduction.ts';
import { scoresOf } from './scores.ts';
import {
  type Decomposition,
  EXHIBITS,
  type Exhibit,
  type Experiment,
  type ExperimentOptions,
  type Inputs,
  type ModelledNumber,
  type Outcome,
} from './types.ts';

export interface ReproduceOptions {
  /** Exhibits to reproduce; default: all. */
  readonly exhibits?: readonly Exhibit[];
  /** Values by path; an input without one has its prior. */
  readonly parameters: Inputs;
  readonly settings?: readonly Setting[];
  readonly scale: number;
  readonly seed: number;
  /** Whether to run at twice and four times the scale, too. */
  readonly spread?: boolean;
  readonly signal?: AbortSignal;
  /** How to run an experiment, if not here and one after the other; those asked for together may run side by side. */
  readonly run?: (experiment: Experiment, options: ExperimentOptions) => Promise<Outcome>;
  /** Called with what is going on and the fraction of it that is done. */
  readonly progress?: (what: string, done: number) => void;
}

/** Multiples of the scale that show the spread. */
export const SPREAD = [2, 4] as const;

/**
 * Runs the experiments that the exhibits need and sets their numbers beside the published ones.
 * @throws InputError if a setting names no input.
 * @throws Error if two experiments give the same number, or one gives a number that is not published (a defect).
 */
export async function reproduce(
  experiments: readonly Experiment[],
  options: ReproduceOptions,
): Promise<Reproduction> {
  const exhibits = EXHIBITS.filter((exhibit) => options.exhibits?.includes(exhibit) ?? true);
  const asked = experiments.filter((experiment) => experiment.exhibits.some((one) => exhibits.includes(one)));
  const inputs = inputsOf(asked);
  // A setting may be meant for an experiment that is not asked for, but not for none.
  inputValues(inputsOf(experiments), options.parameters, options.settings);
  const own = options.settings?.filter(({ path }) => inputs.some((input) => input.path === path)) ?? [];
  const values = inputValues(inputs, options.parameters, own);
  const outcome = await runAll(asked, values, options.scale, options);
  const spreads = [];
  for (const factor of options.spread ? SPREAD : []) {
    // Without the dust of binary fractions, as it is printed.
    const scale = Number((options.scale * factor).toPrecision(12));
    spreads.push({ scale, modelled: (await runAll(asked, values, scale, options)).modelled });
  }
  const numbers = compare(inputs, exhibits, outcome.modelled, spreads);
  const set = new Set(own.map(({ path }) => path));
  // How calibration searches is no part of what came out.
  const ledger: LedgerInput[] = inputs.map(({ elasticity: _, ...input }) => ({
    ...input,
    value: values[input.path]!,
    set: set.has(input.path),
  }));
  return {
    exhibits,
    scale: options.scale,
    seed: options.seed,
    inputs: ledger,
    numbers,
    decompositions: outcome.decompositions.filter(({ exhibit }) => exhibits.includes(exhibit)),
    notes: outcome.notes,
    scores: scoresOf(numbers, ledger, exhibits),
  };
}

interface Outcomes {
  readonly modelled: Modelled;
  readonly decompositions: readonly Decomposition[];
  readonly notes: readonly string[];
}

/** Runs experiments one after the other and puts together what they give, under the names of numbers. */
export async function runAll(
  experiments: readonly Experiment[],
  inputs: Inputs,
  scale: number,
  { seed, signal, progress, run }: Pick<ReproduceOptions, 'seed' | 'signal' | 'progress' | 'run'>,
): Promise<Outcomes> {
  const modelled = new Map<string, number>();
  const decompositions: Decomposition[] = [];
  const notes = new Set<string>();
  const start = (experiment: Experiment): Promise<Outcome> => {
    signal?.throwIfAborted();
    const what = `${experiment.name} at scale ${scale}`;
    progress?.(what, 0);
    const options: ExperimentOptions = {
      inputs,
      scale,
      seed,
      ...(signal === undefined ? {} : { signal }),
      progress: (done) => progress?.(what, done),
    };
    return run === undefined ? experiment.run(options) : run(experiment, options);
  };
  const started = run === undefined ? null : await Promise.all(experiments.map(start));
  for (const [at, experiment] of experiments.entries()) {
    const outcome = started?.[at] ?? (await start(experiment));
    for (const number of outcome.modelled) add(modelled, number, experiment.name);
    decompositions.push(...outcome.decompositions);
    for (const note of outcome.notes) notes.add(note);
  }
  return { modelled, decompositions, notes: [...notes] };
}

const PUBLISHED_IDS: ReadonlySet<string> = new Set(PUBLISHED.map(numberId));

function add(modelled: Map<string, number>, number: ModelledNumber, name: string): void {
  const id = numberId(number);
  if (!PUBLISHED_IDS.has(id)) throw new Error(`${name} gives ${id}, which is not published`);
  if (modelled.has(id)) throw new Error(`${name} gives ${id}, which is given already`);
  if (!Number.isFinite(number.value)) throw new Error(`${name} gives ${number.value} for ${id}`);
  modelled.set(id, number.value);
}
