import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/trace/errors.ts';
import { openTrace } from '../../src/trace/formats/registry.ts';
import { ingest } from '../../src/trace/ingest.ts';
import { LIBRARY } from '../../src/trace/workloads/library.ts';
import { servicesWorkload } from '../../src/trace/workloads/library-services.ts';
import { openDescription, openWorkload, parseWorkload } from '../../src/trace/workloads/open.ts';
import { checkedWorkload, type WorkloadInput } from '../../src/trace/workloads/schema.ts';
import { complaint } from './reading.ts';
import { balanceCheck, describeTrace, digest, open, walk } from './workloads-reading.ts';

const refused = (work: () => unknown): Promise<string> => complaint(Promise.resolve().then(work));

describe('specifications', () => {
  it('take parameters, with K, M and G', async () => {
    const trace = open('zipf?cpus=2&seed=7&instructions=0.1M&stretch=2K&theta=1.2&heap=2M');
    expect(trace.header).toMatchObject({
      name: 'zipf',
      format: 'workload',
      level: 'user',
      cpus: 2,
      instructionBytes: 4,
      physical: true,
      provenance: {
        workload: 'zipf',
        seed: '7',
        stretch: '2000 instructions',
        parameters: 'cpus=2 theta=1.2 heap=2097152 instructions=100000 stretch=2000',
      },
    });
    expect(open('services').header.level).toBe('system');
    expect(trace.summary()).toBeNull();
    expect((await walk(trace)).instructions).toBe(100_000);
  });

  it('are opened where a trace is asked for, and can be ingested', async () => {
    const trace = await openTrace('workload:services?instructions=100K');
    const expected = await digest(trace);
    const store = await ingest(await openTrace('workload:services?instructions=100K'));
    expect(store.summary()).toEqual(trace.summary());
    expect(await digest(store)).toBe(expected);
    await store.close();
  });

  it.each([
    ['workload:zipff', /unknown workload "zipff".*ping-pong.*zipf.*services/],
    ['workload:', /unknown workload ""/],
    ['workload:toString', /unknown workload/],
    ['workload:zipf?cpu=8', /unknown parameter "cpu".*cpus, seed, instructions, stretch, theta, heap/],
    ['workload:zipf?constructor=8', /unknown parameter/],
    ['workload:zipf?cpus=eight', /cpus=eight: expected a whole number from 1 to 128/],
    ['workload:zipf?cpus=0', /from 1 to 128/],
    ['workload:zipf?cpus=129', /from 1 to 128/],
    ['workload:zipf?cpus=1.5', /whole number/],
    ['workload:zipf?cpus=', /whole number/],
    ['workload:zipf?cpus=-1', /whole number/],
    ['workload:zipf?theta=1e9', /a number from 0 to 10/],
    ['workload:zipf?cpus', /key=value/],
    ['workload:zipf?cpus=2&cpus=3', /twice/],
    ['workload:ping-pong?cpus=1', /from 2 to 128/],
    ['workload:ping-pong?line=100', /power of two/],
    ['workload:no/such.yaml', /^no\/such\.yaml: no such file or directory$/],
  ])('%s is refused', async (spec, message) => {
    expect(await refused(() => openWorkload(spec))).toMatch(message);
  });
});

const MINIMAL = `
name: tiny
cpus: 2
instructions: 5K
processes:
  - name: p
    count: 2
    regions:
      text: { bytes: 4K }
      heap: { bytes: 64K, share: all }
    phases:
      - instructions: 1K
        code: { region: text }
        fetch: 4
        data: [{ region: heap, load: 1, place: { kind: zipf, theta: 0.9 } }]
`;

