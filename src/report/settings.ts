import type { RunFacts } from './facts.ts';
import { cleanText, shorten } from './words.ts';

/** Settings named at most. */
const SHOWN = 5;

/** The value at a dotted path of a system, in YAML's words. */
function valueAt(system: object, path: string): string {
  let node: unknown = system;
  for (const key of path.split('.'))
    node = typeof node === 'object' && node !== null ? (node as Record<string, unknown>)[key] : undefined;
  return typeof node === 'string' ? node : (JSON.stringify(node) ?? 'none');
}

/**
 * What a run's caller chose instead of the presets, with where it was said (`--set` or a file), each once;
 * a setting that not all systems have names those that do. Empty where nothing was changed.
 */
export function changedSettings(runs: readonly RunFacts[]): string {
  const bySetting = new Map<string, Set<string>>();
  for (const { name, run } of runs)
    for (const [path, { source, role }] of Object.entries(run.system.sources)) {
      if (role !== 'chosen') continue;
      const value = shorten(cleanText(valueAt(run.system, path)), 40);
      const setting = `${cleanText(path)} = ${value} (${shorten(cleanText(source), 40)})`;
      bySetting.set(setting, (bySetting.get(setting) ?? new Set()).add(name));
    }
  const names = new Set(runs.map((run) => run.name));
  const settings = [...bySetting].map(([setting, systems]) =>
    systems.size === names.size
      ? setting
      : `${setting} [${[...systems].map((name) => shorten(name, 40)).join(', ')}]`,
  );
  if (settings.length <= SHOWN) return settings.join(', ');
  return `${settings.slice(0, SHOWN).join(', ')} and ${settings.length - SHOWN} more`;
}
