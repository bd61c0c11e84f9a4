import { describe, expect, test } from 'vitest';
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

/**
 * The arrows inside the model: hardware ← paging ← guest ← monitor, which all may use the words of a system, of a
 * tally and of a platform; pricing knows a tally and prices, and nothing of what counted it. The longest path that a
 * module is below is its room (or the module itself); what is listed here under no name runs the others, and none of
 * them imports it but one that says so.
 */
const MODEL_MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'tally-memory.ts': [],
  'tally-schedule.ts': [],
  'tally.ts': ['tally-memory.ts', 'tally-schedule.ts'],
  'counters.ts': ['tally.ts'],
  'split.ts': [],
  systems: ['tally.ts', 'paging/policies'],
  hardware: ['systems', 'counters.ts', 'tally.ts'],
  'platform.ts': ['hardware', 'systems', 'counters.ts', 'tally.ts', 'tally-memory.ts'],
  // A policy's options are part of a system's schema, so all that it may use of systems is what fields are made with.
  'paging/policies': ['hardware/nodes.ts', 'hardware/pages.ts', 'systems/fields.ts'],
  paging: ['paging/policies', 'hardware', 'platform.ts', 'systems', 'counters.ts', 'tally.ts'],
  guest: ['paging', 'hardware', 'platform.ts', 'counters.ts'],
  'monitor/scheduling': ['hardware/nodes.ts', 'split.ts', 'tally-schedule.ts'],
  monitor: ['guest', 'paging', 'hardware', 'platform.ts', 'systems', 'counters.ts', 'tally-memory.ts'],
  pricing: ['systems', 'tally.ts', 'tally-memory.ts', 'tally-schedule.ts', 'hardware/nodes.ts'],
  // Runs replays itself, with a kernel for many geometries in place of the hardware's.
  geometry: [
    'compare.ts',
    'replay.ts',
    'streams.ts',
    'lines.ts',
    'hardware',
    'systems',
    'counters.ts',
    'tally.ts',
  ],
};

/** Whether a module is (in) what a list of rooms and modules names. */
const isIn = (path: string, names: readonly string[]): boolean =>
  names.some((name) => path === name || path.startsWith(`${name}/`));

/** The room of a module of the model, by the table above; null: it runs the others. */
const modelRoom = (path: string): string | null =>
  Object.keys(MODEL_MAY_IMPORT)
    .filter((name) => isIn(path, [name]))
    .sort((a, b) => b.length - a.length)[0] ?? null;

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

describe('inside the model', () => {
  const model = sources
    .filter(({ path }) => roomOf(path) === 'model')
    .map(({ path, imports }) => ({
      path: path.slice('model/'.length),
      imports: imports.filter((to) => roomOf(to) === 'model').map((to) => to.slice('model/'.length)),
    }));

  test('the check sees all rooms', () => {
    const rooms = new Map<string | null, number>();
    for (const { path } of model) rooms.set(modelRoom(path), (rooms.get(modelRoom(path)) ?? 0) + 1);
    // Whatever has a folder is a room of the table; what it names exists.
    expect(model.filter(({ path }) => path.includes('/') && modelRoom(path) === null)).toEqual([]);
    for (const name of [...Object.keys(MODEL_MAY_IMPORT), ...Object.values(MODEL_MAY_IMPORT).flat()])
      expect(
        model.some(({ path }) => isIn(path, [name])),
        name,
      ).toBe(true);
    for (const [room, least] of Object.entries({
      systems: 8,
      hardware: 10,
      paging: 4,
      'paging/policies': 7,
      guest: 2,
      monitor: 7,
      'monitor/scheduling': 8,
      pricing: 20,
    }))
      expect(rooms.get(room), room).toBeGreaterThanOrEqual(least);
    expect(rooms.get(null)).toBeGreaterThanOrEqual(8);
    for (const [from, to] of [
      ['monitor/disco.ts', 'guest/guest.ts'],
      ['guest/native.ts', 'paging/moves.ts'],
      ['paging/moves.ts', 'paging/policies/policy.ts'],
      ['paging/frames.ts', 'hardware/kernel.ts'],
      ['hardware/kernel.ts', 'systems/schema.ts'],
      ['pricing/price.ts', 'tally.ts'],
      ['monitor/scheduling/types.ts', 'tally-schedule.ts'], // a type import
    ])
      expect(model.find(({ path }) => path === from)?.imports, `${from} → ${to}`).toContain(to);
  });

  test('arrows run one way', () => {
    const wrong = model.flatMap(({ path, imports }) => {
      const room = modelRoom(path);
      if (room === null) return [];
      const allowed = MODEL_MAY_IMPORT[room]!;
      return imports
        .filter((to) => modelRoom(to) !== room && !isIn(to, allowed))
        .map((to) => `${path} → ${to}`);
    });
    expect(wrong).toEqual([]);
  });
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