describe('descriptions in YAML', () => {
  it('are parsed, with their defaults', async () => {
    expect(parseWorkload(MINIMAL, 'tiny.yaml')).toMatchObject({
      instructions: 5000,
      stretch: 1000,
      line: 64,
    });
    const trace = openDescription(MINIMAL, 'tiny.yaml', new Map([['instructions', '8K']]));
    expect((await walk(trace)).instructions).toBe(8000);
  });

  it.each([
    ['cpus: 2', 'cpus: 200', /cpus/],
    ['name: tiny', 'naem: tiny', /naem/],
    ['4K }', '4 }\n      text: {}', /^tiny\.yaml:10:7: this field is written twice$/],
    ['region: heap', 'region: help', /processes\[0\]\.phases\[0\]\.data\[0\]\.region: no region help/],
    ['region: text', 'region: txt', /code\.region: no region txt/],
    ['fetch: 4', 'fetch: 0.5', /1 operands to 0\.5 instructions/],
    ['theta: 0.9', 'theta: 0.9, from: 128K', /outside region heap/],
    ['theta: 0.9', 'theta: .nan', /theta/],
    ['kind: zipf', 'kind: zip', /place\.kind/],
    ['64K', '64 kilo', /expected bytes/],
    ['64K', '1G, at: 12', /multiple of 4096/],
    ['64K', '3G', /2 GB/],
    ['load: 1', 'load: 0', /all weights are 0/],
    ['code: {', 'once: true\n        code: {', /at least one must repeat/],
    ['count: 2', 'count: 2\n    cpus: [2]', /CPU 2 is not there/],
    ['count: 2', 'count: 2\n    services: [read]', /no service read/],
    [
      'place: { kind: zipf, theta: 0.9 }',
      'place: { kind: distances, profile: [[0, 0.5]] }',
      /add up to 0\.5/,
    ],
    ['place: { kind: zipf, theta: 0.9 }', 'place: { kind: distances, profile: [[9999, 1]] }', /only 1024/],
    ['load: 1', 'load: 1, size: 3', /operand size/],
  ])('%s changed to %s is refused', async (from, to, message) => {
    expect(MINIMAL).toContain(from);
    expect(await refused(() => openDescription(MINIMAL.replace(from, to), 'tiny.yaml'))).toMatch(message);
  });

  it('the one in the documentation runs', async () => {
    const text = readFileSync(new URL('../../docs/workloads.md', import.meta.url), 'utf8');
    const parts = [...text.matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1]);
    expect(parts.length).toBe(2);
    const trace = openDescription(parts.join(''), 'docs', new Map([['instructions', '500K']]));
    expect((await walk(trace)).instructions).toBeGreaterThanOrEqual(500_000);
  });

  it('that are no descriptions are refused', async () => {
    for (const text of ['', '3', '[]', 'a: [', '{}', 'null', '&a [*a]'])
      expect(await refused(() => openDescription(text, 'x.yaml'))).toMatch(/^x\.yaml:(\d+:\d+:)? /);
  });

  it('kernel mistakes are refused', async () => {
    const base = servicesWorkload({ cpus: 2, jobs: 1 });
    const change = (name: string, service: object): unknown => ({
      ...base,
      kernel: {
        ...base.kernel,
        services: { ...base.kernel!.services, [name]: { ...base.kernel!.services.read, ...service } },
      },
    });
    const cases: [string, object, RegExp][] = [
      ['read', { locks: [{ lock: 'none', hold: 1 }] }, /no lock none/],
      ['read', { locks: [{ lock: 'runq', hold: 5000 }] }, /held for 5000/],
      ['read', { disk: { file: 'nowhere' } }, /no file nowhere/],
      ['read', { syscall: 1, interrupt: 2 }, /more than one of/],
      ['read', { privileged: { 'mtc0 nothing': 1 } }, /privileged/],
      ['read', { copies: [{ from: 'cache', to: 'nothing', bytes: 64 }] }, /no region nothing/],
      ['strange', {}, /which of the known services/],
      ['TIMER', { when: { on: 'rate', every: 3000, of: 'cpu' } }, /leave no time/],
      ['mmap', { when: { on: 'fault', kind: 'zero' } }, /another service for zero faults/],
      ['wait', { when: { on: 'exit' } }, /another service for exit/],
    ];
    for (const [name, service, message] of cases)
      expect(await refused(() => checkedWorkload(change(name, service), 'kernel'))).toMatch(message);
  });
});

const PROFILE: [number, number, number][] = [
  [0, 0, 0.5],
  [1, 9, 0.5],
];

/** Random valid descriptions, small enough to run at once. */
const place = fc.oneof(
  fc.constant({ kind: 'uniform' as const }),
  fc.record({ kind: fc.constant('sequential' as const), stride: fc.constantFrom(8, 64, 1024) }),
  fc.record({
    kind: fc.constant('zipf' as const),
    theta: fc.double({ min: 0, max: 2, noNaN: true }),
    over: fc.constantFrom('lines' as const, 'pages' as const),
    scatter: fc.boolean(),
  }),
  fc.constant({ kind: 'chase' as const }),
  fc.constant({
    kind: 'distances' as const,
    profile: PROFILE,
  }),
  fc.record({ kind: fc.constant('streams' as const), count: fc.integer({ min: 1, max: 16 }) }),
);
const weights = fc.record({
  load: fc.integer({ min: 0, max: 3 }),
  store: fc.integer({ min: 1, max: 3 }),
  update: fc.integer({ min: 0, max: 2 }),
  size: fc.constantFrom(1, 4, 8),
  place,
});
const workOn = (regions: readonly string[], code: string) =>
  fc.record({
    code: fc.record(
      {
        region: fc.constant(code),
        run: fc.integer({ min: 1, max: 40 }),
        loop: fc.double({ min: 0, max: 0.9, noNaN: true }),
        targets: place,
      },
      { requiredKeys: ['region'] },
    ),
    fetch: fc.integer({ min: 30, max: 60 }),
    order: fc.constantFrom('random' as const, 'turns' as const),
    data: fc.array(
      weights.chain((w) => fc.constantFrom(...regions).map((region) => ({ ...w, region }))),
      { maxLength: 3 },
    ),
  });

