import { COMMON_PARAMETERS, LIBRARY } from '../trace/workloads/library.ts';
import type { Parameter } from '../trace/workloads/library-entry.ts';
import { WORKLOAD_PREFIX } from '../trace/workloads/spec.ts';

/** Lines for people: the synthetic workloads with their parameters, and how to name one. */
export function workloadList(): string {
  const width = Math.max(...Object.keys(LIBRARY).map((name) => name.length));
  const ready = Object.entries(LIBRARY).flatMap(([name, { description, parameters }]) => [
    `${name.padEnd(width)}  ${description}`,
    `${' '.repeat(width)}  ${Object.entries(parameters).map(withDefault).join(', ')}`,
  ]);
  return [
    ...ready,
    '',
    `${WORKLOAD_PREFIX}NAME?parameter=value&parameter=value is a trace; quote it, as & and ? mean something to a shell.`,
    `All take ${Object.keys(COMMON_PARAMETERS).join(', ')}.`,
    `${WORKLOAD_PREFIX}FILE.yaml is one of your own; docs/workloads.md describes its fields.`,
    '',
  ].join('\n');
}

const withDefault = ([name, { value }]: readonly [string, Parameter]): string => `${name}=${value}`;
