import { compileModule, createMemory, type Definitions } from '../../../trace/wasm/module.ts';

/** A kernel: functions on a memory of their own, which lays out what they work on. */
export interface Started<Functions> {
  readonly kernel: Functions;
  readonly buffer: ArrayBuffer;
}

/** More than this is not asked for, in bytes. */
const MOST_BYTES = 2 ** 30;

/** Compiles functions on so many bytes of memory; null: each window is to be solved by itself. */
export function startKernel<Functions>(functions: Definitions, bytes: number): Started<Functions> | null {
  if (bytes > MOST_BYTES) return null;
  const module = compileModule<Functions>(functions);
  const memory = module && createMemory(bytes);
  return memory && { kernel: module.instantiate(memory), buffer: memory.buffer };
}

/** Takes places in a memory one after the other, each from a multiple of 16 bytes on, as vectors like it. */
export interface Allocation {
  /** Gives the address of so many bytes. */
  readonly take: (bytes: number) => number;
  /** Bytes that are taken. */
  readonly used: () => number;
}

const VECTOR_BYTES = 16;

export function allocation(): Allocation {
  let used = 0;
  return {
    take: (bytes) => {
      const at = used;
      used += Math.ceil(bytes / VECTOR_BYTES) * VECTOR_BYTES;
      return at;
    },
    used: () => used,
  };
}
