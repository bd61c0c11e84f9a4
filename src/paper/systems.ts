import { applyOverrides, parseOverride, presetSystem } from '../model/systems/load.ts';
import type { System } from '../model/systems/schema.ts';
import type { Inputs } from './types.ts';

/** Inputs that are paths of a system begin with one of these. */
const OF_A_SYSTEM = ['prices.', 'monitor.', 'pages.', 'machine.', 'os.'];

/** Whether an input is a path of a system, and not a value of a workload. */
export const isOfSystem = (path: string): boolean => OF_A_SYSTEM.some((room) => path.startsWith(room));

/**
 * The paper's monitor, where it is not what a run has by default: moving a page takes longer on 16 CPUs than on 8 (Table
 * 3), as if all CPUs of the virtual machine were interrupted.
 */
const PAPERS_MONITOR = ['monitor.shootdown=machine'];

/**
 * A preset with the inputs that are paths of a system. What a native system has no place for (`monitor.…`) is left
 * out.
 */
export function paperSystem(preset: string, inputs: Inputs, set: readonly string[] = []): System {
  const system = presetSystem(preset);
  const own = Object.entries(inputs).filter(
    ([path]) => isOfSystem(path) && !(system.monitor === null && path.startsWith('monitor.')),
  );
  const overrides = [
    ...(system.monitor === null ? [] : PAPERS_MONITOR),
    ...own.map(([path, value]) => `${path}=${value}`),
    ...set,
  ].map(parseOverride);
  return applyOverrides([system], overrides)[0]!;
}
