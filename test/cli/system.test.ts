import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { flatten, PRESETS, parseSystem, presetSystem } from '../../src/index.ts';
import { expectRefusal, expectSuccess, inProcess, SMALL, vmtax, workplace } from './cli.ts';

const place = workplace();

test('list names every preset with what it is', async () => {
  const result = await vmtax(['system', 'list'], place);
  expectSuccess(result);
  const names = result.stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/));
  expect(names.map(([name]) => name)).toEqual(Object.keys(PRESETS));
  expect(names.filter(([, description]) => !description)).toEqual([]);
});

describe.each(Object.keys(PRESETS))('show %s', (name) => {
  test('> file; check file; the file is the same system', async () => {
    const { stdout, ...rest } = await inProcess(['system', 'show', name], place);
    expect(rest).toEqual({ status: 0, stderr: '' });
    const path = place.path(`${name}.yaml`);
    writeFileSync(path, stdout);
    expect(await inProcess(['system', 'check', path], place)).toEqual({
      status: 0,
      stdout: `${path}: ${name} is a valid system\n`,
      stderr: '',
    });
    const parsed = parseSystem(readFileSync(path, 'utf8'), path);
    const preset = presetSystem(name);
    expect([...flatten(parsed)]).toEqual([...flatten(preset)]);
    expect([parsed.name, parsed.description]).toEqual([preset.name, preset.description]);
    // And shows itself as the same fields with the same values.
    const again = await inProcess(['system', 'show', path], place);
    const values = (text: string): string => text.replace(/ # .*$/gm, '');
    expect(values(again.stdout)).toBe(values(stdout));
  });
});

test('schema is a JSON Schema', async () => {
  const result = await vmtax(['system', 'schema'], place);
  expectSuccess(result);
  expect(JSON.parse(result.stdout)).toMatchObject({ type: 'object' });
});

describe('errors in a system file have line and column', () => {
  test.each([
    ['extends: nope\n', ':1:10: extends: no preset "nope"'],
    ['- a\n- b\n', ':1:1: a system is a mapping'],
    ['', ':1:1: a system is a mapping'],
    ['machine: [1, 2\n', /:[12]:\d+: /],
    ['machine:\n\ttlb: 1\n', /:2:1: /],
    ['a: 1\na: 2\n', /:2:1: /],
    ['machine:\n  tlb:\n    entrees: 64\n', ':3:5: machine.tlb.entrees: no such field'],
    ['machine:\n  l2:\n    size: 3000\n', ':3:11: machine.l2.size: size of 3000 bytes'],
    ['machine: { l2: { size: 2M, ways: 3 } }\n', ':1:34: machine.l2.ways: 3 ways'],
    ['prices:\n  local_ns: far\n', ':2:13: prices.local_ns: expected a number, got the text far'],
    ['prices:\n  local_ns: .nan\n', ':2:13: prices.local_ns: expected a number, got NaN'],
    [
      'machine:\n  nodes: 1.5\n  cpus: x\nos:\n  first_load: x\nprice:\n  local_ns: 1\n',
      /:6:1: price: no such field; \S+:\d:\d+: machine\.\w+: [^;]+; \S+:\d:\d+: machine\.\w+: [^;]+ \(and 1 more problem\)\n/,
    ],
    ['a: 1\n---\nb: 1\n', ':2:1: a second document begins here'],
    ['machine: *other\n', ':1:10: no anchor &other comes before *other'],
    ['machine: &m\n  l2: *m\n', ':2:7: *m contains itself'],
    ['machine: !what 3\n', /:1:10: not YAML: Unresolved tag/],
    ['__proto__:\n  x: 1\n', /:1:1: __proto__: no such field/],
  ])('%j', async (text, says) => {
    const path = place.path('bad.yaml');
    writeFileSync(path, text);
    const result = await inProcess(['system', 'check', path], place);
    expectRefusal(result, says);
    expect(result.stderr).toContain(`vmtax: ${path}:`);
    // The same in a run, before any trace is read.
    expectRefusal(await inProcess(['run', 'missing', '--systems', path], place), says);
  });

  test('aliases that would grow without end', async () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]'];
    for (let i = 1; i < 9; i++)
      lines.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(', ')}]`,
      );
    const path = place.path('bomb.yaml');
    writeFileSync(path, `${lines.join('\n')}\n`);
    expectRefusal(
      await inProcess(['system', 'check', path], place),
      `${path}:9:55: the aliases multiply into too many values`,
    );
  });

  test('a directory, a missing file, bytes that are no text', async () => {
    expectRefusal(await inProcess(['system', 'check', place.cwd], place), place.cwd);
    expectRefusal(await inProcess(['system', 'check', place.path('none')], place), 'no such file');
    writeFileSync(place.path('binary'), readFileSync(SMALL));
    expectRefusal(await inProcess(['system', 'check', place.path('binary')], place), place.path('binary'));
  });
});

test('each of several problems says where it is', () => {
  const text = 'extends: disco\nmachine:\n  l2:\n    size: 3M\n  tbl: 3\nprices:\n  emulate_cycles: abc\n';
  expect(() => parseSystem(text, 'm.yaml')).toThrow(
    /^m.yaml:5:3: machine.tbl: no such field; m.yaml:4:11: machine.l2.size: .*; m.yaml:7:19: prices.emulate_cycles: /,
  );
});

test('what is far too large for a text is not read whole', async () => {
  const path = place.path('sparse.yaml');
  writeFileSync(path, '');
  truncateSync(path, 10 * 2 ** 30);
  const said = `${path}: more than 4 MB`;
  expectRefusal(await inProcess(['system', 'check', path], place), said);
  expectRefusal(await inProcess(['run', SMALL, '--systems', path], place), said);
  expectRefusal(await inProcess(['run', SMALL, '--machine', path], place), said);
  expectRefusal(await inProcess(['trace', 'info', `workload:${path}`], place), said);
});

test('--machine takes a file that holds a machine alone', async () => {
  const path = place.path('machine.yaml');
  for (const [section, says] of [
    [
      'prices:\n  local_ns: 1\n',
      ':5:1: prices: a machine file holds extends, name, description, machine only',
    ],
    ['os: {}\n', ':5:1: os: '],
    ['monitor: {}\n', ':5:1: monitor: '],
  ] as const) {
    writeFileSync(path, `name: mine\nmachine:\n  tlb:\n    entries: 32\n${section}`);
    expectRefusal(await inProcess(['run', 'missing', '--machine', path], place), `${path}${says}`);
  }
  writeFileSync(path, 'extends: irix\nname: mine\ndescription: small\nmachine:\n  tlb:\n    entries: 32\n');
  const result = await vmtax(['run', SMALL, '--machine', path, '--json', '-', '--seeds', '1'], place);
  expectSuccess(result);
  const { comparisons } = JSON.parse(result.stdout) as {
    comparisons: {
      runs: { name: string; system: { machine: { tlb: { entries: number } }; sources: object } }[];
    }[];
  };
  const { runs } = comparisons[0]!;
  expect(runs.map(({ name }) => name)).toEqual(['irix', 'disco']);
  for (const { system } of runs) {
    expect(system.machine.tlb.entries).toBe(32);
    expect(system.sources).toMatchObject({ 'machine.tlb.entries': { source: path, role: 'chosen' } });
  }
});
