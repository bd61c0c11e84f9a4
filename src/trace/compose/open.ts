import { ingest } from '../ingest.ts';
import type { Trace } from '../types.ts';
import { checkAgreement, composeTraces, type Source } from './compose.ts';
import { parseVms } from './spec.ts';

export interface OpenVmsOptions {
  readonly signal?: AbortSignal;
}

/**
 * Opens `vms:TRACE,TRACE*N?…`: every distinct trace once, through `open`, however many machines it drives. A
 * trace that is no store is read into a temporary one first: its length and spaces must be known before the
 * first chunk, and each machine reads at its own place. Throws InputError.
 */
export async function openVms(
  spec: string,
  open: (name: string) => Promise<Trace>,
  options: OpenVmsOptions = {},
): Promise<Trace> {
  const { machines, offset, slice } = parseVms(spec);
  const names = [...new Set(machines)];
  const opened: Trace[] = [];
  try {
    for (const name of names) opened.push(await open(name));
    // Before what takes long.
    checkAgreement(
      opened.map(({ header }, at) => ({ name: names[at]!, header })),
      spec,
    );
    const sources: Source[] = [];
    for (const [at, name] of names.entries()) {
      const trace = await ingest(opened[at]!, options);
      opened[at] = trace;
      sources.push({ name, trace, summary: trace.summary()! });
    }
    return composeTraces(
      { sources, machines: machines.map((name) => names.indexOf(name)) },
      { offset, slice, label: spec },
    );
  } catch (error) {
    for (const trace of opened) await trace.close();
    throw error;
  }
}
