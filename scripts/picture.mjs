// Draws docs/picture.svg, the picture of the README, with the code that draws the report's charts:
// where the time of malta64-pmake goes, native and under Disco. Run after `npm run build`.
import { writeFileSync } from 'node:fs';
import { compareSystems, defaultSystems, openTrace, presetSystem } from '../dist/index.js';
import { breakdownChart } from '../dist/report/charts/breakdown.js';
import { openDrawer } from '../dist/report/charts/svg.js';
import { factsOf } from '../dist/report/facts.js';
import { breakdownFinding } from '../dist/report/finding.js';
import { LIGHT, schemeProperties } from '../dist/report/palette.js';

const trace = await openTrace(new URL('../traces/malta64-pmake.vmt', import.meta.url).pathname);
const systems = defaultSystems('system').map(presetSystem);
const comparison = await compareSystems(trace, systems, { warmup: null, baseline: null, seeds: 1 });
await trace.close();

const chart = breakdownChart(factsOf(comparison));
const drawer = await openDrawer();
const title = breakdownFinding(factsOf(comparison));
const svg = await drawer.draw(chart, { id: 'picture', title, description: title });
// A picture by itself has no style sheet: the light scheme's colours go in as they are.
const colours = new Map(
  schemeProperties(LIGHT)
    .split(';')
    .map((declaration) => declaration.split(':')),
);
const coloured = svg.replace(/var\((--[\w-]+)\)/g, (_, name) => colours.get(name) ?? 'black');
const background = `<rect width="100%" height="100%" fill="${LIGHT.background}"/>`;
writeFileSync(
  new URL('../docs/picture.svg', import.meta.url),
  `${coloured.replace(/(<svg[^>]*>)/, `$1${background}`)}\n`,
);
