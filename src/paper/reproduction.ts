import type { Side } from './rules.ts';
import type { Decomposition, Exhibit, InputInfo, PublishedNumber } from './types.ts';

/** The result of a reproduction: everything that terminal, JSON and page show is made from it. */

/**
 * What a published number is to the model. `calibrated`: an input was fitted to it; `predicted`: it came out of the
 * model; `unscored`: it cannot come out wrong, or repeats others; `missing`: the model does not give it.
 */
export const NUMBER_ROLES = ['calibrated', 'predicted', 'unscored', 'missing'] as const;
export type NumberRole = (typeof NUMBER_ROLES)[number];

export interface ComparedNumber extends PublishedNumber {
  readonly id: string;
  readonly side: Side;
  readonly role: NumberRole;
  /** Why it is not scored; null: it is. */
  readonly reason: string | null;
  /** Paths of the inputs that were fitted to it. */
  readonly calibrates: readonly string[];
  /** Null: the model does not give it. */
  readonly modelled: number | null;
  /** The same at twice and four times the scale, where that was asked for. */
  readonly spread: readonly SpreadValue[];
}

export interface SpreadValue {
  readonly scale: number;
  readonly value: number;
}

export interface LedgerInput extends Omit<InputInfo, 'elasticity'> {
  readonly value: number;
  /** Whether the user set it. */
  readonly set: boolean;
}

/**
 * How a score stands to its floor and its goal. `unjudged`: nothing was predicted that it could be computed from, or
 * only a part of the evaluation was asked for.
 */
export const VERDICTS = ['goal', 'floor', 'missed', 'unjudged'] as const;
export type Verdict = (typeof VERDICTS)[number];

export interface Score {
  readonly id: string;
  readonly name: string;
  readonly unit: string;
  /** Which way is better. */
  readonly better: 'more' | 'less';
  readonly floor: number;
  readonly goal: number;
  /** Null: there is nothing to compute it from. */
  readonly value: number | null;
  /** Of how many numbers it is made. */
  readonly numbers: number;
  /** Numbers that should be in it and that the model does not give. */
  readonly missing: number;
  /** The number that decides it, where it is that of the worst. */
  readonly worst: string | null;
  readonly verdict: Verdict;
  /** What else is worth knowing. */
  readonly detail: string;
}

export interface Reproduction {
  readonly exhibits: readonly Exhibit[];
  readonly scale: number;
  readonly seed: number;
  readonly inputs: readonly LedgerInput[];
  readonly numbers: readonly ComparedNumber[];
  readonly decompositions: readonly Decomposition[];
  readonly notes: readonly string[];
  readonly scores: readonly Score[];
}

/** Modelled minus published; null: not modelled. */
export const residualOf = ({ modelled, value }: ComparedNumber): number | null =>
  modelled === null ? null : modelled - value;

/** The residual's size as a fraction of the published number; null: not modelled, or published as 0. */
export const relativeError = ({ modelled, value }: ComparedNumber): number | null =>
  modelled === null || value === 0 ? null : Math.abs(modelled - value) / Math.abs(value);
