import type { Reproduction } from '../../paper/reproduction.ts';
import type { Exhibit } from '../../paper/types.ts';
import { slug } from '../html/escape.ts';
import type { FigureContent } from '../html/figure.ts';
import { cleanText } from '../words.ts';
import { chartsOf } from './bars.ts';
import { pairedChart, stepsChart } from './charts.ts';
import { chartFinding, exhibitFinding, stepsFinding } from './finding.ts';
import { numbersIn, numbersTable, stepsTable } from './tables.ts';
import { EXHIBIT_WORDS } from './words.ts';

/** The charts of a reproduction with their words and tables: for the page, and for pictures by themselves. */

const PAIRS =
  'Bars in pairs on one scale from zero: above the paper’s, below the model’s, pieces in the same order and colours. Residual: modelled minus published.';
const STEPS =
  'Read from top to bottom: each change starts where the step before ended, blue to the right where it adds, grey to the left where it saves; nothing is netted inside a step. Strong bars are totals.';

/** The charts of an exhibit: published beside modelled, then what the paper did not separate. */
export function exhibitPictures(result: Reproduction, exhibit: Exhibit): FigureContent[] {
  const { name } = EXHIBIT_WORDS[exhibit];
  const pairs = chartsOf(result, exhibit).map((content, i): FigureContent => {
    const finding = i === 0 ? exhibitFinding(result, exhibit) : chartFinding(content.numbers);
    const numbers = i === 0 ? numbersIn(result, exhibit) : content.numbers;
    return {
      id: `${exhibit}-${content.key}`,
      file: `vmtax-${exhibit}-${content.key}`,
      question: content.question,
      finding,
      how: `${PAIRS}${content.how === '' ? '' : ` ${content.how}`}`,
      chart: () => pairedChart(finding, content.axis, content.groups),
      table: () => numbersTable(numbers, `${name}: published and modelled.`),
    };
  });
  const decompositions = result.decompositions.filter((one) => one.exhibit === exhibit);
  const steps = decompositions.map((one): FigureContent => {
    const finding = stepsFinding(one);
    return {
      id: `${exhibit}-${slug(one.id)}`,
      file: `vmtax-${exhibit}-${slug(one.id)}`,
      question: cleanText(one.question),
      finding,
      how: STEPS,
      chart: () => stepsChart(finding, one),
      table: () => stepsTable(one),
    };
  });
  return [...pairs, ...steps];
}

/** The charts of all exhibits. */
export const picturesOf = (result: Reproduction): FigureContent[] =>
  result.exhibits.flatMap((exhibit) => exhibitPictures(result, exhibit));
