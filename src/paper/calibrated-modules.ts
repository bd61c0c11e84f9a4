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
 * systems, which only the reproduction uses.
 */
export function calibratedModules(values: Inputs): readonly [workloads: Module, systems: Module] {
  const paths = Object.keys(values).sort();
  const literal = (of: readonly string[], before = ''): string =>
    before === '' && of.length === 0
      ? '{}'
      : `{\n${before}${of.map((path) => `  ${key(path)}: ${number(values[path]!)},\n`).join('')}}`;
  const workloads = literal(paths.filter((path) => !isOfSystem(path)));
  const systems = literal(paths.filter(isOfSystem), '  ...PAPER_VALUES,\n');
  return [
    {
      path: 'src/trace/workloads/paper/values.ts',
      text: `/** What decides the paper's workloads, by path. Written by \`npm run calibrate\`: do not edit. */
export const PAPER_VALUES: Readonly<Record<string, number>> = ${workloads};
`,
    },
    {
      path: 'src/paper/parameters.ts',
      text: `import { PAPER_VALUES } from '../trace/workloads/paper/values.ts';
import type { Inputs } from './types.ts';

/** Values of all inputs of the reproduction. Written by \`npm run calibrate\`, from their priors: do not edit. */
export const PARAMETERS: Inputs = ${systems};
`,
    },
  ];
}

const key = (path: string): string => (/^[A-Za-z_$][\w$]*$/.test(path) ? path : `'${path}'`);

const number = (value: number): string => String(value).replace('e+', 'e');
