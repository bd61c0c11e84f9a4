import { assemble, type Definition } from './assembler.ts';

/** A kernel as functions, on a memory of its own. */

/** Arguments are addresses, then numbers; see `kernel.ts`. */
export interface Kernel {
  readonly price: (station: number, end: number, visits: number) => void;
  readonly guess: (
    station: number,
    end: number,
    people: number,
    peopleEnd: number,
    most: number,
    limit: number,
  ) => void;
  readonly before: (people: number, peopleEnd: number) => void;
  readonly sums: (station: number, end: number, loads: number) => void;
  readonly saturate: (loads: number, loadsEnd: number, regularity: number) => void;
  readonly work: (station: number, end: number, loads: number, entry: number, least: number) => void;
  readonly wait: (
    station: number,
    end: number,
    people: number,
    peopleEnd: number,
    loads: number,
    entries: number,
  ) => number;
  readonly collect: (entry: number, ends: number, endsEnd: number, into: number) => void;
}

/** What is used of WebAssembly, which the language's own library does not declare. */
interface Assembly {
  readonly validate: (bytes: Uint8Array<ArrayBuffer>) => boolean;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Memory: new (pages: {
    readonly initial: number;
    readonly maximum: number;
  }) => {
    readonly buffer: ArrayBuffer;
  };
  readonly Instance: new (
    module: object,
    imports: { readonly from: { readonly memory: object } },
  ) => { readonly exports: unknown };
}

const PAGE = 65536;

/**
 * Functions on so many bytes of memory; null where there is no WebAssembly with vectors, or a page does not
 * allow it, or there is not that much memory: then each window is solved by itself. `Functions` has the types of these.
 */
export function startKernel<Functions>(
  functions: Readonly<Record<string, Definition>>,
  bytes: number,
): { readonly kernel: Functions; readonly buffer: ArrayBuffer } | null {
  const assembly = (globalThis as { WebAssembly?: Assembly }).WebAssembly;
  const pages = Math.ceil(bytes / PAGE);
  if (assembly === undefined || pages > 2 ** 14) return null;
  const code = assemble(functions);
  try {
    if (!assembly.validate(code)) return null;
    const memory = new assembly.Memory({ initial: pages, maximum: pages });
    const module = new assembly.Module(code);
    const { exports } = new assembly.Instance(module, { from: { memory } });
    return { kernel: exports as Functions, buffer: memory.buffer };
  } catch {
    return null;
  }
}
