import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CAUSES } from '../../src/model/pricing/breakdown.ts';
import { CAUSE_WORDS } from '../../src/report/words.ts';

test('docs/report.md lists the causes as the report does', () => {
  const page = readFileSync(new URL('../../docs/report.md', import.meta.url), 'utf8');
  const rows = page
    .split('\n')
    .map((line) => line.replace(/ +/g, ' '))
    .filter((line) => /^\| \w\w \| `/.test(line));
  expect(rows).toEqual(
    CAUSES.map((cause) => {
      const { code, short, meaning } = CAUSE_WORDS[cause];
      return `| ${code} | \`${cause}\` | ${short} | ${meaning} |`;
    }),
  );
});
