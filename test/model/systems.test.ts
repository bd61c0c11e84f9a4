import { describe, expect, test } from 'vitest';
import { CALIBRATED } from '../../src/model/systems/calibrated.ts';
import { difference, fieldDoc, flatten, ledger, systemJsonSchema } from '../../src/model/systems/ledger.ts';
import { applyOverrides, parseOverride, parseSystem, presetSystem } from '../../src/model/systems/load.ts';
import { PRESETS } from '../../src/model/systems/presets.ts';
import type { System } from '../../src/model/systems/schema.ts';
import { InputError } from '../../src/trace/errors.ts';

const names = Object.keys(PRESETS);

const messageOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof InputError) return error.message;
    throw error;
  }
  throw new Error('did not throw');
};

describe('presets', () => {
  test.each(names)('%s is complete, and every field has a description, a source and a role', (name) => {
    const system = presetSystem(name);
    for (const entry of ledger(system)) {
      expect(entry.value, entry.path).not.toBeUndefined();
      expect(entry.source, entry.path).not.toBe('');
      expect(fieldDoc(entry.path).description, entry.path).not.toBe('');
    }
  });

  test('a price that is not a ratio has its unit in its name and in the ledger', () => {
    for (const entry of ledger(presetSystem('disco')))
      if (entry.path.startsWith('prices.') && entry.unit !== '') {
        const unit = entry.unit === 'cycles' ? /cycles/ : new RegExp(`_${entry.unit}$`);
        expect(entry.path).toMatch(unit);
      }
  });

  test('whatever was fitted to the paper is a default, and what says so was fitted', () => {
    const entries = new Map(ledger(presetSystem('disco-numa')).map((entry) => [entry.path, entry]));
    for (const [path, value] of Object.entries(CALIBRATED))
      expect(entries.get(path), path).toMatchObject({ value, role: 'calibrated' });
    for (const { path, role, source } of entries.values())
      if (role === 'calibrated' && source.includes('stalls apart'))
        expect(CALIBRATED, path).toHaveProperty([path]);
  });

  test('disco differs from irix in its monitor alone', () => {
    const paths = difference(presetSystem('irix'), presetSystem('disco')).map(({ path }) => path);
    expect(paths.length).toBeGreaterThan(0);
    expect(paths.every((path) => path === 'monitor' || path.startsWith('monitor.'))).toBe(true);
  });

  test('an unknown name is refused with the names there are', () => {
    for (const name of ['nosuch', 'toString', '__proto__', ''])
      expect(messageOf(() => presetSystem(name))).toContain('disco-linux-mips');
  });
});

describe('systems in YAML', () => {
  test('fields left out come from the preset that is extended', () => {
    const system = parseSystem(
      'extends: disco\nname: mine\nmachine:\n  tlb:\n    entries: 128\n',
      'mine.yaml',
    );
    expect(system.machine.tlb?.entries).toBe(128);
    expect(system.machine.tlb?.pairs).toBe(true);
    expect(system.monitor?.l2tlb.entries).toBe(1024);
    expect(ledger(system).find(({ path }) => path === 'machine.tlb.entries')).toMatchObject({
      source: 'mine.yaml',
      role: 'chosen',
    });
  });

  test('sizes may be written with K, M and G', () => {
    expect(parseSystem('machine: {l2: {size: 2M}}', 'x').machine.l2?.size).toBe(2097152);
  });

  test.each([
    ['machine:\n  l2:\n    size: 3M\n', 'f:3:11: machine.l2.size'],
    ['machine:\n  l2:\n    sizes: 1M\n', 'f:3:5: machine.l2.sizes: no such field'],
    ['prices:\n  local_ns: -1\n', 'f:2:13: prices.local_ns'],
    ['prices:\n  local_ns: .nan\n', 'f:2:13: prices.local_ns'],
    ['prices:\n  local_ns: .inf\n', 'f:2:13: prices.local_ns'],
    ['machine: {tlb: {wired: 64}}', 'machine.tlb.wired'],
    ['machine: {l1d: {ways: 3}}', 'machine.l1d.ways'],
    ['machine: {l1d: {ways: 1024}}', 'machine.l1d.ways'],
    ['machine: {l1d: {line: 256}}', 'machine.l1d.line'],
    ['machine: {l1i: null}', 'machine.l1d'],
    ['machine: {counting: cachegrind}', 'machine.l2.inclusive'],
    ['monitor: {l2tlb: {entries: 1000, ways: 1}}', 'monitor.l2tlb.entries'],
    ['extends: nosuch', 'f:1:10: extends'],
    ['a: [', 'f:1:'],
    ['- 1', 'f:1:1'],
    ['', 'f:1:1'],
    ['machine: 3', 'f:1:10: machine'],
  ])('%j is refused at its place', (text, expected) => {
    const message = messageOf(() => parseSystem(text, 'f'));
    expect(message).toContain(expected);
    expect(message).not.toContain('\n');
  });
});

