import { isOfSystem } from './systems.ts';
import type { Inputs } from './types.ts';

/** The modules that a calibration writes. */

/** A module by its path in the repository, with its text as the formatter would have it. */
export interface Module {
  readonly path: string;
  readonly text: string;
}

/**
 * The values of all inputs as modules: those of workloads, from which `workload:pmake` and the like are made, and those of
 * systems, which are the defaults of every run.
 */
export function calibratedModules(values: Inputs): readonly [workloads: Module, systems: Module] {
  const paths = Object.keys(values).sort();
  const literal = (of: readonly string[]): string =>
    of.length === 0
      ? '{}'
      : `{\n${of.map((path) => `  ${key(path)}: ${number(values[path]!)},\n`).join('')}}`;
  const workloads = literal(paths.filter((path) => !isOfSystem(path)));
  const systems = literal(paths.filter(isOfSystem));
  return [
    {
      path: 'src/trace/workloads/paper/values.ts',
      text: `/** What decides the paper's workloads, by path. Written by \`npm run calibrate\`: do not edit. */
export const PAPER_VALUES: Readonly<Record<string, number>> = ${workloads};
`,
    },
    {
      path: 'src/model/systems/calibrated.ts',
      text: `/** Settings of systems that were fitted to the paper, by path. Written by \`npm run calibrate\`: do not edit. */
export const CALIBRATED: Readonly<Record<string, number>> = ${systems};
`,
    },
  ];
}

const key = (path: string): string => (/^[A-Za-z_$][\w$]*$/.test(path) ? path : `'${path}'`);

const number = (value: number): string => String(value).replace('e+', 'e');
