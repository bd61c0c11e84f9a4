import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { InputError } from '../trace/errors.ts';

/** Beside the compiled program; run from its sources it looks at what they were compiled to. */
const BUILT = new URL(import.meta.url.endsWith('.ts') ? '../../dist/' : '../', import.meta.url);

/** Whatever decides what is counted, and what it costs: rooms, and modules of this one. */
export const DECIDES: readonly string[] = [
  'model/',
  'trace/',
  ...[
    'design',
    'layout',
    'leaves',
    'outputs',
    'price-cells',
    'replays',
    'run',
    'structure',
    'typed',
    'types',
  ].map((name) => `sweep/${name}.js`),
];

/**
 * What computes results, whatever its version is called: a hash of the program's own code that reads traces, counts and
 * prices. It is the same on all machines, and another one as soon as anything of that code is, so that results of two
 * models are never mixed (and now and then none are shared that could be).
 * @throws InputError if the package was not built.
 */
export async function modelIdentity(built: URL = BUILT): Promise<string> {
  const names = (await readdir(built, { recursive: true }).catch(() => []))
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.js') && DECIDES.some((part) => name.startsWith(part)))
    .sort();
  if (names.length === 0)
    throw new InputError(
      `${fileURLToPath(built)}: the compiled program is missing, by which results are named: run npm run build`,
    );
  const hash = createHash('sha256');
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, built))));
  for (const [at, text] of texts.entries()) hash.update(`${names[at]}\0${text.length}\0`).update(text);
  return hash.digest('hex').slice(0, 24);
}
