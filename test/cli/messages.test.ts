import { expect, test } from 'vitest';
import { ACTIONS } from '../../src/cli/messages.ts';
import { vmtax, workplace } from './cli.ts';

const place = workplace();

/** Commands that a help page lists, in order; `prefix`: how their lines begin. */
const listed = (help: string, prefix: string): string[] =>
  [...help.matchAll(new RegExp(`^ {2}${prefix} ([a-z]+)(?= |$)`, 'gm'))].map((match) => match[1]!);

test('messages know the commands and actions that there are', async () => {
  const top = await vmtax(['--help'], place);
  expect(listed(top.stdout, 'vmtax').filter((name) => name !== 'completion')).toEqual(Object.keys(ACTIONS));
  const each = Object.entries(ACTIONS).map(async ([command, actions]) => {
    const help = await vmtax([command, '--help'], place);
    expect(listed(help.stdout, `vmtax ${command}`)).toEqual(actions);
  });
  await Promise.all(each);
});
