import { readFileSync } from 'node:fs';
import { InputError } from '../../trace/errors.ts';

/** Made by `scripts/bundle.mjs` after the compiler: `page/` and all that it imports as one script. */
const BUILT = import.meta.url.endsWith('.ts') ? '../../../dist/report/live/bundle.js' : './bundle.js';

/**
 * The script that prices anew in the page.
 * @throws InputError if the package was not built completely.
 */
export function liveScript(): string {
  const path = new URL(BUILT, import.meta.url);
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new InputError(
      `${path.pathname} is missing, without which no page can be written: run npm run build`,
    );
  }
}
