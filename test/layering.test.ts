import { expect, test } from 'vitest';
import { filesBelow, readSources } from './sources.ts';

/**
 * The arrows of the house: cli → report → paper, sweep → model → trace. Type imports count, too. What a room may
 * import besides itself:
 */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  trace: [],
  model: ['trace'],
  paper: ['model', 'trace'],
  sweep: ['model', 'trace'],
  report: ['sweep', 'paper', 'model', 'trace'],
  // The command line is not part of the library, so nothing imports it.
  cli: ['report', 'sweep', 'paper', 'model', 'trace', 'version.ts'],
  // The public face: all of the library. Nothing of ours imports it, it is for others.
  'index.ts': ['report', 'sweep', 'paper', 'model', 'trace', 'version.ts'],
  // What the package says of itself; it knows nothing of the rest.
  'version.ts': [],
};

const sources = readSources();
const byPath = new Map(sources.map((source) => [source.path, source]));
const roomOf = (path: string): string => path.split('/', 1)[0]!;

test('the check sees the whole house', () => {
  expect(sources.map(({ path }) => path)).toEqual(filesBelow('src'));
  expect(sources.every(({ path }) => path.endsWith('.ts'))).toBe(true);
  const rooms = new Map<string, number>();
  for (const { path } of sources) rooms.set(roomOf(path), (rooms.get(roomOf(path)) ?? 0) + 1);
  expect([...rooms.keys()].filter((room) => MAY_IMPORT[room] === undefined)).toEqual([]);
  for (const [room, least] of Object.entries({ trace: 40, model: 20, report: 20, cli: 8 }))
    expect(rooms.get(room), room).toBeGreaterThanOrEqual(least);
  // Were the pattern for imports wrong, it would find few, or paths that are no modules.
  const edges = sources.flatMap(({ path, imports }) => imports.map((to) => [path, to] as const));
  expect(edges.length).toBeGreaterThan(2 * sources.length);
  expect(edges.filter(([, to]) => !byPath.has(to))).toEqual([]);
  for (const [from, to] of [
    ['cli/main.ts', 'cli/cli.ts'],
    ['cli/run.ts', 'report/html.ts'], // a dynamic import
    ['model/compare.ts', 'trace/types.ts'], // a type import
    ['index.ts', 'trace/types.ts'], // an export from
  ])
    expect(byPath.get(from!)?.imports, `${from} → ${to}`).toContain(to);
});

test('arrows run one way', () => {
  const wrong = sources.flatMap(({ path, imports }) => {
    const room = roomOf(path);
    const allowed = [...(MAY_IMPORT[room] ?? []), ...(room.endsWith('.ts') ? [] : [room])];
    return imports.filter((to) => !allowed.includes(roomOf(to))).map((to) => `${path} → ${to}`);
  });
  expect(wrong).toEqual([]);
});

test('the model knows no file, no terminal, no process', () => {
  // node:vm compiles code and touches nothing outside.
  const allowed = ['yaml', 'zod', 'node:vm'];
  const others = sources
    .filter(({ path }) => roomOf(path) === 'model')
    .flatMap(({ path, packages }) =>
      packages.filter((name) => !allowed.includes(name)).map((name) => `${path}: ${name}`),
    );
  expect(others).toEqual([]);
  const touching = sources.filter(
    ({ path, code }) => ['model', 'report'].includes(roomOf(path)) && /\bprocess\.|\bconsole\./.test(code),
  );
  expect(touching.map(({ path }) => path)).toEqual([]);
});

test('no import cycles', () => {
  const state = new Map<string, 'open' | 'done'>();
  const cycles: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    if (state.get(path) === 'done') return;
    if (state.get(path) === 'open') {
      cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    state.set(path, 'open');
    for (const to of byPath.get(path)!.imports) visit(to, [...trail, path]);
    state.set(path, 'done');
  };
  for (const { path } of sources) visit(path, []);
  expect(cycles).toEqual([]);
});

test('one public face: no other module passes on what it imports', () => {
  const barrels = sources
    .filter(({ path }) => path !== 'index.ts')
    .filter(({ code }) => /^export\s+(type\s+)?(\*|\{[^}]*\})[^;]*\bfrom\b/m.test(code));
  expect(barrels.map(({ path }) => path)).toEqual([]);
});

test('no default exports, no any, no enums, no silenced types', () => {
  const found = sources.flatMap(({ path, text, code }) =>
    [
      [code, /^export default\b/m],
      [code, /(:|<|\bas|\|)\s*any\b/],
      [text, /@ts-(ignore|nocheck|expect-error)/],
      [code, /^\s*(export\s+)?(const\s+)?enum\s/m],
    ]
      .filter(([where, pattern]) => (pattern as RegExp).test(where as string))
      .map(([, pattern]) => `${path}: ${pattern}`),
  );
  expect(found).toEqual([]);
});
