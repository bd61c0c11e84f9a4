/**
 * Instructions on sixteen bytes at a time: i8x16 of the WebAssembly Core Specification 2.0, section 5.4.8. Comparisons
 * are of unsigned bytes and give masks.
 */
import { all, type Code, loading, plain } from './code.ts';
import { binary, constant, unary, vector } from './vectors.ts';

/** The same byte in all lanes. */
export const every = (byte: number): Code => constant(Uint8Array.of(byte));
/** At any address. */
export const loadAnywhere = loading(0, ...vector(0x00));
/** The bytes of a that are at the places in b; 0 where b is 16 or more. */
export const pick = binary(0x0e);
export const below = binary(0x26);
export const above = binary(0x28);
export const either = binary(0x50);
/** Modulo 256. */
export const plus = binary(0x6e);
export const minus = binary(0x71);
/** One bit of each mask, that of the first lane the lowest, as i32. */
export const bits = unary(0x64);
/** Pairs of bytes, as 16-bit numbers, shifted down. */
export const pairsDown = (a: Code, by: number): Code => all(a, plain(0x41, by), plain(...vector(0x8d)));
/** The pairs of a as bytes: 255 where a pair is more. In the lower half; the upper is 0. */
export const narrowed = (a: Code): Code => all(a, constant(new Uint8Array(1)), plain(...vector(0x66)));
/** Four of the bytes, from 4 × `word` on, as i32. */
export const fourFrom = (a: Code, word: 0 | 1): Code => all(a, plain(...vector(0x1b), word));
