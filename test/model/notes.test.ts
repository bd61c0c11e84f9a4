import { expect, test } from 'vitest';
import { compareSystems } from '../../src/model/run.ts';
import { applyOverrides, parseOverride, presetSystem } from '../../src/model/systems/load.ts';
import { ingest } from '../../src/trace/ingest.ts';
import { openWorkload } from '../../src/trace/workloads/open.ts';

/** Notes of a run, by system. */
async function notesOf(workload: string, presets: readonly string[], ...settings: readonly string[]) {
  const trace = await ingest(openWorkload(workload));
  const systems = applyOverrides(
    presets.map(presetSystem),
    // No note is about contention, which takes longest.
    ['machine.contention=none', ...settings].map(parseOverride),
  );
  const { runs } = await compareSystems(trace, systems, { warmup: null, baseline: null, seeds: 1 });
  await trace.close();
  return new Map(runs.map(({ name, notes }) => [name, notes.join(' ')]));
}

test('nodes that are fewer than CPUs because 64 are the most', async () => {
  const spec = 'workload:private?cpus=128&instructions=20K';
  expect((await notesOf(spec, ['irix'])).get('irix')).toContain('128 CPUs are on 64 nodes, 2 on each');
  expect((await notesOf(spec, ['irix'], 'machine.nodes=32')).get('irix')).not.toContain('CPUs are on');
});

test('fewer disks than virtual machines', async () => {
  const spec = 'workload:services?cpus=4&instructions=20K';
  const two = await notesOf(spec, ['disco', 'disco-2vms'], 'machine.disks=1');
  expect(two.get('disco-2vms')).toContain('machine.disks is 1, less than the 2 virtual machines');
  expect(two.get('disco')).not.toContain('machine.disks is');
});

test('contiguous placement whose memory fits on one node', async () => {
  const spec = 'workload:zipf?cpus=4&instructions=40K&heap=256K';
  const set = 'machine.placement=contiguous';
  expect((await notesOf(spec, ['irix'], set)).get('irix')).toContain(
    'Placement contiguous is as good as fixed',
  );
  const spread = await notesOf(spec, ['irix'], set, 'machine.node_memory=64K');
  expect(spread.get('irix')).not.toContain('as good as fixed');
});

test('systems of other sizes are told apart, sums from times', async () => {
  const notes = await notesOf(
    'workload:services?cpus=4&instructions=20K',
    ['irix', 'disco'],
    'disco:machine.cpus=2',
  );
  expect(notes.get('disco')).toContain('Runs on 2 CPUs and the baseline on 4');
  expect(notes.get('irix')).not.toContain('Runs on');
});

test('what a note says to set makes the policy scan', async () => {
  const spec = 'workload:zipf?cpus=4&instructions=50K';
  const preset = 'linux-numa-balancing';
  const silent = (await notesOf(spec, [preset])).get(preset)!;
  expect(silent).toContain('Page policy numa-balancing never scanned, and so did nothing');
  const settings = [...silent.matchAll(/--set (\S+=\d+)/g)].map(([, setting]) => setting!);
  expect(settings.length).toBe(2);
  expect((await notesOf(spec, [preset], ...settings)).get(preset)).not.toContain('never scanned');
});

test('a policy that has nothing to decide says what it lacks, and acts once it has that', async () => {
  const spec = 'workload:zipf?cpus=4&instructions=200K';
  const idle = (await notesOf(spec, ['disco-numa'])).get('disco-numa')!;
  expect(idle).toContain(
    'Page policy disco decided nothing: no page of another node had 128 misses of one CPU',
  );
  // Shorter intervals would leave it with even fewer misses.
  expect(idle).not.toContain('pages.disco.reset_interval_ns');
  const busy = (await notesOf(spec, ['disco-numa'], 'pages.disco.trigger=4')).get('disco-numa')!;
  expect(busy).not.toContain('decided nothing');
  const off = (await notesOf(spec, ['disco-numa'], 'pages.disco.trigger=infinite')).get('disco-numa')!;
  expect(off).not.toContain('decided nothing');
});