const USER = ['text', 'heap', 'mapped', 'shared'];
const KERNEL_REGIONS = ['ktext', 'table', 'own', 'stack', 'heap'];

const process = fc.record({
  count: fc.integer({ min: 1, max: 3 }),
  phases: fc.array(
    fc
      .tuple(workOn(USER, 'text'), fc.integer({ min: 1, max: 3000 }), fc.boolean())
      .map(([work, instructions, handover]) => ({
        ...work,
        instructions,
        handover,
      })),
    { minLength: 1, maxLength: 3 },
  ),
  roam: fc.integer({ min: 0, max: 2 }),
  rounds: fc.integer({ min: 0, max: 4 }),
  life: fc.option(
    fc.record({
      instructions: fc.integer({ min: 500, max: 9000 }),
      spacing: fc.constantFrom('exponential' as const, 'regular' as const),
    }),
    { nil: undefined },
  ),
});

const when = fc.oneof(
  fc.record({
    on: fc.constant('rate' as const),
    every: fc.integer({ min: 50, max: 5000 }),
    spacing: fc.constantFrom('exponential' as const, 'regular' as const),
  }),
  fc.record({
    on: fc.constant('rate' as const),
    every: fc.integer({ min: 2000, max: 9000 }),
    of: fc.constant('cpu' as const),
  }),
  fc.constant({ on: 'create' as const }),
  fc.constant({ on: 'switch' as const }),
  fc.constant({ on: 'boot' as const }),
);
const service = fc
  .tuple(
    workOn(KERNEL_REGIONS, 'ktext'),
    when,
    fc.integer({ min: 60, max: 900 }),
    fc.nat({ max: 3 }),
    fc.nat({ max: 900 }),
  )
  .map(([work, on, instructions, variant, sleep]) => ({
    ...work,
    when: on,
    instructions,
    spread: variant / 4,
    sleep,
    privileged: { 'mfc0 cause': variant, tlbwi: 1 },
    locks: variant > 1 ? [{ lock: 'lock', hold: 20, times: variant - 1 }] : [],
    copies: variant === 3 ? [{ from: 'table', to: 'heap', bytes: 256 }] : [],
    ...(variant > 0 ? { disk: { file: 'file', probability: 0.5 } } : {}),
  }));

const kernel = fc
  .record({
    zeroing: fc.constantFrom('stores' as const, 'none' as const),
    read: service,
    open: service,
    fault: fc.option(service, { nil: undefined }),
  })
  .map(({ zeroing, read, open: opening, fault }) => ({
    zeroing,
    regions: {
      ktext: { bytes: '8K' },
      table: { bytes: '16K', file: 'file' },
      own: { bytes: '4K', per: 'cpu' as const },
      stack: { bytes: '8K', per: 'thread' as const, mapped: true },
    },
    files: { file: 20 },
    locks: { lock: { count: 2 } },
    services: {
      read,
      open: opening,
      ...(fault === undefined
        ? {}
        : {
            DEMAND_ZERO: { ...fault, when: { on: 'fault' as const, kind: 'zero' as const } },
            FILE_PAGE: { ...fault, when: { on: 'fault' as const, kind: 'file' as const } },
          }),
    },
  }));

const description: fc.Arbitrary<WorkloadInput> = fc
  .record({
    cpus: fc.integer({ min: 1, max: 5 }),
    seed: fc.nat(),
    stretch: fc.integer({ min: 1, max: 5000 }),
    slice: fc.integer({ min: 1, max: 5000 }),
    frames: fc.constantFrom('contiguous' as const, 'scattered' as const),
    processes: fc.array(process, { minLength: 1, maxLength: 3 }),
    kernel: fc.option(kernel, { nil: undefined }),
  })
  .map((value) => ({
    ...value,
    name: 'random',
    instructions: 20_000,
    processes: value.processes.map((one, at) => ({
      ...one,
      name: `p${at}`,
      regions: {
        text: { bytes: '4K', share: 'text' },
        heap: { bytes: '24K', fault: 'zero' as const },
        mapped: { bytes: '8K', share: 'file', fault: 'file' as const, file: 'file' },
        shared: { bytes: '12K', share: 'shared', fault: 'zero' as const },
      },
    })),
  }));

