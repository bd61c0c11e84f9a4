import { createHash } from 'node:crypto';
import type { RunResult } from '../../model/result.ts';
import type { Facts } from '../facts.ts';
import type { Ledger } from '../inputs.ts';
import { count } from '../numbers.ts';
import { sensitivityTable } from '../sensitivity.ts';
import { cleanText } from '../words.ts';
import { escapeHtml, prose } from './escape.ts';
import { anchor } from './figure.ts';
import { atStart } from './live.ts';
import { type LivePart, livePayload } from './payload.ts';
import { SCRIPT } from './script.ts';
import { styleSheet } from './style.ts';
import { downloads, type ExactValues, tableDetails } from './table.ts';

/** Parts of the page that are there once. */

const ROLE_WORDS = {
  measured: 'measured (printed in a source, or counted in a trace)',
  calibrated: 'calibrated (fitted to a published number)',
  assumed: 'assumed',
  chosen: 'chosen (a free choice of this run)',
} as const;

/** The ledger: every input with value, unit, source and role, once for all systems. */
export function ledgerSection(exact: ExactValues, ledger: Ledger, all: readonly Facts[]): string {
  const moved = sensitivityTable(all);
  const roles = (['measured', 'calibrated', 'assumed', 'chosen'] as const)
    .filter((role) => ledger.roles.has(role))
    .map((role) => `${ledger.roles.get(role)} ${ROLE_WORDS[role]}`);
  return (
    `<section id="inputs" aria-labelledby="inputs-h"><h2 id="inputs-h">Inputs and where they come from${anchor('inputs')}</h2>` +
    `<p class="facts">${prose(`${ledger.inputs} inputs have an effect: ${roles.join(', ')}.`)}${atStart()}</p>` +
    tableDetails(exact, ledger.table, 'ledger', 'The ledger of inputs') +
    idleDetails(ledger.idle) +
    (moved === null
      ? ''
      : tableDetails(
          exact,
          moved,
          'prices',
          'What if assumed and calibrated prices were others?',
          atStart(),
        )) +
    downloads('inputs-h', [
      { kind: 'csv', of: 'ledger', name: 'vmtax-inputs' },
      ...(moved === null ? [] : [{ kind: 'csv' as const, of: 'prices', name: 'vmtax-prices' }]),
    ]) +
    '</section>'
  );
}

/** Inputs that are not in the ledger, by name. */
function idleDetails(paths: readonly string[]): string {
  if (paths.length === 0) return '';
  return (
    `<details id="idle"><summary>${paths.length} more inputs have no effect in this run</summary>` +
    `<p class="facts">They are about things that these systems do not have, or that did not happen; their values are in the JSON file. ${escapeHtml(paths.map(cleanText).join(', '))}.</p></details>`
  );
}

/** Where the numbers come from, and how to get them again. */
export function provenanceSection(result: RunResult, all: readonly Facts[], commandLine?: string): string {
  const command = commandLine
    ? `<p class="facts">To get this report again:${atStart()}</p><pre id="command">${escapeHtml(cleanText(commandLine))}</pre>` +
      `<p class="tools" data-script hidden><button type="button" data-copy="command">Copy command</button></p>`
    : '';
  const traces = all.map((facts) => {
    const { header, summary } = facts.comparison.trace;
    const entries = [
      ...Object.entries(header.provenance),
      ['records', count(summary.records)],
      ['address spaces', count(summary.spaces)],
    ];
    const list = entries
      .map(
        ([key, value]) => `<dt>${escapeHtml(cleanText(key!))}</dt><dd>${escapeHtml(cleanText(value!))}</dd>`,
      )
      .join('');
    return `<h3 class="sub">${escapeHtml(facts.trace)}</h3><dl class="facts-list">${list}</dl>`;
  });
  return (
    `<section id="provenance" aria-labelledby="provenance-h"><h2 id="provenance-h">Provenance${anchor('provenance')}</h2>` +
    `<p class="facts">${escapeHtml(`${result.tool.name} ${cleanText(result.tool.version)}, result format ${result.schema}. The page holds the whole result: every count and every part.`)}${atStart()}</p>` +
    downloads('provenance-h', [{ kind: 'result', of: '', name: 'vmtax-result' }]) +
    `${command}${traces.join('')}</section>`
  );
}

const sha256 = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * The document around its body; the only style and scripts that may run are those that it hashes. `live`: what prices
 * anew, or null; the page's script puts it in place.
 */
export function documentOf(title: string, body: string, data: string, live: LivePart | null): string {
  const style = styleSheet();
  const scripts = live === null ? [SCRIPT] : [SCRIPT, live.script];
  const policy = [
    "default-src 'none'",
    `style-src ${sha256(style)}`,
    `script-src ${scripts.map(sha256).join(' ')}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
${data}${live === null ? '' : `\n${livePayload(live)}`}
<script>${SCRIPT}</script>
</body>
</html>
`;
}
