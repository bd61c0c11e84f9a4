import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ended, expectRefusal, inProcess, SMALL, start, vmtax, workplace } from './cli.ts';

/** What `vmtax sweep` says of what is wrong: as it was written, and where. */

const place = workplace();

test.each([
  [['machine.l2.sise=1M'], '--vary machine.l2.sise=1M: no such field'],
  [['machine.l2.sise=1M,2M'], '--vary machine.l2.sise=1M,2M: no such field'],
  [['prices.remote_ms=1K'], '--vary prices.remote_ms=1K: no such field'],
  [['machine.l2.size=1M,3x'], '--vary machine.l2.size=3x (system irix): machine.l2.size: expected bytes'],
  [['native:machine.l2.size=1M'], '--vary native:machine.l2.size=1M: no system native in this sweep'],
])('--vary %j is named as it was typed', async (vary, says) => {
  const args = ['sweep', SMALL, '--systems', 'irix', ...vary.flatMap((one) => ['--vary', one])];
  expectRefusal(await inProcess(args, place), says);
});

test.each([
  ['machine.l2.sise: 1M', ':3:3: vary.machine.l2.sise: no such field'],
  ['prices.remote_ms: 1..5+1', ':3:3: vary.prices.remote_ms: no such field'],
  ['machine.l2.size: [1M, 3x]', ':3:3: vary.machine.l2.size: 3x (system irix): machine.l2.size: expected'],
])('in a plan, %s is named with its place', async (line, says) => {
  const plan = place.path('plan.yaml');
  writeFileSync(plan, `systems: irix\nvary:\n  ${line}\n`);
  expectRefusal(await inProcess(['sweep', SMALL, plan], place), `${plan}${says}`);
});

test('no output replaces a plan, nor what a sweep’s directory needs', async () => {
  const plan = place.path('own.yaml');
  const written = 'systems: irix\nvary:\n  prices.remote_ns: [300, 400]\n';
  writeFileSync(plan, written);
  expectRefusal(await inProcess(['sweep', SMALL, plan, '--json', plan], place), 'would replace the input');
  expect(readFileSync(plan, 'utf8')).toBe(written);
  const directory = place.path('laid');
  await inProcess(['sweep', SMALL, plan, '--out', directory], place);
  for (const name of ['plan.json', 'units.jsonl']) {
    const before = readFileSync(join(directory, name), 'utf8');
    const output = ['--csv', join(directory, name)];
    for (const args of [
      ['sweep', 'gather', directory, ...output],
      ['sweep', SMALL, plan, '--out', directory, ...output],
    ])
      expectRefusal(await inProcess(args, place), 'would replace the input');
    expect(readFileSync(join(directory, name), 'utf8')).toBe(before);
  }
});

test('a warm-up that leaves nothing is found before anything is replayed', async () => {
  const store = join(SMALL, '../../malta64-db.vmt');
  const args = ['sweep', store, '--systems', 'irix', '--vary', 'machine.tlb.entries=32,64'];
  const long = await inProcess([...args, '--warmup', '1e12'], place);
  expectRefusal(long, 'a warm-up of 1000000000000 instructions leaves nothing of');
  // Text has no length until it was read: then it is found, and the directory has no result.
  const text = place.path('short.lackey');
  writeFileSync(text, 'I  04000000,4\n L 1fff0000,8\n'.repeat(100));
  const directory = place.path('short');
  const read = ['sweep', text, '--warmup', '100', '--vary', 'machine.tlb.entries=32,64', '--out', directory];
  const found = await inProcess(read, place);
  expect(found.status).toBe(2);
  expect(found.stderr).toMatch(
    /vmtax: a warm-up of 100 instructions leaves nothing of .*: the trace has 100/,
  );
  expect(readdirSync(join(directory, 'units'))).toEqual([]);
});

test('a directory that holds no trace is called so, whatever is in it', async () => {
  const directory = place.path('heap');
  mkdirSync(directory);
  symlinkSync('nowhere', join(directory, 'dangling'));
  const args = ['sweep', directory, '--vary', 'machine.tlb.entries=32,64'];
  expectRefusal(await inProcess(args, place), `${directory}: the directory holds no trace`);
});

