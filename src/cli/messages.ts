import { unguarded } from './options.ts';

/** The messages of yargs that do not say what to do, in words that do. */

/** The commands, with the commands of their own: what their modules declare, which are loaded only when needed. */
export const ACTIONS: Readonly<Record<string, readonly string[]>> = {
  run: [],
  sweep: ['plan', 'run', 'gather'],
  reproduce: [],
  trace: ['info', 'convert', 'head', 'record', 'workloads'],
  system: ['list', 'show', 'schema', 'check'],
};

/** What a message of yargs says of a command line, and whose help says more. */
export function inOurWords(message: string, args: readonly string[]): string {
  const noValue = /^Not enough arguments following: (.*)$/.exec(message);
  if (noValue) return `--${noValue[1]} needs a value`;
  if (message.startsWith('--')) return message;
  const text = unguarded(message)
    .replace(/^Not enough non-option arguments: .*$/, 'an argument is missing')
    .replace(/^Missing required arguments?: output$/, 'missing option: -o/--output FILE')
    .replace(/^Missing required arguments?: (.*)$/, (_, names: string) => `missing option: ${options(names)}`)
    .replace(/^Unknown arguments?: (.*)$/, (_, names: string) => unknown(names, args))
    .replace(/^Invalid values:\s+Argument: (.*), Given: (.*), Choices: (.*)$/, '--$1 $2: expected one of $3')
    .replace(/^Did you mean (.*)\?$/, 'unknown command; did you mean $1?');
  return `${text}${/[?]$/.test(text) ? ' see' : '; see'} ${commandOf(args)} --help`;
}

const listOf = (names: string): string[] => names.split(', ');

const options = (names: string): string =>
  listOf(names)
    .map((name) => `--${name}`)
    .join(', ');

/** Names that nobody asked for, as they were written: options with their dashes. */
function unknown(names: string, args: readonly string[]): string {
  const written = listOf(names).map((name) => {
    const dashes = name.length === 1 ? '-' : '--';
    return args.some((word) => word === dashes + name || word.startsWith(`${dashes}${name}=`))
      ? dashes + name
      : name;
  });
  const [first = ''] = written;
  const [command = '', action] = args;
  const kind = written.every((name) => name.startsWith('-'))
    ? 'option'
    : first === command || (first === action && ACTIONS[command]?.includes(action) === false)
      ? 'command'
      : 'option or argument';
  return `unknown ${kind}: ${[...new Set(written)].join(', ')}`;
}

/** The command that a command line begins with: `vmtax sweep plan`. */
function commandOf(args: readonly string[]): string {
  const [command = '', action = ''] = args;
  if (!Object.hasOwn(ACTIONS, command)) return 'vmtax';
  return ACTIONS[command]!.includes(action) ? `vmtax ${command} ${action}` : `vmtax ${command}`;
}
