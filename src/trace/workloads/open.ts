import { createTraceBuilder } from '../builder.ts';
import { InputError } from '../errors.ts';
import { parseMultiple } from '../numbers.ts';
import { readTextNow } from '../text-file.ts';
import type { Chunk, Trace, TraceSummary } from '../types.ts';
import { parseYamlText } from '../yaml.ts';
import { createEngine } from './engine.ts';
import { layOut } from './layout.ts';
import { COMMON_PARAMETERS, LIBRARY } from './library.ts';
import type { Parameter } from './library-entry.ts';
import { checkedWorkload } from './schema.ts';
import type { Workload } from './schema-shape.ts';
import { isWorkloadSpec, WORKLOAD_PREFIX } from './spec.ts';

/**
 * Opens `workload:NAME?cpus=8&seed=3&instructions=10M`: a ready-made workload, or a description in a YAML file
 * (a name that ends in .yaml or .yml). Throws InputError for what is not known.
 */
export function openWorkload(spec: string): Trace {
  const { name, given } = splitSpec(spec);
  if (/\.ya?ml$/i.test(name)) return openDescription(readTextNow(name), name, given);
  const entry = Object.hasOwn(LIBRARY, name) ? LIBRARY[name] : undefined;
  if (entry === undefined) {
    const names = Object.keys(LIBRARY).join(', ');
    throw new InputError(`unknown workload ${JSON.stringify(name)}; there are ${names}, and YAML files`);
  }
  const known = { ...COMMON_PARAMETERS, ...entry.parameters };
  const values: Record<string, number> = {};
  for (const [key, parameter] of Object.entries(entry.parameters)) values[key] = parameter.value;
  const common: Record<string, number> = {};
  for (const [key, text] of given) {
    const value = parameterValue(name, key, text, known);
    if (Object.hasOwn(entry.parameters, key)) values[key] = value;
    else common[key] = value;
  }
  const label = `${WORKLOAD_PREFIX}${name}`;
  const workload = checkedWorkload({ ...entry.describe(values), ...common }, label);
  return workloadTrace(workload, { ...values, ...common });
}

/** Opens a description in YAML; `given` overrides what every workload can be told. */
export function openDescription(
  text: string,
  label: string,
  given: ReadonlyMap<string, string> = new Map(),
): Trace {
  const common: Record<string, number> = {};
  for (const [key, value] of given) common[key] = parameterValue(label, key, value, COMMON_PARAMETERS);
  const description = parseDescription(text, label);
  return workloadTrace(checkedWorkload({ ...description, ...common }, label), common);
}

/** Parses and checks a description in YAML. Throws InputError. */
export function parseWorkload(text: string, label: string): Workload {
  return checkedWorkload(parseDescription(text, label), label);
}

/** The trace of a workload: made anew, and the same, each time its chunks are asked for. */
export function workloadTrace(workload: Workload, parameters: Readonly<Record<string, number>> = {}): Trace {
  let summary: TraceSummary | null = null;
  const layout = layOut(workload);
  async function* chunks(): AsyncGenerator<Chunk> {
    const builder = createTraceBuilder({ instructionBytes: 4 });
    const engine = createEngine(workload, layout, builder);
    for (let more = true; more; ) {
      more = engine.fill();
      if (!builder.empty()) yield builder.take();
    }
    summary = builder.summary({});
  }
  return {
    header: {
      name: workload.name,
      format: 'workload',
      level: workload.kernel === undefined ? 'user' : 'system',
      cpus: workload.cpus,
      instructionBytes: 4,
      addressBits: layout.addressBits,
      physical: true,
      abi: '',
      provenance: {
        workload: workload.name,
        parameters: Object.entries(parameters)
          .filter(([key]) => key !== 'seed')
          .map(([key, value]) => `${key}=${value}`)
          .join(' '),
        seed: String(workload.seed),
        stretch: `${workload.stretch} instructions`,
      },
    },
    summary: () => summary,
    chunks,
    close: async () => {},
  };
}

/** The name and the parameters of `workload:NAME?key=value&key=value`. */
function splitSpec(spec: string): { name: string; given: Map<string, string> } {
  const rest = isWorkloadSpec(spec) ? spec.slice(WORKLOAD_PREFIX.length) : spec;
  const mark = rest.indexOf('?');
  const name = mark < 0 ? rest : rest.slice(0, mark);
  const given = new Map<string, string>();
  for (const pair of mark < 0 ? [] : rest.slice(mark + 1).split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    if (equals < 1) {
      throw new InputError(`${WORKLOAD_PREFIX}${name}: ${JSON.stringify(pair)} is not of the form key=value`);
    }
    const key = pair.slice(0, equals);
    if (given.has(key)) throw new InputError(`${WORKLOAD_PREFIX}${name}: ${key} is given twice`);
    given.set(key, pair.slice(equals + 1));
  }
  return { name, given };
}

/** A parameter's value: a number, with K, M or G for powers of 1000 (of bytes: of 1024). */
function parameterValue(
  workload: string,
  key: string,
  text: string,
  known: Readonly<Record<string, Omit<Parameter, 'value'>>>,
): number {
  const where = `${WORKLOAD_PREFIX}${workload}`;
  const parameter = Object.hasOwn(known, key) ? known[key] : undefined;
  if (parameter === undefined) {
    const names = Object.keys(known).join(', ');
    throw new InputError(`${where}: unknown parameter ${JSON.stringify(key)}; there are ${names}`);
  }
  const value = parseMultiple(text, parameter.bytes ? 1024 : 1000);
  const fits = value >= parameter.least && value <= parameter.most;
  if (!fits || !(parameter.real || Number.isInteger(value))) {
    const { least, most, real, description } = parameter;
    const range = `${real ? 'a number' : 'a whole number'} from ${least} to ${most}`;
    const expected = least === most ? String(least) : range;
    throw new InputError(`${where}: ${key}=${text}: expected ${expected} (${description})`);
  }
  return value;
}

function parseDescription(text: string, label: string): Record<string, unknown> {
  const { value } = parseYamlText(text, label);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new InputError(`${label}: expected the description of a workload (name, processes, …)`);
  }
  return value as Record<string, unknown>;
}
