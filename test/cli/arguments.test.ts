import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectClean, expectRefusal, expectSuccess, inProcess, SMALL, vmtax, workplace } from './cli.ts';

const place = workplace();
/** An output that must not come into being. */
const OUT = join(tmpdir(), `vmtax-cli-never-${process.pid}.vmt`);

/** Each row: arguments, what the one line on standard error must say. Nothing may be written. */
async function refuses(rows: readonly (readonly [readonly string[], RegExp | string])[]): Promise<void> {
  for (const [args, says] of rows) {
    const result = await inProcess(args, place);
    expect({ args, ...result }).toMatchObject({ status: 2 });
    expectRefusal(result, says);
  }
  expect(existsSync(OUT)).toBe(false);
  expectClean(place);
}

describe('options with a number', () => {
  // yargs itself lets NaN, no value, `--no-x` and doubled options pass: what each option must make of them.
  const numeric: readonly (readonly [string, string[]])[] = [
    ['warmup', ['run', SMALL]],
    ['records', ['trace', 'head', SMALL]],
    ['quality', ['trace', 'convert', SMALL, OUT]],
    ['quality', ['trace', 'record', '--output', OUT]],
  ];
  test.each(numeric)('--%s of %j', async (name, before) => {
    // The words of the command to record come last.
    const command = before[1] === 'record' ? ['--', 'true'] : [];
    const row = (words: string[], says: RegExp | string) =>
      [[...before, ...words, ...command], says] as const;
    await refuses([
      row([`--${name}`, 'abc'], `--${name} abc: expected a whole number`),
      ...(command.length > 0 ? [] : [row([`--${name}`], `--${name} needs a value`)]),
      row([`--${name}=`], `--${name} needs a value`),
      // Before a command it takes the first word for its value.
      row([`--no-${name}`], new RegExp(`unknown option: --no-${name}|an argument is missing`)),
      row([`--${name}`, '1', `--${name}`, '2'], `--${name} is given more than once`),
      row([`--${name}`, 'NaN'], `--${name} NaN: expected a whole number`),
      row([`--${name}`, 'Infinity'], 'expected a whole number'),
      row([`--${name}`, '-1'], `--${name} -1: expected a whole number`),
      row([`--${name}`, '1.5'], 'expected a whole number'),
      row([`--${name}`, '1e400'], 'expected a whole number'),
      row([`--${name}`, '0x10'], 'expected a whole number'),
    ]);
  });

  test('numbers as people write them', async () => {
    const args = ['run', SMALL, '--systems', 'drcachesim', '--csv', '-', '--warmup'];
    const [plain, short, exponent] = await Promise.all(
      ['1000', '1K', '1e3'].map((n) => vmtax([...args, n], place)),
    );
    expectSuccess(plain!);
    expect(short).toEqual(plain);
    expect(exponent).toEqual(plain);
  });
});

test('commands, positionals and unknown options', () =>
  refuses([
    [[], 'name a command: run, sweep, reproduce, trace or system'],
    [['ru'], 'did you mean run?'],
    [['nosuch'], 'unknown command: nosuch; see vmtax --help'],
    [['run'], 'name a trace, or --shipped'],
    [['run', SMALL, '--bogus'], 'unknown option: --bogus; see vmtax run --help'],
    [['run', SMALL, '--shipped'], 'give traces or --shipped, not both'],
    [['run', SMALL, SMALL], 'a trace is named twice'],
    [['run', SMALL, ''], 'an argument is empty'],
    [['run', SMALL, '--shipped=false'], '--shipped takes no value'],
    [['run', SMALL, '--debug=1'], '--debug takes no value'],
    [['trace'], 'name an action: info, convert, head, record or workloads'],
    [['trace', 'inf', SMALL], 'did you mean info?'],
    [['trace', 'info'], 'an argument is missing'],
    [['trace', 'info', SMALL, 'more'], 'unknown option or argument: more'],
    [['trace', 'convert', SMALL], 'an argument is missing'],
    [['trace', 'convert', SMALL, OUT, '--method', 'zip'], '--method "zip": expected one of "none"'],
    [['trace', 'convert', SMALL, OUT, '--quality', '10'], '--quality 10: deflate takes 1 to 9'],
    [['trace', 'convert', SMALL, OUT, '--method', 'none', '--quality', '5'], '--method none has none'],
    [['trace', 'record', '--', 'true'], 'missing option: -o/--output FILE'],
    [['trace', 'record', '--output', OUT], 'an argument is missing'],
    [['system'], 'name an action: list, show, schema or check'],
    [['system', 'show'], 'an argument is missing'],
  ]));

