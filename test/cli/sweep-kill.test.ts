import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { start, vmtax, workplace } from './cli.ts';

/** How many times to kill: 50 by `.ci/run` (VMTAX_KILLS=50), fewer at every other test run. */
const KILLS = Number(process.env.VMTAX_KILLS ?? 8);

const place = workplace();

const SWEEP = [
  ...['sweep', 'workload:services?cpus=1&instructions=2K', '--systems', 'irix,disco'],
  ...['--vary', 'machine.l2.size=256K..2M*2', '--vary', 'machine.tlb.entries=16,64,256'],
  ...['--vary', 'prices.local_ns=100..1000+25'],
];

const KINDS = ['json', 'csv', 'parquet'] as const;
const outputs = (name: string): string[] => KINDS.flatMap((kind) => [`--${kind}`, `${name}.${kind}`]);

test(`killed at ${KILLS} random moments and started again, it writes what an undisturbed run writes`, async () => {
  const begun = Date.now();
  expect((await vmtax([...SWEEP, ...outputs('whole')], place)).status).toBe(0);
  const duration = Date.now() - begun;
  const whole = KINDS.map((kind) => readFileSync(place.path(`whole.${kind}`)));

  let kills = 0;
  for (let sweep = 0; kills < KILLS; sweep++) {
    const name = `sweep-${sweep}`;
    for (let finished = false; !finished; ) {
      const child = start([...SWEEP, '--out', name, ...outputs(name)], place, { stdio: 'ignore' });
      const end = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
      // The last one may finish, so that every sweep is looked at.
      if (kills < KILLS) {
        await Promise.race([end, setTimeout(Math.random() * duration)]);
        child.kill('SIGKILL');
      }
      const [status, signal] = await end;
      if (signal === 'SIGKILL') kills++;
      else expect(status).toBe(0);
      finished = signal === null;
      for (const [at, kind] of KINDS.entries()) {
        const path = place.path(`${name}.${kind}`);
        // What has been written is whole at any moment; in the end it is there.
        if (finished || existsSync(path)) expect(readFileSync(path).equals(whole[at]!), kind).toBe(true);
      }
    }
  }
  expect(kills).toBe(KILLS);
}, 600_000);