describe('--set', () => {
  const pair = [presetSystem('irix'), presetSystem('disco')];

  test('the ledger has the source of a value, not of what was there before', () => {
    const sourceOf = (text: string, sets: readonly string[], path: string): string => {
      const [system] = applyOverrides([parseSystem(text, 'f.yaml')], sets.map(parseOverride));
      const { source, role, value } = ledger(system!).find((entry) => entry.path === path)!;
      return `${value} ${source} ${role}`;
    };
    const stated = 'sources: {machine.l2: {source: manual, role: measured}}\n';
    expect(sourceOf(stated, ['machine.l2.size=4M'], 'machine.l2.size')).toBe('4194304 --set chosen');
    expect(sourceOf(stated, ['machine.l2.size=4M'], 'machine.l2.ways')).toContain('manual measured');
    const written = 'machine: {l2: {size: 2M}}\n';
    expect(sourceOf(written, [], 'machine.l2.size')).toBe('2097152 f.yaml chosen');
    expect(sourceOf(written, ['machine.l2={size: 8M}'], 'machine.l2.size')).toBe('8388608 --set chosen');
    // What a file says of a part holds for what it writes of that.
    expect(sourceOf(written + stated, [], 'machine.l2.size')).toBe('2097152 manual measured');
    const own =
      'sources: {machine.l2: {source: manual, role: measured}, machine.l2.size: {source: ruler, role: assumed}}\n';
    expect(sourceOf(written + own, [], 'machine.l2.size')).toBe('2097152 ruler assumed');
  });

  test('applies to every system that has the field, and says so in the ledger', () => {
    const [irix, disco] = applyOverrides(pair, [parseOverride('prices.remote_ns=1200')]);
    expect([irix!.prices.remote_ns, disco!.prices.remote_ns]).toEqual([1200, 1200]);
    expect(ledger(disco!).find(({ path }) => path === 'prices.remote_ns')).toMatchObject({ source: '--set' });
  });

  test('a field of the monitor applies to systems with one; a name before a colon picks one', () => {
    const [irix, disco] = applyOverrides(pair, [parseOverride('monitor.l2tlb.entries=0')]);
    expect(irix!.monitor).toBeNull();
    expect(disco!.monitor?.l2tlb.entries).toBe(0);
    const [first, second] = applyOverrides(pair, [parseOverride('disco:machine.tlb.entries=32')]);
    expect([first!.machine.tlb?.entries, second!.machine.tlb?.entries]).toEqual([64, 32]);
  });

  test.each([
    'machine.l2.sizes=1M',
    'nosuch=1',
    'machine=3',
    'machine.l2.size=abc',
    'machine.l2.size=3M',
    'machine.l2=null5',
    'prices.local_ns=.nan',
    'prices.local_ns=',
    '=5',
    'machine.l2.size',
    '__proto__.x=1',
    'constructor.prototype.x=1',
    'nosuch:machine.nodes=1',
    'name=x',
    'machine.nodes=1.5',
    'machine.nodes=[1',
  ])('%s is refused in one line', (text) => {
    const message = messageOf(() => applyOverrides(pair, [parseOverride(text)]));
    expect(message).toContain('--set');
    expect(message).not.toContain('\n');
  });

  test('a cache may be taken away and put back', () => {
    const [without] = applyOverrides(pair, [parseOverride('machine.l2=null')]);
    expect(without!.machine.l2).toBeNull();
    const [back] = applyOverrides([without!], [parseOverride('machine.l2={size: 1M, ways: 2, line: 128}')]);
    expect(flatten(back!)).toEqual(flatten(pair[0]!));
  });
});

test('the JSON Schema describes the presets', () => {
  expect(JSON.stringify(systemJsonSchema())).toContain('refill_cycles');
});

describe('values as people write them', () => {
  const set = (text: string): System => applyOverrides([presetSystem('disco')], [parseOverride(text)])[0]!;

  test.each([
    [
      'monitor.schedule.slice_instructions=10K',
      (s: System) => s.monitor!.schedule.slice_instructions,
      10_000,
    ],
    ['prices.disk_ns=5M', (s: System) => s.prices.disk_ns, 5_000_000],
    ['pages.disco.trigger=1K', (s: System) => s.pages.disco.trigger, 1000],
    ['pages.disco.trigger=infinite', (s: System) => s.pages.disco.trigger, 'infinite'],
    ['prices.refill_cycles=2K', (s: System) => s.prices.refill_cycles, 2000],
    ['machine.l2.size=2M', (s: System) => s.machine.l2!.size, 2 * 2 ** 20],
    ['monitor.vms.memory=64K', (s: System) => s.monitor!.vms.memory, 64 * 2 ** 10],
    ['monitor.patched_hal=off', (s: System) => s.monitor!.patched_hal, false],
    ['monitor.schedule.gang=on', (s: System) => s.monitor!.schedule.gang, true],
    ['monitor.footprint=No', (s: System) => s.monitor!.footprint, false],
    ['os.name=off', (s: System) => s.os.name, 'off'],
  ] as const)('%s', (text, of, value) => expect(of(set(text))).toBe(value));

  test('in a file, too, with the rest of its values', () => {
    const { os, pages } = parseSystem(
      'os: { timer_instructions: 2M, overlay: no }\npages: { disco: { trigger: 1K } }',
      'f',
    );
    expect([os.timer_instructions, os.overlay, pages.disco.trigger]).toEqual([2e6, false, 1000]);
  });

  test.each([
    ['monitor.schedule.gang=perhaps', 'expected true or false, got the text perhaps'],
    ['machine.cpus=1K', 'expected a number of at most 128, got 1000'],
    ['machine.l2.size=64k', 'expected bytes as a whole number, or with K, M or G'],
    ['os.jobs=1.5K', 'expected a number, got the text 1.5K'],
    ['monitor.patched_hal=1K', 'expected true or false, got the text 1K'],
  ])('%s is still wrong', (text, message) => expect(() => set(text)).toThrow(message));
});
