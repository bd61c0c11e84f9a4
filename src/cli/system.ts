import { stringify } from 'yaml';
import type { CommandModule } from 'yargs';
import { fieldDoc, flatten, statedOf, systemJsonSchema } from '../model/systems/ledger.ts';
import { parseSystem } from '../model/systems/load.ts';
import { PRESETS } from '../model/systems/presets.ts';
import { cleanText } from '../report/words.ts';
import { readText } from '../trace/text-file.ts';
import { words } from './options.ts';
import { print } from './output.ts';
import { readSystem } from './run.ts';

/** `vmtax system list|show|schema|check`. */
export function systemCommand(): CommandModule {
  return {
    command: 'system',
    describe: 'List, show and check systems (machine, operating system, monitor, prices)',
    builder: (yargs) =>
      yargs
        .command('list', 'names and descriptions of the presets', {}, () => print(list()))
        .command(
          'show <system>',
          'every field with its value, unit and source, as YAML',
          (show) =>
            show.positional('system', {
              type: 'string',
              demandOption: true,
              describe: 'preset or YAML file',
              coerce: words<string>,
            }),
          async ({ system }) => print(await show(system)),
        )
        .command('schema', 'the JSON Schema of a system, for editors', {}, () =>
          print(`${JSON.stringify(systemJsonSchema(), null, 2)}\n`),
        )
        .command(
          'check <file>',
          'check a YAML file',
          (check) => check.positional('file', { type: 'string', demandOption: true, coerce: words<string> }),
          async ({ file }) => {
            const system = parseSystem(await readText(file), file);
            await print(`${cleanText(`${file}: ${system.name}`)} is a valid system\n`);
          },
        )
        .demandCommand(1, 'name an action: list, show, schema or check'),
    handler: () => {},
  };
}

function list(): string {
  const width = Math.max(...Object.keys(PRESETS).map((name) => name.length));
  return Object.entries(PRESETS)
    .map(([name, input]) => `${name.padEnd(width)}  ${input.description ?? ''}\n`)
    .join('');
}

/** YAML that can be saved and edited: each value is followed by its unit and source as a comment. */
async function show(nameOrPath: string): Promise<string> {
  const system = await readSystem(nameOrPath);
  const lines = [`name: ${scalar(system.name)}`, `description: ${scalar(system.description)}`];
  let open: string[] = [];
  if (system.monitor === null) lines.push('monitor: null');
  for (const [path, value] of flatten(system)) {
    if (path === 'monitor') continue;
    const keys = path.split('.');
    const parents = keys.slice(0, -1);
    let depth = 0;
    while (depth < open.length && open[depth] === parents[depth]) depth++;
    for (; depth < parents.length; depth++) lines.push(`${'  '.repeat(depth)}${parents[depth]}:`);
    open = parents;
    const { description, unit, source } = fieldDoc(path);
    const stated = statedOf(system.sources, path);
    const comment = [description, unit && `unit: ${unit}`, `source: ${stated?.source ?? source}`]
      .filter((part) => part !== '')
      .join('; ');
    lines.push(`${'  '.repeat(parents.length)}${keys.at(-1)}: ${scalar(value)} # ${cleanText(comment)}`);
  }
  return `${lines.join('\n')}\n`;
}

/** A value on one line, however long; what a terminal would obey is escaped. */
const scalar = (value: unknown): string =>
  typeof value === 'string' && cleanText(value) !== value
    ? JSON.stringify(value).replace(
        /[^ -~]/g,
        (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
    : stringify(value, { lineWidth: 0, blockQuote: false }).trim();
