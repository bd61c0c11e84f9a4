import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ended, expectClean, start, workplace } from './cli.ts';

const place = workplace();

/** A megabyte or so of Lackey text: a loop over 16 MB. */
const TEXT = Array.from(
  { length: 40_000 },
  (_, i) => `I  ${hex(0x400000 + (i & 1023) * 4)},4\n L ${hex(0x5000000 + i * 416)},8\n`,
).join('');

function hex(n: number): string {
  return n.toString(16).padStart(8, '0');
}

/** Writes the text again and again until nobody listens. */
async function pour(child: ChildProcess): Promise<void> {
  let open = true;
  child.stdin!.on('error', () => {
    open = false;
  });
  const end = once(child, 'exit');
  while (open && child.exitCode === null && child.signalCode === null)
    if (!child.stdin!.write(TEXT)) await Promise.race([once(child.stdin!, 'drain').catch(() => {}), end]);
}

/** Waits until something is in a directory: the work has begun, and there is something to clean up. */
async function until(happened: () => boolean): Promise<void> {
  while (!happened()) await setTimeout(20);
}
const temporary = (): boolean =>
  readdirSync(place.tmp).length > 0 || readdirSync(place.cwd).some((name) => name.endsWith('.tmp'));

test.each([
  ['run', ['run', '-'], 'SIGINT', 130],
  ['trace info', ['trace', 'info', '-'], 'SIGTERM', 143],
  ['run', ['run', '-'], 'SIGHUP', 129],
  ['trace convert', ['trace', 'convert', '-', 'out.vmt'], 'SIGINT', 130],
] as const)('%s of an endless pipe: a signal ends it cleanly', async (_, args, signal, status) => {
  const child = start(args, place, { stdio: ['pipe', 'pipe', 'pipe'] });
  const result = ended(child);
  const poured = pour(child);
  await until(temporary);
  await setTimeout(200); // in the middle of it
  child.kill(signal);
  expect(await result).toEqual({ status, stdout: '', stderr: 'vmtax: interrupted\n' });
  await poured;
  expect(readdirSync(place.cwd)).toEqual([]);
  expectClean(place);
});

test('a pipe that has gone silent does not keep it', async () => {
  const child = start(['run', '-'], place, { stdio: ['pipe', 'pipe', 'pipe'] });
  const result = ended(child);
  child.stdin!.on('error', () => {});
  child.stdin!.write(TEXT);
  await until(temporary);
  await setTimeout(200);
  child.kill('SIGINT');
  expect(await result).toEqual({ status: 130, stdout: '', stderr: 'vmtax: interrupted\n' });
  expectClean(place);
});
