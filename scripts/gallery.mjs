// Writes what the documentation shows of the reproduction, with the code that draws the report: the charts of all exhibits to
// docs/gallery/ (light scheme) with a page that lists them, and docs/numbers.md with every published number beside the
// modelled one. Run after `npm run build` (`npm run gallery` does both); deterministic.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { DEFAULT_SCALE, DEFAULT_SEED, EXPERIMENTS } from '../dist/paper/experiments.js';
import { PARAMETERS } from '../dist/paper/parameters.js';
import { reproduce } from '../dist/paper/reproduce.js';
import { openDrawer } from '../dist/report/charts/svg.js';
import { LIGHT, schemeProperties } from '../dist/report/palette.js';
import { galleryPage, numbersPage } from '../dist/report/reproduction/markdown.js';
import { picturesOf } from '../dist/report/reproduction/pictures.js';

const docs = new URL('../docs/', import.meta.url);
const folder = new URL('gallery/', docs);
const result = await reproduce(EXPERIMENTS, {
  parameters: PARAMETERS,
  scale: DEFAULT_SCALE,
  seed: DEFAULT_SEED,
});

// A picture by itself has no style sheet: the light scheme's colours go in as they are.
const colours = new Map(
  schemeProperties(LIGHT)
    .split(';')
    .map((declaration) => declaration.split(':')),
);
const background = `<rect width="100%" height="100%" fill="${LIGHT.background}"/>`;

mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder)) if (name.endsWith('.svg')) rmSync(new URL(name, folder));
const drawer = await openDrawer();
const pictures = picturesOf(result);
for (const { id, chart, finding, how } of pictures) {
  const svg = await drawer.draw(chart(), { id, title: finding, description: how });
  const coloured = svg.replace(/var\((--[\w-]+)\)/g, (_, name) => colours.get(name) ?? 'black');
  writeFileSync(new URL(`${id}.svg`, folder), `${coloured.replace(/(<svg[^>]*>)/, `$1${background}`)}\n`);
}
writeFileSync(new URL('gallery.md', docs), galleryPage(pictures));
writeFileSync(new URL('numbers.md', docs), numbersPage(result));
console.log(`wrote ${pictures.length} charts to docs/gallery/, docs/gallery.md and docs/numbers.md`);
