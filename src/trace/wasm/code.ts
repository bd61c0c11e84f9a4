/**
 * As much of WebAssembly's code as loops in one memory need (WebAssembly Core Specification 2.0, chapter 5): integers of
 * 32 bits, variables, control. Vectors are in `vectors.ts`. An expression is the code that leaves its value on the
 * stack, so that expressions are written inside each other as in any language; jumps go to labels, which know how
 * many blocks deep they are.
 */

/** Writes instructions that stand `depth` blocks deep behind those that are there. */
export type Code = (to: number[], depth: number) => void;

/** An expression, or a constant integer. */
export type Value = Code | number;

/** LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return [...bytes, left];
    bytes.push((left % 128) + 128);
  }
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  for (let left = value | 0; ; left >>= 7) {
    if (left >= -64 && left < 64) return [...bytes, left & 127];
    bytes.push((left & 127) | 128);
  }
}

/** Bytes as they are: an instruction. */
export const plain =
  (...bytes: readonly number[]): Code =>
  (to) => {
    for (const byte of bytes) to.push(byte);
  };
const of = (value: Value): Code => (typeof value === 'number' ? plain(0x41, ...signed(value)) : value);

/** One after the other. */
export const all =
  (...codes: readonly Code[]): Code =>
  (to, depth) => {
    for (const code of codes) code(to, depth);
  };

const binary =
  (operation: number) =>
  (a: Value, b: Value): Code =>
    all(of(a), of(b), plain(operation));

export const add = binary(0x6a);
export const sub = binary(0x6b);
export const mul = binary(0x6c);
export const and = binary(0x71);
export const or = binary(0x72);
export const xor = binary(0x73);
export const shiftLeft = binary(0x74);
/** Does not keep the sign. */
export const shiftDown = binary(0x76);
export const equal = binary(0x46);
export const differ = binary(0x47);
/** Signed comparisons. */
export const less = binary(0x48);
export const greater = binary(0x4a);
export const notLess = binary(0x4e);
/** Unsigned ones. */
export const below = binary(0x49);
export const notBelow = binary(0x4f);
export const isZero = (a: Value): Code => all(of(a), plain(0x45));
/** How many of the lowest bits are 0; 32 if all are. */
export const trailingZeros = (a: Value): Code => all(of(a), plain(0x68));
/** a where the condition is not 0, else b. Both are evaluated. */
export const choose = (condition: Value, a: Value, b: Value): Code =>
  all(of(a), of(b), of(condition), plain(0x1b));

/** Loads at an address and so many bytes further on. The hint of alignment is 2 to the second operand. */
export const loading =
  (alignment: number, ...operation: readonly number[]) =>
  (address: Value, offset = 0): Code =>
    all(of(address), plain(...operation, alignment, ...unsigned(offset)));
export const load = loading(2, 0x28);
export const loadByte = loading(0, 0x2d);
export const loadTwoBytes = loading(0, 0x2f);

/** The same for stores. */
export const storing =
  (alignment: number, ...operation: readonly number[]) =>
  (address: Value, offset: number, value: Value): Code =>
    all(of(address), of(value), plain(...operation, alignment, ...unsigned(offset)));
export const store = storing(2, 0x36);

/** A local variable. */
export interface Local {
  readonly get: Code;
  readonly set: (value: Value) => Code;
  /** Sets it and leaves the value. */
  readonly as: (value: Value) => Code;
}

export const localAt = (index: number): Local => ({
  get: plain(0x20, ...unsigned(index)),
  set: (value) => all(of(value), plain(0x21, ...unsigned(index))),
  as: (value) => all(of(value), plain(0x22, ...unsigned(index))),
});

/** Adds to a variable. */
export const increase = (local: Local, by: Value): Code => local.set(add(local.get, by));

const EMPTY = 0x40;
const END = plain(0x0b);
const deeper =
  (code: Code): Code =>
  (to, depth) =>
    code(to, depth + 1);

export const when = (condition: Value, then: Code, otherwise?: Code): Code =>
  all(
    of(condition),
    plain(0x04, EMPTY),
    deeper(then),
    otherwise === undefined ? all() : all(plain(0x05), deeper(otherwise)),
    END,
  );

/** A place that code within its block can jump to: the end of a `block`, the start of a `loop`. */
export interface Label {
  readonly depth: number;
}

const labelled =
  (operation: number) =>
  (body: (label: Label) => Code): Code =>
  (to, depth) =>
    all(plain(operation, EMPTY), deeper(body({ depth })), END)(to, depth);

export const block = labelled(0x02);
export const loop = labelled(0x03);

const jump =
  (operation: number, { depth }: Label): Code =>
  (to, here) =>
    to.push(operation, ...unsigned(here - depth - 1));
export const go = (label: Label): Code => jump(0x0c, label);
export const goIf = (label: Label, condition: Value): Code => all(of(condition), jump(0x0d, label));

/** The body, and again while the condition holds. */
export const again = (body: Code, condition: Value): Code =>
  loop((start) => all(body, goIf(start, condition)));
/** The same, but not at all where the condition does not hold. */
export const during = (condition: Value, body: Code): Code => when(condition, again(body, condition));
/** While the address `at` is before `end`: the body, which moves it on. */
export const until = (at: Local, end: Value, ...body: readonly Code[]): Code =>
  block((done) => all(goIf(done, notBelow(at.get, end)), again(all(...body), below(at.get, end))));
