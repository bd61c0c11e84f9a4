import { isVmsSpec } from '../compose/spec.ts';
import { InputError } from '../errors.ts';
import { type OpenedInput, type OpenOptions, openInput } from '../input.ts';
import type { Trace } from '../types.ts';
import { isWorkloadSpec } from '../workloads/spec.ts';
import { csvFormat } from './csv.ts';
import { dinFormat, xdinFormat } from './din.ts';
import { dinbinFormat } from './dinbin.ts';
import { drmemtraceFormat } from './drmemtrace.ts';
import type { Format, ReadOptions } from './format.ts';
import { lackeyFormat } from './lackey.ts';
import { mtrcFormat } from './mtrc.ts';
import { storeFormat } from './store.ts';

/** All formats, in the order in which they are tried: those with magic bytes first. */
export const FORMATS: readonly Format[] = [
  storeFormat,
  mtrcFormat,
  drmemtraceFormat,
  lackeyFormat,
  csvFormat,
  dinFormat,
  xdinFormat,
  dinbinFormat,
];

export interface OpenTraceOptions extends ReadOptions, OpenOptions {
  /** Name of the format, where it shall not be recognised by its bytes. */
  readonly format?: string;
  /** Ends the reading that a composition needs to be opened. */
  readonly signal?: AbortSignal;
}

/**
 * Opens a trace: a file, a directory or (`-`) standard input, in any format, compressed or not, or a
 * synthetic workload (`workload:zipf?cpus=8`), or several of these as virtual machines (`vms:a.vmt*2,b.vmt`). The
 * format is found by looking at the bytes, never by the name.
 *
 * Throws InputError for what is not a trace; errors inside the trace come while its chunks are read.
 */
export async function openTrace(pathOrDash: string, options: OpenTraceOptions = {}): Promise<Trace> {
  if (isVmsSpec(pathOrDash)) return openMachines(pathOrDash, options);
  if (isWorkloadSpec(pathOrDash)) {
    // Loaded when it is needed: most runs are of files, and would take a fifth longer to start.
    const { openWorkload } = await import('../workloads/open.ts');
    return openWorkload(pathOrDash);
  }
  const forced = options.format === undefined ? null : formatNamed(options.format);
  const input = await openInput(pathOrDash, options);
  let used = input;
  try {
    let format = forced ?? recognise(input);
    if (format === null || (forced !== null && !input.isDirectory && !forced.sniff(input))) {
      // Brotli data has no magic bytes: it is brotli if a format recognises what comes out.
      const decoded = await input.asBrotli();
      const inside = decoded === null ? null : recognise(decoded);
      if (decoded !== null && inside !== null && (forced === null || forced === inside)) {
        format = inside;
        used = decoded;
      }
    }
    if (format === null) throw unrecognised(input);
    const trace = await format.open(used, options);
    return {
      ...trace,
      close: async () => {
        await trace.close();
        await used.close();
      },
    };
  } catch (error) {
    await input.close();
    throw error;
  }
}

/** Opens a composition; progress is told of while its traces are opened, since afterwards several are read at once. */
async function openMachines(spec: string, options: OpenTraceOptions): Promise<Trace> {
  const { openVms } = await import('../compose/open.ts');
  const { progress, signal, ...others } = options;
  let opening = true;
  const trace = await openVms(
    spec,
    (name) =>
      openTrace(name, {
        ...others,
        ...(progress && {
          progress: (done: number, total: number) => {
            if (opening) progress(done, total);
          },
        }),
      }),
    { ...(signal && { signal }) },
  );
  opening = false;
  return trace;
}

/** The format of that name. Throws InputError that lists the names. */
export function formatNamed(name: string): Format {
  const found = FORMATS.find((format) => format.name === name);
  if (found) return found;
  throw new InputError(
    `unknown trace format ${JSON.stringify(name)}; the formats are ${FORMATS.map((format) => format.name).join(', ')}`,
  );
}

function recognise(input: OpenedInput): Format | null {
  return FORMATS.find((format) => format.sniff(input)) ?? null;
}

function unrecognised(input: OpenedInput): InputError {
  const names = FORMATS.filter((format) => format !== dinbinFormat).map((format) => format.name);
  if (input.isDirectory) {
    return new InputError(
      `${input.label}: the directory holds no trace (looked for DynamoRIO thread files); name a trace file in it`,
    );
  }
  const bytes = [...input.head.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const inside = input.compression === null ? '' : `the ${input.compression} data inside `;
  return new InputError(
    `${input.label}: ${inside}is in no known trace format (looked for ${names.join(', ')}); it begins with ${bytes}; if it is a trace, name its format with --format`,
  );
}
