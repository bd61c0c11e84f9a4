import { binary, type Code, vector } from '../pairs/assembler.ts';

/** Instructions on four floats at a time. A mask is all ones or all zeros in each lane. */

export const add = binary(...vector(0xe4));
export const sub = binary(...vector(0xe5));
export const mul = binary(...vector(0xe6));
export const div = binary(...vector(0xe7));
/** b < a ? b : a */
export const lesser = binary(...vector(0xea));
/** a < b ? b : a */
export const greater = binary(...vector(0xeb));
export const equal = binary(...vector(0x41));
export const lessThan = binary(...vector(0x43));
export const atMost = binary(...vector(0x45));
export const size = (a: Code): Code => [...a, ...vector(0xe0)];
/** The sign of each lane (of a mask: whether it is set) as a bit. */
export const signs = (mask: Code): Code => [...mask, ...vector(0xa4)];
/** Masks: where both, or either, is set. */
export const and = binary(...vector(0x4e));

const float = (value: number): number[] => [...new Uint8Array(Float32Array.of(value).buffer)];
/** The same number in all lanes: a constant, an f32, or one in memory. */
export const all = (value: number): Code => {
  const bytes = float(value);
  return [...vector(0x0c), ...bytes, ...bytes, ...bytes, ...bytes];
};
export const spread = (value: Code): Code => [...value, ...vector(0x13)];
export const loadAll = (address: Code, offset = 0): Code => [...address, ...vector(0x09), 2, offset];
