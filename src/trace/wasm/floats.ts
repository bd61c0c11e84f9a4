/** Instructions on four floats at a time: f32x4 of the WebAssembly Core Specification 2.0, section 5.4.8. */
import { type Code, loading } from './code.ts';
import { binary, constant, unary, vector } from './vectors.ts';

export const add = binary(0xe4);
export const sub = binary(0xe5);
export const mul = binary(0xe6);
export const div = binary(0xe7);
/** b < a ? b : a */
export const lesser = binary(0xea);
/** a < b ? b : a */
export const greater = binary(0xeb);
export const equal = binary(0x41);
export const lessThan = binary(0x43);
export const atMost = binary(0x45);
export const size = unary(0xe0);
/** The sign of each lane (of a mask: whether it is set) as a bit. */
export const signs = unary(0xa4);

const splat = unary(0x13);
/** The same number in all lanes: a constant, an f32, or one in memory. */
export const spread = (value: Code | number): Code =>
  typeof value === 'number' ? constant(new Uint8Array(Float32Array.of(value).buffer)) : splat(value);
export const loadAll = loading(2, ...vector(0x09));
