import type { Trace } from '../types.ts';

/**
 * Where a trace comes from: a file, a directory or standard input, already decompressed.
 * `stream()` gives the decompressed bytes from the start; for standard input it can be called once. With `lent` a piece
 * holds only until the next is asked for, which spares new memory for each.
 */
export interface Input {
  /** What to call it in messages: the path as given, or `standard input`. */
  readonly label: string;
  /** Path, or null for standard input. */
  readonly path: string | null;
  readonly isDirectory: boolean;
  /** First bytes after decompression, at most 64 KB; empty for a directory. */
  readonly head: Uint8Array;
  /** `gz`, `br`, `xz`, `zst`, or null: what was taken off on the way. */
  readonly compression: 'gz' | 'br' | 'xz' | 'zst' | null;
  readonly stream: (lent?: boolean) => AsyncIterable<Uint8Array>;
  /** Source bytes (before decompression) that the latest `stream()` took, of a total (0: unknown). */
  readonly position?: () => { readonly done: number; readonly total: number };
}

/** What readers report while they work: bytes read so far of a total (0: unknown). */
export type ReadProgress = (done: number, total: number) => void;

export interface ReadOptions {
  readonly progress?: ReadProgress;
  /** Text formats: skip (and count in the summary's totals as `skippedLines`) lines that do not parse. */
  readonly skipBadLines?: boolean;
}

/** A trace format: one file per format, found by looking at the bytes. */
export interface Format {
  readonly name: string;
  readonly description: string;
  /** Whether the input looks like this format. Never decides by the file's name. */
  readonly sniff: (input: Input) => boolean;
  readonly open: (input: Input, options: ReadOptions) => Promise<Trace>;
}