test('what is missing or unknown is named as it is written, with the help that has it', async () => {
  for (const [args, says, help] of [
    [['sweep', 'plan', SMALL], 'missing option: --out; see', ['sweep', 'plan']],
    [['sweep', 'run'], 'an argument is missing; see', ['sweep', 'run']],
    [['sweep', 'gather', 'x', '--shrad', '1/2'], 'unknown option: --shrad; see', ['sweep', 'gather']],
    [['sweep', SMALL, '--shrad=1/2'], 'unknown option: --shrad; see', ['sweep']],
    [['run', SMALL, '-x'], 'unknown option: -x; see', ['run']],
    [['trace', 'nosuch'], 'unknown command: nosuch; see', ['trace']],
    [['trace', 'record', '--', 'true'], 'missing option: -o/--output FILE; see', ['trace', 'record']],
    [['system', 'show'], 'an argument is missing; see', ['system', 'show']],
    [['reproduce', '--nosuch'], 'unknown option: --nosuch; see', ['reproduce']],
    [['__proto__'], 'unknown command: __proto__; see', []],
  ] as const) {
    const words = ['vmtax', ...help].join(' ');
    expectRefusal(await inProcess(args, place), `${says} ${words} --help`);
  }
  const { status, stdout } = await vmtax(['sweep', 'plan', '--help'], place);
  expect({ status, start: stdout.slice(0, 16) }).toEqual({ status: 0, start: 'vmtax sweep plan' });
  expect(stdout).toContain('--out ');
});

test('options of run that name things', () =>
  refuses([
    [['run', SMALL, '--format', 'nope'], 'unknown trace format "nope"; the formats are'],
    [['run', SMALL, '--format', 'din'], SMALL],
    [['run', SMALL, '--systems', 'nope'], 'no system named "nope": give a file, or one of irix, disco'],
    [['run', SMALL, '--systems', '__proto__'], 'no system named "__proto__"'],
    [['run', SMALL, '--systems', 'irix,,disco'], 'an empty item in the list'],
    [['run', SMALL, '--systems', 'irix,irix'], 'system irix is given twice'],
    [['run', SMALL, '--systems', 'irix', '--systems', 'disco'], '--systems is given more than once'],
    [['run', SMALL, '--baseline', 'nope'], '--baseline nope is not one of the systems of this run'],
    [['run', SMALL, '--machine', 'nope.yaml'], 'nope.yaml: no such file'],
    [['run', SMALL, '--warmup', '999G'], 'leaves nothing of'],
  ]));

test('--set', () =>
  refuses(
    (
      [
        ['foo', 'expected path=value'],
        ['', 'an argument is empty'],
        ['machine.nope=1', 'no such field in irix, disco'],
        ['machine=', 'machine'],
        ['nope:machine.cpus=1', 'no system nope in this run (irix, disco)'],
        ['machine.cpus=[1', 'is not valid YAML'],
        ['name=x', 'name cannot be set'],
        ['machine.nodes=!what 1', 'is not valid YAML'],
        ['machine.tlb.entries=NaN', 'machine.tlb.entries: expected a number, got the text NaN'],
        ['machine.tlb.entries=.nan', 'machine.tlb.entries: expected a number, got NaN'],
        ['machine.tlb.entries=', 'machine.tlb.entries: a value is missing'],
        ['machine.tlb.entries=-4', 'machine.tlb.entries: expected a number above 0, got -4'],
        ['machine.tlb.entries=1.5', 'machine.tlb.entries: expected a whole number, got 1.5'],
        ['machine.tlb.tags=x', 'machine.tlb.tags: expected one of asid, none, got the text x'],
        ['machine.l2.size=12X', 'machine.l2.size: expected bytes as a whole number, or with K, M or G'],
        ['os.refill_loads=x', 'os.refill_loads: expected a number or recorded, got the text x'],
        ['prices.local_ns=-1', 'prices.local_ns: expected a number of at least 0, got -1'],
        ['prices.cycle_ns=0', 'prices.cycle_ns: expected a number above 0, got 0'],
        ['prices.local_ns=.inf', 'prices.local_ns'],
        ['machine.l2.size=3000', 'size of 3000 bytes: must be a power of two'],
        ['machine.l2.line=8192', 'must be a power of two from 4 to 4096'],
        ['machine.l1d.ways=4096', '4096 ways of 64-byte lines do not fit'],
        ['machine.l1d.line=256', 'longer than the L2’s 128'],
        ['machine.tlb.wired=64', 'leave none to replace'],
        ['machine.nodes=-1', 'machine.nodes'],
        ['machine.__proto__.x=1', 'no such field'],
        ['__proto__.x=1', 'no such field'],
        ['constructor.prototype.x=1', 'no such field'],
        ['toString=1', 'no such field'],
      ] as const
    ).map(([text, says]) => [['run', SMALL, '--set', text], says] as const),
  ));

test('--help, --version and a command’s help go to standard output', async () => {
  const [help, version, run] = await Promise.all([
    vmtax(['--help'], place),
    vmtax(['--version'], place),
    vmtax(['run', '--help'], place),
  ]);
  for (const result of [help, version, run]) expectSuccess(result!);
  expect(help!.stdout).toMatch(/vmtax run[\s\S]*vmtax trace[\s\S]*vmtax system/);
  expect(version!.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(run!.stdout).toContain('--warmup');
  for (const result of [help, run]) {
    const text = result!.stdout.replace(/\s+/g, ' ');
    expect(text).toContain('workload:NAME?parameter=value');
    expect(text).toContain('vmtax trace workloads');
  }
});

test('--debug shows the stack, but not for the command that is recorded', async () => {
  const shown = await vmtax(['run', 'missing', '--debug'], place);
  expect(shown.stderr).toMatch(/^vmtax: InputError: missing: no such file[\s\S]*\n {4}at /);
  expect(shown.status).toBe(2);
  expectRefusal(
    await vmtax(['trace', 'record', '-o', 'x.vmt', '--', 'no-such-command', '--debug'], place),
    /./,
  );
});
