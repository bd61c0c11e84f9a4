import { InputError } from '../trace/errors.ts';
import { numberId } from './keys.ts';
import { PUBLISHED } from './published.ts';
import { isTotal, sideOf, unscoredReason } from './rules.ts';
import type { Experiment, InputInfo, Inputs } from './types.ts';

/** The inputs of experiments as one set: what they are, and which values they have. */

const BY_ID = new Map(PUBLISHED.map((number) => [numberId(number), number]));

/**
 * All inputs of some experiments, sorted by path. An input that several use is described once, or with the same words;
 * the published numbers that it was fitted to are put together.
 * @throws Error for what contradicts itself: a defect of an experiment, not of the user's input.
 */
export function inputsOf(experiments: readonly Experiment[]): InputInfo[] {
  const byPath = new Map<string, InputInfo>();
  for (const input of experiments.flatMap(({ inputs }) => inputs)) {
    checkInput(input);
    const known = byPath.get(input.path);
    if (known !== undefined && description(known) !== description(input))
      throw new Error(`input ${input.path} is described in two ways`);
    const calibratedOn = [...new Set([...(known?.calibratedOn ?? []), ...(input.calibratedOn ?? [])])];
    byPath.set(input.path, calibratedOn.length > 0 ? { ...input, calibratedOn } : input);
  }
  return [...byPath.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

const description = ({ calibratedOn: _, ...rest }: InputInfo): string =>
  JSON.stringify(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));

function checkInput({ path, role, calibratedOn = [], prior, range }: InputInfo): void {
  for (const id of calibratedOn) {
    const number = BY_ID.get(id);
    if (number === undefined) throw new Error(`input ${path} is calibrated on ${id}, which is not published`);
    if (unscoredReason(number) !== null && !isTotal(number))
      throw new Error(`input ${path} is calibrated on ${id}, which says nothing: ${unscoredReason(number)}`);
  }
  if (role === 'calibrated' && calibratedOn.length === 0)
    throw new Error(`input ${path} is calibrated on nothing`);
  if (!Number.isFinite(prior) || (range !== undefined && !(range[0] <= prior && prior <= range[1])))
    throw new Error(`input ${path} starts outside its range`);
}

/**
 * Whether an input counts among those that the monitor's side was fitted with: it describes the monitor, or it was
 * fitted to a number of a system under Disco.
 */
export const isDiscoSide = ({ side, calibratedOn = [] }: InputInfo): boolean =>
  side === 'monitor' || calibratedOn.some((id) => sideOf(BY_ID.get(id)!) === 'disco');

/** `path=value` of the command line. */
export interface Setting {
  readonly path: string;
  readonly value: number;
}

/**
 * Reads `path=value`.
 * @throws InputError if it is not that, or the value no number.
 */
export function parseSetting(text: string): Setting {
  const at = text.indexOf('=');
  if (at <= 0) throw new InputError(`--set ${text}: expected path=value`);
  const written = text.slice(at + 1).trim();
  const value = Number(written);
  if (written === '' || !Number.isFinite(value)) throw new InputError(`--set ${text}: expected a number`);
  return { path: text.slice(0, at).trim(), value };
}

/**
 * The value of every input: as set by the user, else as calibrated, else where calibration would begin.
 * @throws InputError if a setting names no input.
 */
export function inputValues(
  inputs: readonly InputInfo[],
  parameters: Inputs,
  settings: readonly Setting[] = [],
): Inputs {
  const values = Object.fromEntries(inputs.map(({ path, prior }) => [path, parameters[path] ?? prior]));
  for (const { path, value } of settings) {
    if (!Object.hasOwn(values, path))
      throw new InputError(
        `--set ${path}=${value}: no such input; docs/ledger.md lists them, e.g. ${inputs[0]?.path ?? 'none'}`,
      );
    values[path] = value;
  }
  return values;
}
