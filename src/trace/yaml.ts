import { type Alias, type Document, LineCounter, type ParsedNode, parseDocument, visit } from 'yaml';
import { InputError } from './errors.ts';

/** YAML text that has been read: its value, and where in the text its parts are. */
export interface YamlText {
  readonly contents: ParsedNode | null;
  readonly value: unknown;
  /** `label:line:column` of an offset in the text. */
  readonly at: (offset: number) => string;
}

/** Most that the aliases of a document may multiply its values by. */
const MAX_ALIASES = 100;

/** Where the library's own words name its functions or miss the point. */
const WORDS: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'a second document begins here (---); only one is expected',
  TAB_AS_INDENT: 'a tab cannot indent YAML; use spaces',
  DUPLICATE_KEY: 'this field is written twice',
};

/**
 * Reads YAML (or JSON). Throws InputError with line and column: what is not YAML, unknown tags and
 * directives, aliases without an anchor, in a circle or multiplying without end.
 */
export function parseYamlText(text: string, label: string): YamlText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${label}:${line}:${col}`;
  };
  const [problem] = [...document.errors, ...document.warnings];
  if (problem) {
    const [first] = problem.message.split('\n');
    throw new InputError(`${at(problem.pos[0])}: ${WORDS[problem.code] ?? `not YAML: ${first}`}`);
  }
  checkAliases(document, at);
  return { contents: document.contents, value: plainValue(document, at), at };
}

function checkAliases(document: Document.Parsed, at: YamlText['at']): void {
  visit(document, {
    Alias: (_, alias, path) => {
      const target = alias.resolve(document);
      if (target === undefined)
        throw new InputError(`${at(start(alias))}: no anchor &${alias.source} comes before *${alias.source}`);
      if ((path as readonly unknown[]).includes(target))
        throw new InputError(`${at(start(alias))}: *${alias.source} contains itself`);
    },
  });
}

function plainValue(document: Document.Parsed, at: YamlText['at']): unknown {
  try {
    return document.toJS({ maxAliasCount: MAX_ALIASES });
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    // Each alias multiplies what those before it have multiplied, so the last one is the worst.
    let last = 0;
    visit(document, {
      Alias: (_, alias) => {
        last = start(alias);
      },
    });
    throw new InputError(`${at(last)}: the aliases multiply into too many values`);
  }
}

const start = (alias: Alias): number => alias.range?.[0] ?? 0;
