/** A WebAssembly module of one function, which works on 32-bit integers in a memory of ours. */
import { type Code, type Local, localAt, unsigned } from './code.ts';

const I32 = 0x7f;

/** Its body, given a way to make variables and the parameters. It has no result. */
export interface Definition {
  readonly params: number;
  readonly body: (local: () => Local, ...params: readonly Local[]) => Code;
}

const list = (items: readonly (readonly number[])[]): number[] => [
  ...unsigned(items.length),
  ...items.flat(),
];
const section = (number: number, item: readonly number[]): number[] => {
  const content = list([item]);
  return [number, ...unsigned(content.length), ...content];
};
const name = (text: string): number[] => list(Array.from(text, (c) => [c.charCodeAt(0)]));

/** Encodes the module: it imports its memory as `from.memory` and exports the function as `run`. */
export function assemble({ params, body }: Definition): Uint8Array<ArrayBuffer> {
  let locals = 0;
  const code: number[] = [];
  const parameters = Array.from({ length: params }, (_, index) => localAt(index));
  body(() => localAt(params + locals++), ...parameters)(code, 0);
  const whole = [...list([[...unsigned(locals), I32]]), ...code, 0x0b];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [0x60, ...list(Array.from({ length: params }, () => [I32])), 0]),
    ...section(2, [...name('from'), ...name('memory'), 0x02, 0, 1]),
    ...section(3, [0]),
    ...section(7, [...name('run'), 0x00, 0]),
    ...section(10, [...unsigned(whole.length), ...whole]),
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
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Memory: new (pages: { readonly initial: number }) => WasmMemory;
  readonly Instance: new (
    module: object,
    imports: { readonly from: { readonly memory: WasmMemory } },
  ) => { readonly exports: unknown };
}

const assembly = (): Assembly | undefined => (globalThis as { WebAssembly?: Assembly }).WebAssembly;

/** Bytes of a page of memory. */
const WASM_PAGE = 65536;

/** A compiled module. */
export interface WasmModule {
  readonly compiled: object;
}

/** A memory of so many bytes; null where there is no WebAssembly or not that much room. */
export function createMemory(bytes: number): WasmMemory | null {
  try {
    const { Memory } = assembly()!;
    return new Memory({ initial: Math.ceil(bytes / WASM_PAGE) });
  } catch {
    return null;
  }
}

/** Compiles the module of a function; null where the host does not run it. */
export function compileModule(definition: Definition): WasmModule | null {
  try {
    const { Module } = assembly()!;
    return { compiled: new Module(assemble(definition)) };
  } catch {
    return null;
  }
}

/** The function on a memory. */
export function instantiate(
  { compiled }: WasmModule,
  memory: WasmMemory,
): (...params: readonly number[]) => void {
  const { Instance } = assembly()!;
  const { exports } = new Instance(compiled, { from: { memory } });
  return (exports as { readonly run: (...params: readonly number[]) => void }).run;
}
