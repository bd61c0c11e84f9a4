import { fieldDoc } from '../model/systems/ledger.ts';
import { placeOf } from './leaves.ts';
import type { Leaf } from './types.ts';

/** Values as a person types them. */

const BINARY = [
  ['G', 1024 ** 3],
  ['M', 1024 ** 2],
  ['K', 1024],
] as const;

/** Unit of a varied path; empty: it has none. */
export const unitOf = (path: string): string => fieldDoc(placeOf({ path }).path).unit;

/** A number of bytes with K, M or G where that is exact (`1536K`); null: it is none, or not in another unit. */
export function sizeFigure(value: Leaf, unit: string): string | null {
  if (typeof value !== 'number' || unit !== 'bytes') return null;
  const scale = BINARY.find(([, size]) => value >= size && value % size === 0);
  return scale === undefined ? null : `${value / scale[1]}${scale[0]}`;
}

/** A value as `--vary` and `--set` take it, which read the same from it: `1M` of a size, else what it is. */
export const typed = (value: Leaf, path: string): string => sizeFigure(value, unitOf(path)) ?? String(value);
