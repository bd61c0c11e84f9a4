import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { ROOT } from '../sources.ts';
import { inProcess, workplace } from './cli.ts';

/**
 * The worked examples: each command of a page is run, and the page has to have what it prints (`npx vitest run
 * test/cli/examples.test.ts -u` writes it anew). Figures with a unit between the commands have to be among those printed.
 */

const FOLDER = join(ROOT, 'docs/examples');
const CONSOLE = /```console\n\$ (.*)\n[\s\S]*?```/g;
const place = workplace();

/** Words of a command line, quotes taken off. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);

beforeAll(() => {
  for (const name of pages) {
    const yaml = /```yaml\n# (\S+)\n([\s\S]*?)```/.exec(read(name));
    if (yaml !== null) writeFileSync(place.path(yaml[1]!), yaml[2]!);
  }
});

const pages = readdirSync(FOLDER).filter((name) => name.endsWith('.md'));
const read = (name: string): string => readFileSync(join(FOLDER, name), 'utf8');

test('there are three', () => expect(pages).toEqual(['migration.md', 'tlb.md', 'vms.md']));

describe.each(pages)('docs/examples/%s', (name) => {
  test('has what its commands print', async () => {
    const page = read(name);
    const outputs = new Map<string, string>();
    for (const [, command] of page.matchAll(CONSOLE)) {
      const [program, ...args] = wordsOf(command!);
      expect(program).toBe('vmtax');
      const { status, stdout } = await inProcess(
        args.map((word) => (word.endsWith('.yaml') || word.includes('.yaml,') ? place.path(word) : word)),
        place,
      );
      expect(status, command).toBe(0);
      outputs.set(command!, stdout.trimEnd());
    }
    expect(outputs.size).toBeGreaterThan(1);
    const written = page.replace(
      CONSOLE,
      (_, command: string) => `\`\`\`console\n$ ${command}\n${outputs.get(command)}\n\`\`\``,
    );
    await expect(written).toMatchFileSnapshot(join(FOLDER, name));
    const said = [...outputs.values()].join('\n');
    const prose = page.replace(/```[\s\S]*?```/g, '').replace(/`[^`]*`/g, '');
    const figures = [...prose.matchAll(/([+−]?\d[\d.,]*) (?:%|ms|entries|cycles)/g)].map(([, text]) => text!);
    const printed = new Set(said.match(/[+−]?\d[\d.,]*/g));
    for (const figure of figures) expect(printed).toContain(figure);
  });
});