describe('random descriptions', () => {
  it('that are valid run to their end, well formed', async () => {
    await fc.assert(
      fc.asyncProperty(description, async (input) => {
        const balance = balanceCheck(input.cpus!);
        const { instructions } = await walk(describeTrace(input), { event: balance.event });
        expect(balance.open()).toBe(0);
        expect(instructions).toBeGreaterThan(0);
      }),
      { numRuns: 100 },
    );
  });

  it('with anything wrong in them are refused with a message, or run', async () => {
    const junk = fc.constantFrom<unknown>(
      -1,
      0,
      1e300,
      Number.NaN,
      '',
      'heap',
      null,
      [],
      {},
      true,
      3.5,
      '9G',
    );
    await fc.assert(
      fc.asyncProperty(description, junk, fc.nat(), async (input, wrong, choice) => {
        const broken = structuredClone(input) as unknown as Record<string, unknown>;
        const spots: [Record<string, unknown>, string][] = [];
        const collect = (node: unknown): void => {
          if (typeof node !== 'object' || node === null) return;
          for (const key of Object.keys(node)) {
            spots.push([node as Record<string, unknown>, key]);
            collect((node as Record<string, unknown>)[key]);
          }
        };
        collect(broken);
        const [node, key] = spots[choice % spots.length]!;
        node[key] = wrong;
        try {
          for await (const chunk of describeTrace(broken as unknown as WorkloadInput).chunks())
            if (chunk.length > 30_000) break;
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
          expect(error.message).not.toContain('\n');
          expect(error.message).not.toMatch(SCHEMA_WORDS);
        }
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    [
      'kind: zipf',
      'kind: zip',
      'place.kind: expected one of sequential, uniform, zipf, chase, distances, streams, got the text zip',
    ],
    ['{ kind: zipf, theta: 0.9 }', '3', 'data[0].place: expected a mapping of fields, got 3'],
    [
      'text: { bytes: 4K }',
      '9x: { bytes: 4K }',
      'regions.9x: expected a name: a letter, then letters, digits, blanks, _ . : -, got the text 9x',
    ],
    ['cpus: 2', 'cpus: 2.5', 'cpus: expected a whole number, got 2.5'],
    ['cpus: 2', 'cpus: 200', 'cpus: expected a number of at most 128, got 200'],
    ['cpus: 2', 'cpus: 2\nfrom: 1', 'from: no such field'],
    [
      '[{ region: heap, load: 1, place: { kind: zipf, theta: 0.9 } }]',
      'heap',
      'data: expected a list, got the text heap',
    ],
    [
      '{ kind: zipf, theta: 0.9 }',
      '{ kind: distances, profile: [] }',
      'profile: expected a list of at least 1 entry, got an empty list',
    ],
    [
      '{ kind: zipf, theta: 0.9 }',
      '{ kind: distances, profile: [[x, 1]] }',
      'profile[0][0]: expected a number or oldest, got the text x',
    ],
    [
      '{ kind: zipf, theta: 0.9 }',
      '{ kind: distances, profile: [[1, 2, 3, 4]] }',
      'profile[0]: expected a list of at most 2 entries or a list of at most 3 entries, got a list of 4',
    ],
  ])('%s changed to %s: the message is in our words', async (from, to, message) => {
    expect(MINIMAL).toContain(from);
    const said = await refused(() => openDescription(MINIMAL.replace(from, to), 'tiny.yaml'));
    expect(said).toContain(message);
    expect(said).not.toMatch(SCHEMA_WORDS);
  });
});

/** How the library of schemas puts it. */
const SCHEMA_WORDS =
  /Invalid|Too (?:big|small)|Unrecognized|received|expected (?:string|number|array|object|int|record)\b/;

it('every ready-made workload is described, and runs with its defaults', async () => {
  for (const [name, entry] of Object.entries(LIBRARY)) {
    expect(entry.description.length).toBeGreaterThan(10);
    for (const parameter of Object.values(entry.parameters)) expect(parameter.description).not.toBe('');
    expect((await walk(open(`${name}?instructions=50K`))).instructions).toBeGreaterThan(10_000);
  }
});
