import pc from 'picocolors';
import { MISPRINTS } from '../../paper/published.ts';
import type { Reproduction } from '../../paper/reproduction.ts';
import type { Exhibit } from '../../paper/types.ts';
import type { TextOptions } from '../text.ts';
import { paragraph } from '../text-layout.ts';
import { type TextStyle, textTable } from '../text-table.ts';
import { cleanText } from '../words.ts';
import { exhibitFinding, spreadSentence, stepsFinding, verdictOn } from './finding.ts';
import {
  isShown,
  numbersIn,
  numbersTable,
  roleCounts,
  scoreDetails,
  scoresTable,
  stepsTable,
} from './tables.ts';
import { EXHIBIT_WORDS } from './words.ts';

/** The reproduction for the terminal: each exhibit as a table, then the scores and the verdict. */
export function renderReproduction(result: Reproduction, { width, color }: TextOptions): string {
  const { bold, dim } = pc.createColors(color);
  const style: TextStyle = { strong: bold, dim };
  const lines = [
    ...result.exhibits.flatMap((exhibit) => exhibitLines(result, exhibit, width, style)),
    ...notes(result, width, style),
    ...scores(result, width, style),
  ];
  return `${lines.join('\n')}\n`;
}

function exhibitLines(result: Reproduction, exhibit: Exhibit, width: number, style: TextStyle): string[] {
  const { name, about } = EXHIBIT_WORDS[exhibit];
  const numbers = numbersIn(result, exhibit);
  const shown = numbers.filter(isShown);
  const left = numbers.length - shown.length;
  const decompositions = result.decompositions.filter((one) => one.exhibit === exhibit);
  return [
    style.strong(`${name}: ${about}`),
    ...paragraph(`${exhibitFinding(result, exhibit)}.`, width),
    ...textTable(numbersTable(shown, ''), width, style),
    '',
    ...paragraph(
      `${roleCounts(numbers)}${left === 0 ? '' : `; ${left} that cannot come out wrong are left out here`}.`,
      width,
    ),
    '',
    ...decompositions.flatMap((one) => [
      ...paragraph(cleanText(one.question), width),
      ...paragraph(`${stepsFinding(one)}.`, width),
      ...textTable(stepsTable(one), width, style),
      '',
    ]),
  ];
}

function notes({ notes: list }: Reproduction, width: number, style: TextStyle): string[] {
  const misprints = MISPRINTS.map(({ where, problem, choice }) => `${where}: ${problem}. Choice: ${choice}.`);
  const lines = [...list.map(cleanText), ...misprints];
  return [
    style.strong('Assumed, lacking, misprinted'),
    ...lines.flatMap((line) => paragraph(line, width, '    ', '  - ')),
    '',
  ];
}

function scores(result: Reproduction, width: number, style: TextStyle): string[] {
  const { answer, why } = verdictOn(result);
  const spread = spreadSentence(result);
  const fitted = result.inputs.filter(({ role }) => role === 'calibrated').length;
  return [
    style.strong('Scores'),
    ...textTable(scoresTable(result.scores), width, style),
    '',
    ...scoreDetails(result.scores, result.numbers).flatMap((line) => paragraph(line, width, '    ', '  - ')),
    '',
    style.strong(`${answer}.`),
    ...paragraph(why, width),
    ...(spread === '' ? [] : paragraph(spread, width)),
    ...paragraph(
      `Scale ${result.scale} of the paper’s run lengths, seed ${result.seed}; ${result.inputs.length} inputs, ${fitted} of them calibrated.`,
      width,
    ),
  ];
}
