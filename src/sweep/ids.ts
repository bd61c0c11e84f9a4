import { hash } from 'node:crypto';
import type { System } from '../model/systems/schema.ts';
import type { Combinations } from './design.ts';
import type { LaidAxis, SweepTrace } from './laid.ts';
import { concerns } from './leaves.ts';
import type { Leaf, Plan } from './types.ts';

/** Ids are hashes of what decides a result, so that results of another plan, trace or model are never taken for it. */

/** Hexadecimal digits of an id: 96 bits, by which a billion things differ. */
const DIGITS = 24;

export const shortHash = (text: string): string => hash('sha256', text).slice(0, DIGITS);

/** What of a system decides its results: all but what people are told of it. */
function systemText({ description: _, sources: __, ...inputs }: System): string {
  return JSON.stringify(inputs);
}

interface Decided {
  /** Of the model: see `modelIdentity`. */
  readonly model: string;
  readonly plan: Plan;
  readonly axes: readonly LaidAxis[];
  readonly cells: Combinations;
}

/** Id of some cells of one system, by what the system is and the prices that are varied in it. */
export function unitId(
  {
    model,
    plan,
    axes,
    cells,
    identity,
    system,
  }: Decided & { readonly identity: string; readonly system: System },
  members: Int32Array,
): string {
  const prices = axes.flatMap((axis, at) =>
    axis.price && concerns(axis.place, system) ? [{ axis, at }] : [],
  );
  const values: (Leaf | undefined)[] = [];
  for (const cell of members)
    for (const { axis, at } of prices) values.push(axis.values[cells.index[cell * axes.length + at]!]);
  return shortHash(
    JSON.stringify([
      model,
      identity,
      plan.warmup,
      systemText(system),
      prices.map(({ axis }) => axis.place.path),
      members.length,
      values.map((value) => (value === undefined ? 'own' : [value])),
    ]),
  );
}

/** Ids of cells: of the trace, the systems and the values. */
export function cellIds({
  model,
  plan,
  axes,
  cells,
  traces,
}: Decided & { readonly traces: readonly SweepTrace[] }): (trace: number, cell: number) => string {
  const prefixes = traces.map(({ identity, systems }) =>
    shortHash(JSON.stringify([model, identity, plan.warmup, systems.map(systemText)])),
  );
  const paths = JSON.stringify(axes.map(({ path }) => path));
  const texts = axes.map(({ values }) => values.map((value) => JSON.stringify(value)));
  return (trace, cell) => {
    let text = `${prefixes[trace]} ${paths}`;
    for (const [axis, written] of texts.entries())
      text += ` ${written[cells.index[cell * axes.length + axis]!] ?? '-'}`;
    return shortHash(text);
  };
}
