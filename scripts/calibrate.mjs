// Fits the calibrated inputs of the reproduction to the published numbers that they name, and writes them: those of workloads
// to src/trace/workloads/paper/values.ts, those of systems to src/model/systems/calibrated.ts.
// Run after `npm run build` (`npm run calibrate` does both). It starts from the priors, so that it always gives the same files;
// with --from-result it starts from these, which must lead nowhere else: it then writes nothing, names the inputs that
// would move by more than a hundredth of their range, and ends with status 1 if there are any. --scale F: another scale.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { calibrate, drift } from '../dist/paper/calibrate.js';
import { calibratedModules } from '../dist/paper/calibrated-modules.js';
import { DEFAULT_SCALE, DEFAULT_SEED, EXPERIMENTS } from '../dist/paper/experiments.js';
import { PARAMETERS } from '../dist/paper/parameters.js';

const { values: options } = parseArgs({
  options: { 'from-result': { type: 'boolean', default: false }, scale: { type: 'string' } },
});
const scale = options.scale === undefined ? DEFAULT_SCALE : Number(options.scale);
if (!(scale > 0 && scale <= 1))
  throw new RangeError(`--scale ${options.scale}: expected a number above 0 and up to 1`);
const again = options['from-result'];
const values = await calibrate(EXPERIMENTS, {
  ...(again ? { from: PARAMETERS } : {}),
  scale,
  seed: DEFAULT_SEED,
  log: (line) => console.log(line),
});
if (again) {
  const moved = drift(EXPERIMENTS, PARAMETERS, values);
  console.log(moved.length === 0 ? 'nothing moves' : `these move: ${moved.join(', ')}`);
  process.exitCode = moved.length === 0 ? 0 : 1;
} else {
  const root = new URL('../', import.meta.url);
  const written = calibratedModules(values).map(({ path, text }) => {
    const file = new URL(path, root);
    const temporary = new URL(`${file.href}.tmp`);
    writeFileSync(temporary, text);
    return { path, file, temporary, same: text === readFileSync(file, 'utf8') };
  });
  // Both are there before the first takes its place: workloads and systems were fitted to each other.
  for (const { path, file, temporary, same } of written) {
    renameSync(temporary, file);
    console.log(same ? `${path} stays as it is` : `wrote ${path}`);
  }
}
