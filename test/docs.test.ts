import { describe, expect, test } from 'vitest';
import { type FieldDoc, fieldDoc, flatten } from '../src/model/systems/ledger.ts';
import { presetSystem } from '../src/model/systems/load.ts';

const cell = (value: unknown): string => String(value).replaceAll('|', '\\|').replaceAll('\n', ' ');

function inputsPage(): string {
  // Disco has every field: a monitor on top of all the rest.
  const fields: (FieldDoc & { value: unknown })[] = [...flatten(presetSystem('disco'))].map(
    ([path, value]) => ({
      ...fieldDoc(path),
      value,
    }),
  );
  const rows = fields.map(
    (f) =>
      `| \`${f.path}\` | ${cell(f.value)} | ${cell(f.unit)} | ${cell(f.description)} | ${f.role} | ${cell(f.source)} |`,
  );
  return `# Inputs

Every input of the model with its default (preset \`disco\`), unit, meaning, role and source. *measured*: printed in the
source, or counted in a trace; *calibrated*: chosen so that the named published number fits; *assumed*: a guess;
*chosen*: a free choice of the experiment.

This page is made from the schema by the tests (\`npx vitest run test/docs.test.ts -u\` after a change of it).

| field | default | unit | meaning | role | source |
|---|---|---|---|---|---|
${rows.join('\n')}
`;
}

describe('documentation', () => {
  test('docs/inputs.md is what the schema says', async () => {
    await expect(inputsPage()).toMatchFileSnapshot('../docs/inputs.md');
  });
});
