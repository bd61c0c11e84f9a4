import { readFileSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { filesBelow, ROOT, readSources } from './sources.ts';

const read = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8');

interface Package {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
}
const manifest = JSON.parse(read('package.json')) as Package;

/** Files that are longer than a sitting, and why. */
const LONG: Readonly<Record<string, string>> = {
  'model/hardware/kernel.ts': 'one function, tuned by hand, explained at its top',
};
const MOST_LINES = 400;

/** Everything that is written by hand: text files of the repository, without what is built or installed. */
const TEXTS = [
  ...[
    'package.json',
    'package-lock.json',
    'biome.json',
    'tsconfig.json',
    'tsconfig.build.json',
    'tsconfig.live.json',
  ],
  ...['vitest.config.ts', 'README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', '.gitignore'],
  ...['src', 'test', 'bench', 'scripts', 'docs', 'schema', 'traces', '.ci'].flatMap((directory) =>
    filesBelow(directory).map((path) => `${directory}/${path}`),
  ),
].filter((path) => /\.(ts|mjs|js|c|h|json|md|ya?ml|csv|txt)$|LICENSE$|\.ci\/|ignore$/.test(path));

describe('source files', () => {
  test(`have at most ${MOST_LINES} lines`, () => {
    const long = readSources()
      .map(({ path, text }) => ({ path, lines: text.split('\n').length }))
      .filter(({ path, lines }) => lines > MOST_LINES && LONG[path] === undefined);
    expect(long).toEqual([]);
  });

  test('import only declared packages', () => {
    const imported = new Set(readSources().flatMap(({ packages }) => packages));
    const undeclared = [...imported].filter(
      (name) => !name.startsWith('node:') && manifest.dependencies[name] === undefined,
    );
    expect(undeclared).toEqual([]);
    expect(imported.size).toBeGreaterThan(10);
  });
});

describe('dependencies', () => {
  test('each has its reason in docs/dependencies.md, and no other is listed', () => {
    const listed = [...read('docs/dependencies.md').matchAll(/^\| `([^`]+)` +\| (.+?) +\|$/gm)];
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(listed.map(([, name]) => name).sort()).toEqual(declared.sort());
    expect(listed.filter(([, , reason]) => reason!.length < 20)).toEqual([]);
  });

  test('the lock file names no host, so that it works with any mirror', () => {
    const lock = read('package-lock.json');
    expect(lock).not.toContain('"resolved"');
    expect(lock).not.toMatch(/https?:\/\/[^"]*registry/);
  });
});

describe('what is committed', () => {
  test('names no machine’s paths and no package host', () => {
    // Put together here, so that this file does not find itself.
    const forbidden = [
      ['/wo', 'rk/'],
      ['/ho', 'me/'],
      ['/Us', 'ers/'],
      ['/ro', 'ot/'],
      ['registry.', 'npmjs'],
      ['deb.', 'debian'],
      ['../sha', 'red'],
    ].map((parts) => parts.join(''));
    expect(TEXTS.length).toBeGreaterThan(120);
    const found = TEXTS.flatMap((path) => {
      const text = read(path);
      return forbidden.filter((word) => text.includes(word)).map((word) => `${path}: ${word}`);
    });
    expect(found).toEqual([]);
  });

  test('traces that ship take at most 25 MB', () => {
    const bytes = filesBelow('traces').reduce((sum, path) => sum + statSync(`${ROOT}traces/${path}`).size, 0);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(25e6);
  });

  test('CI is executable', () => {
    expect(statSync(`${ROOT}.ci/run`).mode & 0o111).toBe(0o111);
  });
});

test('the commands of the README exist', () => {
  const commands = [...read('README.md').matchAll(/\bnpm (run )?([a-z:-]+)/g)]
    .map(([, , name]) => name!)
    .filter((name) => !['ci', 'install', 'link'].includes(name));
  expect(commands).toEqual(expect.arrayContaining(['start', 'test']));
  expect(commands.filter((name) => manifest.scripts[name] === undefined)).toEqual([]);
});
