import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../sources.ts';
import { expectClean, expectRefusal, expectSuccess, inProcess, SMALL, workplace } from './cli.ts';

/** Runs of several virtual machines from the command line. */

const place = workplace();
const threads = join(ROOT, 'traces/user/mt4.drmemtrace');
const services = 'workload:services?cpus=4';

interface Run {
  readonly name: string;
  readonly notes: readonly string[];
  readonly tally: {
    readonly cpus: number;
    readonly instructions: number;
    readonly schedule: { readonly vcpus: readonly unknown[] } | null;
    readonly memory: { readonly virtual: object; readonly machine: object } | null;
  };
}

async function run(...args: readonly string[]): Promise<readonly Run[]> {
  const path = place.path('out.json');
  expectSuccess(await inProcess(['run', ...args, '--seeds', '1', '--json', path], place));
  expectClean(place);
  return JSON.parse(readFileSync(path, 'utf8')).comparisons[0].runs;
}

test('a trace divided among virtual machines beside one machine; memory and notes say what is shared', async () => {
  const [native, divided] = await run(threads, '--systems', 'irix,disco', '--set', 'monitor.vms.count=5');
  expect([native!.tally.cpus, divided!.tally.cpus]).toEqual([5, 5]);
  expect(divided!.tally.instructions).toBe(native!.tally.instructions);
  expect(native!.tally.memory).toBeNull();
  expect(divided!.notes.join()).toContain(
    '5 virtual machines share kernel text and disk blocks: kernel text',
  );
  expect(native!.notes.join()).not.toContain('virtual machines');
});

test('virtual CPUs are scheduled on fewer CPUs, which is said', async () => {
  const [one] = await run(`vms:${SMALL}*3`, '--systems', 'disco', '--set', 'machine.cpus=1');
  expect(one!.tally.schedule!.vcpus).toHaveLength(3);
  expect(one!.notes.join()).toContain('3 virtual CPUs are scheduled on 1');
  const flat = ['--set', 'machine.l2.inclusive=false'];
  const [apart] = await run(`vms:${SMALL}*2`, '--systems', 'disco', '--set', 'machine.cpus=1', ...flat);
  expect(apart!.notes.join()).toContain('in the accounts only');
});

test('systems that differ in memory, network and balancing are compared in one run', async () => {
  const names = ['remap', 'copy'];
  for (const network of names)
    writeFileSync(
      place.path(`${network}.yaml`),
      `extends: disco\nname: ${network}\nmonitor:\n  network: ${network}\n  vms: {count: 5, memory: 1M}\n  memory: {balancing: ${network === 'copy'}}\n`,
    );
  const runs = await run(threads, '--systems', names.map((name) => place.path(`${name}.yaml`)).join());
  expect(runs.map(({ name }) => name)).toEqual(names);
  expect(runs[0]!.tally.instructions).toBe(runs[1]!.tally.instructions);
});

test('a page policy without nodes to choose from is said to do nothing', async () => {
  const [one] = await run(
    SMALL,
    '--systems',
    'disco',
    '--set',
    'pages.policy=disco',
    '--set',
    'machine.nodes=1',
  );
  expect(one!.notes.join()).toContain('Page policy disco does nothing');
});

test.each([
  [
    [threads, '--systems', 'disco', '--set', 'monitor.vms.count=3'],
    /^vmtax: the 5 CPUs of .* cannot be divided evenly among 3/,
  ],
  [
    [`vms:${SMALL}*2`, '--systems', 'disco', '--set', 'monitor.vms.count=2'],
    'holds 2 virtual machines already',
  ],
  [
    [`vms:${SMALL}*2`, '--systems', 'irix,disco', '--set', 'machine.cpus=1'],
    'a monitor schedules virtual CPUs',
  ],
  [[services, '--systems', 'disco', '--set', 'monitor.vms.count=0'], 'monitor.vms.count'],
  [[services, '--systems', 'irix', '--set', 'monitor.vms.count=2'], 'monitor'],
])('%j is refused in one line', async (args, says) => {
  expectRefusal(await inProcess(['run', ...args], place), says);
  expectClean(place);
});
