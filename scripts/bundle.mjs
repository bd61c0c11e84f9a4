// Bundles the code that prices anew in the HTML report into one script, dist/report/live/bundle.js, which goes into
// every page. Run after the compiler; `npm run build` does both.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = new URL('../', import.meta.url);
const outfile = fileURLToPath(new URL('dist/report/live/bundle.js', root));
mkdirSync(fileURLToPath(new URL('dist/report/live/', root)), { recursive: true });
const { metafile, outputFiles } = await build({
  absWorkingDir: fileURLToPath(root),
  entryPoints: ['src/report/live/page/main.ts'],
  outfile,
  bundle: true,
  minify: true,
  charset: 'utf8',
  format: 'iife',
  platform: 'browser',
  target: 'es2022',
  legalComments: 'none',
  metafile: true,
  write: false,
});
// What does not belong in a page would make it several times as large, or break it.
const foreign = Object.keys(metafile.inputs).filter(
  (path) => path.includes('node_modules/') && !path.includes('node_modules/simple-statistics/'),
);
if (foreign.length > 0) throw new Error(`the page's script must not contain ${foreign.join(', ')}`);
const [{ text }] = outputFiles;
if (/<\/script|<!--/i.test(text)) throw new Error("the page's script would end its own element");
writeFileSync(`${outfile}.tmp`, text);
renameSync(`${outfile}.tmp`, outfile);
