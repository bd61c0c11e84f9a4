import { readdirSync, readFileSync } from 'node:fs';
import { posix, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a test needs to know of a module's text. */
export interface Source {
  /** Path from src with forward slashes, e.g. `trace/types.ts`. */
  readonly path: string;
  readonly text: string;
  /** The text without comments. */
  readonly code: string;
  /** Modules of ours that it imports (types too), as paths from src. */
  readonly imports: readonly string[];
  /** Packages and built-in modules that it imports, e.g. `yaml`, `node:fs`. */
  readonly packages: readonly string[];
}

export const ROOT = fileURLToPath(new URL('../', import.meta.url));

/** All files below a directory of the repository, as paths from it. */
export const filesBelow = (directory: string): string[] =>
  readdirSync(`${ROOT}${directory}`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(`${ROOT}${directory}`, `${entry.parentPath}/${entry.name}`))
    .map((path) => path.split(sep).join('/'))
    .sort();

/** Every module of src. */
export function readSources(): Source[] {
  return filesBelow('src').map((path) => {
    const text = readFileSync(`${ROOT}src/${path}`, 'utf8');
    const code = withoutComments(text);
    const specifiers = [...code.matchAll(IMPORT)].map((match) => match[1]!);
    const relativeOnes = specifiers.filter((specifier) => specifier.startsWith('.'));
    return {
      path,
      text,
      code,
      imports: relativeOnes.map((specifier) => posix.join(posix.dirname(path), specifier)),
      packages: specifiers.filter((specifier) => !specifier.startsWith('.')).map(packageOf),
    };
  });
}

/** `import … from 'x'`, `export … from 'x'` (over several lines too), `import 'x'`, `import('x')`. */
const IMPORT = /(?:^(?:import|export)\b[^;'"]*?\bfrom\s*|^import\s*|\bimport\(\s*)['"]([^'"\n]+)['"]/gm;

const packageOf = (specifier: string): string =>
  specifier.startsWith('node:')
    ? specifier
    : specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');

/** Comments go, strings and templates stay (a `//` in a string is no comment). */
function withoutComments(text: string): string {
  const token = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\[\s\S]|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
  return text.replace(token, (found) => (found.startsWith('/') ? ' ' : found));
}
