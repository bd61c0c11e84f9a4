/** Instructions on two doubles at a time: f64x2 of the WebAssembly Core Specification 2.0, section 5.4.8. */
import type { Code } from './code.ts';
import { binary, constant, unary } from './vectors.ts';

export const add = binary(0xf0);
export const sub = binary(0xf1);
export const mul = binary(0xf2);
export const div = binary(0xf3);
/** b < a ? b : a */
export const lesser = binary(0xf6);
/** a < b ? b : a */
export const greater = binary(0xf7);
export const equal = binary(0x47);
export const lessThan = binary(0x49);

const splat = unary(0x14);
/** The same number in both lanes: a constant, or an f64. */
export const spread = (value: Code | number): Code =>
  typeof value === 'number' ? constant(new Uint8Array(Float64Array.of(value).buffer)) : splat(value);
