import { readFileSync } from 'node:fs';

/** The package's version, read from its package.json (one directory above both src and dist). */
export function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

/** Directory of the traces that ship with the package. */
export function shippedTraces(): URL {
  return new URL('../traces/', import.meta.url);
}
