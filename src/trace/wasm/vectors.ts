/**
 * Instructions on vectors of 16 bytes, whatever numbers are in them (WebAssembly Core Specification 2.0, section 5.4.8);
 * arithmetic is in `doubles.ts` and `floats.ts`. A mask is all ones or all zeros in each lane.
 */
import { all, type Code, loading, plain, storing, unsigned, type Value } from './code.ts';

/** A vector instruction. */
export const vector = (operation: number): number[] => [0xfd, ...unsigned(operation)];

/** One on the vector, or the two vectors, that are on the stack. */
export const unary =
  (operation: number) =>
  (a: Code): Code =>
    all(a, plain(...vector(operation)));
export const binary =
  (operation: number) =>
  (a: Code, b: Code): Code =>
    all(a, b, plain(...vector(operation)));

/** The same bytes in all lanes. */
export const constant = (bytes: Uint8Array): Code =>
  plain(...vector(0x0c), ...Array.from({ length: 16 }, (_, i) => bytes[i % bytes.length]!));

/** A vector at an address and so many bytes further on; the hint is that it is at a multiple of 16. */
export const load = loading(4, ...vector(0x00));
export const store: (address: Value, offset: number, value: Code) => Code = storing(4, ...vector(0x0b));

/** Copies 16 bytes, at a multiple of 4: what is there is read whole before it is written. */
export const copy16 = (to: Value, from: Value, offset = 0): Code =>
  storing(2, ...vector(0x0b))(to, offset, loading(2, ...vector(0x00))(from, offset));

/** Where both masks are set; of a number and a mask: the number where it is set, else 0. */
export const and = binary(0x4e);
/** 0 where the mask is set, else a. */
export const unless = binary(0x4f);
/** a where the mask is set, else b. */
export const choose = (mask: Code, a: Code, b: Code): Code => all(a, b, mask, plain(...vector(0x52)));
/** Whether the mask is set in any lane, as i32. */
export const anyOf = unary(0x53);
