import { basename } from 'node:path';
import { createTraceBuilder, type TraceBuilder } from '../builder.ts';
import { InputError } from '../errors.ts';
import type { Chunk, Trace, TraceHeader, TraceSummary } from '../types.ts';
import type { Input } from './format.ts';

/** One pass over a source: yields full chunks, returns the format's totals. What is left is taken by the caller. */
export type Pass = (builder: TraceBuilder) => AsyncGenerator<Chunk, Readonly<Record<string, number>>>;

/** A trace that is read anew in each pass. A pass that finds no reference at all is an InputError. */
export function streamedTrace(
  label: string,
  header: TraceHeader,
  pass: Pass,
  close?: () => Promise<void>,
): Trace {
  let summary: TraceSummary | null = null;
  async function* chunks(): AsyncGenerator<Chunk> {
    const builder = createTraceBuilder({ instructionBytes: header.instructionBytes });
    const totals = yield* pass(builder);
    if (!builder.empty()) yield builder.take();
    const result = builder.summary(totals);
    if (result.records === 0) throw new InputError(`${label}: holds no reference at all; nothing to replay`);
    summary = result;
  }
  return { header, summary: () => summary, chunks, close: close ?? (async () => undefined) };
}

/** Header of a user-level trace of one thread. */
export function userHeader(
  input: Input,
  format: string,
  provenance: Record<string, string> = {},
): TraceHeader {
  return {
    name: input.path === null ? input.label : basename(input.path).replace(/\.(br|gz|xz|zst)$/, ''),
    format,
    level: 'user',
    cpus: 1,
    instructionBytes: 0,
    addressBits: 64,
    physical: false,
    abi: '',
    provenance: { source: input.label, ...provenance },
  };
}
