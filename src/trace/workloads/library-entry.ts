import type { WorkloadInput } from './schema.ts';

/** A parameter of a ready-made workload; all are numbers. */
export interface Parameter {
  readonly value: number;
  readonly least: number;
  readonly most: number;
  /** Whether fractions are allowed. */
  readonly real?: boolean;
  /** Whether it is bytes, of which K and M are powers of 1024. */
  readonly bytes?: boolean;
  readonly description: string;
}

export interface LibraryEntry {
  readonly description: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
  readonly describe: (values: Readonly<Record<string, number>>) => WorkloadInput;
}