test('the page of a sweep that is not finished counts what was replayed', async () => {
  const directory = place.path('part');
  const vary = ['--systems', 'irix', '--vary', 'machine.tlb.entries=16,32,64'];
  await inProcess(['sweep', 'plan', SMALL, ...vary, '--out', directory], place);
  expect((await inProcess(['sweep', 'run', directory, '--shard', '1/3'], place)).status).toBe(0);
  const page = place.path('part.html');
  const gather = ['sweep', 'gather', directory, '--partial', '--html', page];
  await inProcess(gather, place);
  expect(readFileSync(page, 'utf8')).toContain('1 structure of systems replayed of 3 planned.');
  await inProcess(['sweep', 'run', directory], place);
  await inProcess(gather, place);
  expect(readFileSync(page, 'utf8')).toContain('3 structures of systems replayed. ');
});

test.each(['{}', '[]', 'null', '{"schema":"vmtax.sweep-plan/1","traces":[]}', '{"schema"'])(
  'a plan.json of %s is damaged',
  async (text) => {
    const directory = place.path('spoilt');
    mkdirSync(directory, { recursive: true });
    writeFileSync(join(directory, 'plan.json'), text);
    for (const action of ['run', 'gather'])
      expectRefusal(
        await inProcess(['sweep', action, directory], place),
        'plan.json: is damaged; plan again',
      );
  },
);

test('what a system alone is compared with is a cell that has a result', async () => {
  const args = ['sweep', SMALL, '--systems', 'irix', '--vary'];
  const { stdout } = await inProcess([...args, 'prices.l2_hit_ns=1e13,50,60'], place);
  expect(stdout).toContain('against the first cell with a result');
  const whole = await inProcess([...args, 'prices.l2_hit_ns=50,60'], place);
  expect(whole.stdout).not.toContain('with a result');
});

test('a directory that cannot be made is one line, at once', async () => {
  const sweep = ['sweep', SMALL, '--systems', 'irix', '--vary', 'machine.tlb.entries=32,64', '--out'];
  expectRefusal(await vmtax([...sweep, '/proc/vmtax/deep'], place, { timeout: 20_000 }), /\/proc/);
  writeFileSync(place.path('file'), '');
  expectRefusal(await vmtax([...sweep, join('file', 'x')], place), /file\/x: /);
});

test('what is damaged is not called missing, and one is not several', async () => {
  const directory = place.path('kept/deep/down');
  const sweep = ['sweep', SMALL, '--systems', 'irix', '--vary', 'machine.tlb.entries=32,64'];
  expect((await inProcess([...sweep, '--out', directory], place)).status).toBe(0);
  const units = readdirSync(`${directory}/units`).filter((name) => name.endsWith('.unit'));
  const [first, second] = units.map((name) => `${directory}/units/${name}`);
  const bytes = readFileSync(first!);
  bytes[60]! ^= 1;
  writeFileSync(first!, bytes);
  const gather = ['sweep', 'gather', directory];
  expect((await inProcess(gather, place)).stderr).toMatch(
    /^vmtax: 1 unit is damaged: [0-9a-f]{24}; .* does it, --partial does without\n$/,
  );
  expect((await inProcess([...gather, '--partial'], place)).stderr).toContain('its result is damaged');
  rmSync(second!);
  expect((await inProcess(gather, place)).stderr).toMatch(
    /^vmtax: 1 unit is missing: .*; 1 unit is damaged: /,
  );
  expect((await inProcess(['sweep', 'run', directory], place)).status).toBe(0);
  expect((await inProcess(gather, place)).status).toBe(0);
});

test('interrupted with a directory: the same command resumes', async () => {
  const sweep = ['sweep', 'workload:zipf?cpus=1&instructions=4M', '--systems', 'irix,disco'];
  const out = place.path('broken-off');
  const child = start([...sweep, '--vary', 'machine.tlb.entries=16,32,64', '--out', out], place);
  const result = ended(child);
  for (let there = false; !there; await setTimeout(20))
    there = readdirSync(place.cwd).includes('broken-off') && readdirSync(out).includes('units');
  child.kill('SIGINT');
  const { status, stderr } = await result;
  expect(stderr).toMatch(/vmtax: interrupted; what is done is kept: the same command resumes\n$/);
  expect(status).toBe(130);
});
