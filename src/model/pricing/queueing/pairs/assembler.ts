/**
 * As much of an assembler for WebAssembly as loops over pairs of doubles need (WebAssembly Core Specification 2.0,
 * chapter 5): one module that imports a memory and exports functions. An expression is the code that leaves its value on
 * the stack, so that expressions are written inside each other as in any language.
 */

/** Instructions, encoded. */
export type Code = readonly number[];

/** `f64x2` is a pair of doubles, `f32x4` four floats, one of each lane: the same 16 bytes. */
type ValueType = 'i32' | 'f32' | 'f64' | 'f32x4' | 'f64x2';

const TYPE: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  f32: 0x7d,
  f64: 0x7c,
  f32x4: 0x7b,
  f64x2: 0x7b,
};

/** LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return [...bytes, left];
    bytes.push((left % 128) + 128);
  }
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let left = value; ; left >>= 7) {
    if (left >= -64 && left < 64) return [...bytes, left & 127];
    bytes.push((left & 127) | 128);
  }
}

const double = (value: number): number[] => [...new Uint8Array(Float64Array.of(value).buffer)];
/** A vector instruction. */
export const vector = (operation: number): number[] => [0xfd, ...unsigned(operation)];
export const binary =
  (...operation: number[]) =>
  (a: Code, b: Code): Code => [...a, ...b, ...operation];

/** A local variable. */
export interface Local {
  readonly get: Code;
  readonly set: (value: Code) => Code;
}

export const add = binary(...vector(0xf0));
export const sub = binary(...vector(0xf1));
export const mul = binary(...vector(0xf2));
export const div = binary(...vector(0xf3));
/** b < a ? b : a */
export const lesser = binary(...vector(0xf6));
/** a < b ? b : a */
export const greater = binary(...vector(0xf7));
export const lessThan = binary(...vector(0x49));
export const equal = binary(...vector(0x47));
/** a where the mask is set, else 0. */
export const where = binary(...vector(0x4e));
/** 0 where the mask is set, else a. */
export const unless = binary(...vector(0x4f));
/** Whether the mask is set in any lane, as i32. */
export const anyOf = (mask: Code): Code => [...mask, ...vector(0x53)];
/** a where the mask is set, else b. */
export const choose = (mask: Code, a: Code, b: Code): Code => [...a, ...b, ...mask, ...vector(0x52)];
/** The same number in both lanes: a constant, or an f64. */
export const both = (value: number): Code => [...vector(0x0c), ...double(value), ...double(value)];
export const spread = (value: Code): Code => [...value, ...vector(0x14)];

/** A pair at an address (i32) and so many bytes further on; the hint is that it is at a multiple of 16. */
export const load = (address: Code, offset = 0): Code => [
  ...address,
  ...vector(0x00),
  4,
  ...unsigned(offset),
];
export const store = (address: Code, offset: number, value: Code): Code => [
  ...address,
  ...value,
  ...vector(0x0b),
  4,
  ...unsigned(offset),
];
export const loadWord = (address: Code, offset = 0): Code => [...address, 0x28, 2, ...unsigned(offset)];

export const word = (value: number): Code => [0x41, ...signed(value)];
export const plus = binary(0x6a);
export const or = binary(0x72);
const notBefore = binary(0x4f);
const before = binary(0x49);

/** While the address `at` is before `end`: the body, which moves it on. */
export const until = (at: Local, end: Code, ...body: readonly Code[]): Code => [
  ...[0x02, 0x40], // block
  ...[...notBefore(at.get, end), 0x0d, 0],
  ...[0x03, 0x40], // loop
  ...body.flat(),
  ...[...before(at.get, end), 0x0d, 0],
  ...[0x0b, 0x0b],
];

/** Moves an address on. */
export const move = (at: Local, bytes: number): Code => at.set(plus(at.get, word(bytes)));

export interface Definition {
  readonly params: readonly ValueType[];
  readonly result: 'i32' | null;
  /** `local` makes one more variable. The code leaves the result. */
  readonly body: (local: (type: ValueType) => Local, ...params: Local[]) => readonly Code[];
}

const localAt = (index: number): Local => ({
  get: [0x20, ...unsigned(index)],
  set: (value) => [...value, 0x21, ...unsigned(index)],
});

function assembleFunction({ params, body }: Definition): Code {
  const types: ValueType[] = [];
  const local = (type: ValueType): Local => localAt(params.length + types.push(type) - 1);
  const code = body(local, ...params.map((_, i) => localAt(i))).flat();
  const locals = types.flatMap((type) => [1, TYPE[type]]);
  const whole = [...unsigned(types.length), ...locals, ...code, 0x0b];
  return [...unsigned(whole.length), ...whole];
}

const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const section = (number: number, items: readonly Code[]): Code => {
  const content = list(items);
  return [number, ...unsigned(content.length), ...content];
};
const name = (text: string): Code => list(Array.from(text, (c) => [c.charCodeAt(0)]));

/** The module: functions by name; it imports its memory as `from.memory`. */
export function assemble(functions: Readonly<Record<string, Definition>>): Uint8Array<ArrayBuffer> {
  const definitions = Object.values(functions);
  const typeOf = ({ params, result }: Definition): Code => [
    0x60,
    ...list(params.map((type) => [TYPE[type]])),
    ...list(result === null ? [] : [[TYPE[result]]]),
  ];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, definitions.map(typeOf)),
    ...section(2, [[...name('from'), ...name('memory'), 0x02, 0, 1]]),
    ...section(
      3,
      definitions.map((_, i) => unsigned(i)),
    ),
    ...section(
      7,
      Object.keys(functions).map((text, i) => [...name(text), 0x00, ...unsigned(i)]),
    ),
    ...section(10, definitions.map(assembleFunction)),
  ]);
}
