import { InputError } from '../errors.ts';
import { parseMultiple } from '../numbers.ts';
import { MOST_CPUS } from '../types.ts';

/** What names of compositions begin with where the name of a trace is asked for. */
export const VMS_PREFIX = 'vms:';

export const isVmsSpec = (name: string): boolean => name.startsWith(VMS_PREFIX);

/** A composition as it was asked for. */
export interface VmsSpec {
  /** Name of the trace that drives each machine. */
  readonly machines: readonly string[];
  readonly offset: number;
  readonly slice: number;
}

/** Virtual machines that a trace can hold: each has a CPU. */
export const MOST_MACHINES = MOST_CPUS;
export const DEFAULT_SLICE = 1000;

const OPTIONS = {
  offset: { least: 0, most: 1e12, about: 'instructions by which each machine starts later in its trace' },
  slice: { least: 1, most: 1e9, about: 'instructions of each CPU before it is the next machine’s turn' },
} as const;

/**
 * Parses `vms:TRACE,TRACE*N,…?offset=N&slice=N`. A trace whose name has one of the characters , * ? [ ] in it,
 * such as a workload with parameters, stands in brackets: `vms:[workload:zipf?seed=3]*2`. Brackets inside
 * brackets must be balanced. Throws InputError.
 */
export function parseVms(spec: string): VmsSpec {
  const fail = (what: string): never => {
    throw new InputError(`${spec}: ${what}`);
  };
  const machines: string[] = [];
  let at = VMS_PREFIX.length;
  for (let more = true; more; ) {
    const begin = at;
    let name: string;
    if (spec[at] === '[') {
      const end = closing(spec, at);
      if (end < 0) fail(`the [ at character ${at + 1} has no ]`);
      name = spec.slice(at + 1, end);
      at = end + 1;
    } else {
      while (at < spec.length && !',*?[]'.includes(spec[at]!)) at++;
      name = spec.slice(begin, at);
    }
    if (name === '') fail(`a trace is missing at character ${begin + 1}; write vms:TRACE,TRACE*2`);
    if (isVmsSpec(name)) fail('compositions do not nest; name all machines in one');
    const [times] = /^\*[^,?]*/.exec(spec.slice(at)) ?? [''];
    const count = times === '' ? 1 : parseMultiple(times.slice(1));
    if (!(Number.isInteger(count) && count >= 1 && count <= MOST_MACHINES))
      fail(`${JSON.stringify(times)}: expected * and how many machines, 1 to ${MOST_MACHINES}`);
    at += times.length;
    machines.push(...new Array<string>(count).fill(name));
    const next = spec[at];
    if (next !== undefined && next !== ',' && next !== '?')
      fail(
        `unexpected ${JSON.stringify(next)} at character ${at + 1}; put a name that has , * ? [ or ] in brackets`,
      );
    more = next === ',';
    at++;
  }
  if (machines.length > MOST_MACHINES)
    fail(`${machines.length} machines are more than ${MOST_MACHINES}; compose fewer`);
  const options = parseOptions(spec, spec.slice(at));
  return { machines, offset: options.offset ?? 0, slice: options.slice ?? DEFAULT_SLICE };
}

/** Names of the traces that a name of a trace stands for: itself, or those of a composition. */
export function tracesIn(name: string): readonly string[] {
  return isVmsSpec(name) ? [...new Set(parseVms(name).machines)] : [name];
}

/** Where the bracket at `at` closes, or −1. */
function closing(text: string, at: number): number {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    if (text[i] === '[') depth++;
    else if (text[i] === ']' && --depth === 0) return i;
  }
  return -1;
}

function parseOptions(spec: string, text: string): { offset?: number; slice?: number } {
  const given: { offset?: number; slice?: number } = {};
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const [key = '', value = ''] = pair.split(/=(.*)/s);
    if (key !== 'offset' && key !== 'slice')
      throw new InputError(
        `${spec}: unknown option ${JSON.stringify(key)}; there are offset and slice (parameters of a workload go with it in brackets: vms:[workload:NAME?${pair}])`,
      );
    if (given[key] !== undefined) throw new InputError(`${spec}: ${key} is given twice`);
    const { least, most, about } = OPTIONS[key];
    const number = parseMultiple(value);
    if (!(Number.isInteger(number) && number >= least && number <= most))
      throw new InputError(
        `${spec}: ${key}=${value}: expected a whole number from ${least} to ${most} (${about})`,
      );
    given[key] = number;
  }
  return given;
}
