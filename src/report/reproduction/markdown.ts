import { compare } from '../../paper/compare.ts';
import { MISPRINTS } from '../../paper/published.ts';
import type { LedgerInput, Reproduction } from '../../paper/reproduction.ts';
import { EXHIBITS } from '../../paper/types.ts';
import type { FigureContent } from '../html/figure.ts';
import type { Table } from '../table.ts';
import { verdictOn } from './finding.ts';
import { because, everyNumberTable, inputsTable, roleCounts, scoreDetails, scoresTable } from './tables.ts';
import { figure, unitName } from './words.ts';

/** Pages of the documentation that are made from the same data as the report. */

const escaped = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
const row = (cells: readonly string[]): string => `| ${cells.map(escaped).join(' | ')} |`;

function markdownTable({ corner, groups, rows }: Table): string {
  const columns = groups.flatMap((group) => group.columns);
  return [
    row([corner, ...columns.map(({ head }) => head)]),
    `|---${columns.map(({ text }) => (text ? '|---' : '|---:')).join('')}|`,
    ...rows.map(({ label, cells }) => row([label, ...cells.map(({ text }) => text)])),
  ].join('\n');
}

/** `docs/ledger.md`: every input, and what each published number is to the model before it has run. */
export function ledgerPage(inputs: readonly LedgerInput[]): string {
  const numbers = compare(inputs, EXHIBITS, new Map());
  const roleOf = (number: (typeof numbers)[number]): string =>
    number.role !== 'missing' ? number.role : number.calibrates.length > 0 ? 'calibrated' : 'predicted';
  const rows = numbers.map((number) =>
    row([
      `\`${number.id}\``,
      figure(number.value, number.unit),
      unitName(number.unit),
      number.provenance,
      roleOf(number),
      because(number),
    ]),
  );
  const scored = numbers.filter(({ reason }) => reason === null);
  const misprints = MISPRINTS.map(
    ({ where, problem, choice }) => `- ${where}: ${problem}. Choice: ${choice}.`,
  );
  return `# The ledger of the reproduction

Made from the sources by the tests (\`npx vitest run test/paper/ledger.test.ts -u\` after a change of them).

## Inputs

One value each, for all exhibits. *measured*: printed in a paper, or counted in a trace; *calibrated*: fitted by \`npm run
calibrate\` to the published numbers that it names; *assumed*: neither, with the reason.

${markdownTable(inputsTable(inputs))}

## Published numbers

${numbers.length}, of which ${scored.length} can say something about the model (${scored.filter(({ side }) => side === 'disco').length} of systems under Disco). *calibrated*: an input was fitted
to it; *predicted*: the model gives it, or it counts as not modelled in every score; *unscored*: it cannot come out wrong, or repeats
others. Who fits a total uses up the largest of its parts. What the model gives for each is in [numbers.md](numbers.md).

| number | published | unit | source | role | because |
|---|---:|---|---|---|---|
${rows.join('\n')}

## Misprints

${misprints.join('\n')}
`;
}

/** `docs/numbers.md`: every published number beside the modelled one, and the scores. */
export function numbersPage(result: Reproduction): string {
  const { answer, why } = verdictOn(result);
  const details = scoreDetails(result.scores, result.numbers).map((line) => `- ${line}`);
  return `# Published and modelled

Written by \`npm run gallery\`: what \`vmtax reproduce\` prints, at scale ${result.scale} and seed ${result.seed}.

**${answer}.** ${why}

${markdownTable(scoresTable(result.scores))}

${details.join('\n')}

## Numbers

${roleCounts(result.numbers)}. Residual: modelled minus published.

${markdownTable(everyNumberTable(result.numbers))}
`;
}

/** `docs/gallery.md`: all charts with what they find. */
export function galleryPage(pictures: readonly FigureContent[]): string {
  const parts = pictures.map(
    ({ id, question, finding, how }) =>
      `## ${finding}\n\n*${question}*\n\n![${finding.replaceAll(/[[\]]/g, '')}](gallery/${id}.svg)\n\n${how}`,
  );
  return `# Gallery

The charts of \`vmtax reproduce\`, drawn by \`npm run gallery\` with the code of the report.

${parts.join('\n\n')}
`;
}
