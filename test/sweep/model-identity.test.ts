import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { DECIDES, modelIdentity } from '../../src/sweep/model-identity.ts';
import { readSources } from '../sources.ts';

/** Results are named by the code that makes them. */

const PLACE = mkdtempSync(join(tmpdir(), 'vmtax-model-'));

async function identityOf(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = mkdtempSync(join(PLACE, 'dist-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return modelIdentity(pathToFileURL(`${folder}/`));
}

test('whatever counts or prices changes it, and nothing else does', async () => {
  onTestFinished(() => rmSync(PLACE, { recursive: true, force: true }));
  const files = { 'model/a.js': '1', 'trace/b/c.js': '2', 'sweep/price-cells.js': '3', 'report/d.js': '4' };
  const was = await identityOf(files);
  expect(await identityOf(files)).toBe(was);
  expect(await identityOf({ ...files, 'report/d.js': '5', 'cli/e.js': '6', 'model/a.d.ts': '7' })).toBe(was);
  const others = await Promise.all([
    identityOf({ ...files, 'model/a.js': '2' }),
    identityOf({ ...files, 'trace/b/c.js': '' }),
    identityOf({ ...files, 'sweep/price-cells.js': '4' }),
    identityOf({ ...files, 'model/new.js': '' }),
    // The same text in other files.
    identityOf({ 'model/a.js': '12', 'trace/b/c.js': '', 'sweep/price-cells.js': '3' }),
  ]);
  expect(new Set([was, ...others]).size).toBe(6);
  await expect(identityOf({ 'report/d.js': '4' })).rejects.toThrow('run npm run build');
});

test('it is that of the compiled program, and no module that decides is left out', async () => {
  expect(await modelIdentity()).toMatch(/^[0-9a-f]{24}$/);
  const names = DECIDES.map((name) => name.replace(/\.js$/, '.ts'));
  const sources = readSources();
  const decides = (path: string): boolean => names.some((name) => path.startsWith(name));
  expect(names.filter((name) => !sources.some(({ path }) => path.startsWith(name)))).toEqual([]);
  // Besides names, files and the shapes of what is passed on, what these use is looked at, too.
  const known = ['sweep/ids.ts', 'sweep/journal.ts', 'sweep/laid.ts'];
  const missing = sources
    .filter(({ path }) => decides(path))
    .flatMap(({ imports }) => imports.filter((to) => !decides(to) && !known.includes(to)));
  expect(missing).toEqual([]);
});
