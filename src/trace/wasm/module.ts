/**
 * A WebAssembly module of some functions, which work on a memory of ours (WebAssembly Core Specification 2.0, section
 * 5.5), and what is needed to run it.
 */
import { type Code, type Local, localAt, unsigned } from './code.ts';

/** `f64x2` is a pair of doubles, `f32x4` four floats, `i8x16` bytes, one of each lane: the same 16 bytes. */
export type ValueType = 'i32' | 'f32' | 'f64' | 'i8x16' | 'f32x4' | 'f64x2';

const TYPE: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  f32: 0x7d,
  f64: 0x7c,
  i8x16: 0x7b,
  f32x4: 0x7b,
  f64x2: 0x7b,
};

/** Makes one more variable, which is 0 at first: an i32, if nothing else is said. */
export type Locals = (type?: ValueType) => Local;

/** A function, as the code of its body, which leaves the result. */
export interface Definition {
  readonly params: readonly ValueType[];
  readonly result: ValueType | null;
  readonly body: (local: Locals, ...params: Local[]) => readonly Code[];
}

/** Functions by the names that they are exported under. */
export type Definitions = Readonly<Record<string, Definition>>;

const list = (items: readonly (readonly number[])[]): number[] => [
  ...unsigned(items.length),
  ...items.flat(),
];
const sized = (content: readonly number[]): number[] => [...unsigned(content.length), ...content];
const section = (number: number, items: readonly (readonly number[])[]): number[] => [
  number,
  ...sized(list(items)),
];
const name = (text: string): number[] => list(Array.from(text, (c) => [c.charCodeAt(0)]));

const signature = ({ params, result }: Definition): number[] => [
  0x60,
  ...list(params.map((type) => [TYPE[type]])),
  ...list(result === null ? [] : [[TYPE[result]]]),
];

/** Variables are declared as so many of a type, and again so many. */
function declared(types: readonly ValueType[]): number[] {
  const groups: { count: number; readonly type: number }[] = [];
  for (const type of types.map((of) => TYPE[of])) {
    const last = groups.at(-1);
    if (last?.type === type) last.count++;
    else groups.push({ count: 1, type });
  }
  return list(groups.map(({ count, type }) => [...unsigned(count), type]));
}

function assembleFunction({ params, body }: Definition): number[] {
  const types: ValueType[] = [];
  const local: Locals = (type = 'i32') => localAt(params.length + types.push(type) - 1);
  const code: number[] = [];
  // Code may make variables as it is written.
  for (const each of body(local, ...params.map((_, index) => localAt(index)))) each(code, 0);
  return sized([...declared(types), ...code, 0x0b]);
}

/** Encodes the module: it imports its memory as `from.memory` and exports the functions. */
export function assemble(functions: Definitions): Uint8Array<ArrayBuffer> {
  const definitions = Object.values(functions);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, definitions.map(signature)),
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

/**
 * A memory. It is not grown: that would detach its buffer, and V8 then checks every typed array of the process at each
 * use for whether it has been detached, which costs the replay a sixth.
 */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
}

/** What is used of WebAssembly, which the language's own library does not declare. */
interface Assembly {
  readonly validate: (bytes: Uint8Array<ArrayBuffer>) => boolean;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Memory: new (pages: { readonly initial: number; readonly maximum: number }) => WasmMemory;
  readonly Instance: new (
    module: object,
    imports: { readonly from: { readonly memory: WasmMemory } },
  ) => { readonly exports: unknown };
}

const assembly = (): Assembly | undefined =>
  (globalThis as unknown as { WebAssembly?: Assembly }).WebAssembly;

/** Bytes of a page of memory. */
const WASM_PAGE = 65536;

/** A compiled module, whose functions have the types of these. */
export interface WasmModule<Functions> {
  readonly instantiate: (memory: WasmMemory) => Functions;
}

/** A memory of so many bytes; null where there is no WebAssembly or not that much room. */
export function createMemory(bytes: number): WasmMemory | null {
  const host = assembly();
  if (host === undefined) return null;
  const pages = Math.ceil(bytes / WASM_PAGE);
  try {
    return new host.Memory({ initial: pages, maximum: pages });
  } catch {
    return null;
  }
}

/**
 * Compiles functions; null where the host does not run them: it has no WebAssembly, or none with vectors, or a page
 * does not allow it. That `Functions` says what the definitions do is the caller's to see to.
 */
export function compileModule<Functions>(functions: Definitions): WasmModule<Functions> | null {
  const host = assembly();
  if (host === undefined) return null;
  const bytes = assemble(functions);
  try {
    if (!host.validate(bytes)) return null;
    const module = new host.Module(bytes);
    return {
      instantiate: (memory) => new host.Instance(module, { from: { memory } }).exports as Functions,
    };
  } catch {
    return null;
  }
}
