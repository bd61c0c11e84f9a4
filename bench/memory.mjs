/**
 * Memory of a long replay: a stream of a billion references, made as it is consumed, through the whole path
 * (chunks, packing, kernel, TLB, operating system). Prints the greatest resident set. Not part of run.mjs.
 *
 *     node bench/memory.mjs [REFERENCES]      default 1e9
 */
import { replayAll } from '../dist/model/compare.js';
import { systemSchema } from '../dist/model/systems/schema.js';
import { missHeavyChunks } from './streams.mjs';

const LIMIT_MB = 500;
const wanted = Number(process.argv[2] ?? 1e9);
if (!(wanted > 0)) throw new Error('usage: node bench/memory.mjs [REFERENCES]');

let references = 0;
async function* chunks() {
  for (const chunk of missHeavyChunks(Number.POSITIVE_INFINITY)) {
    for (let s = 0; s < chunk.segments.length; s++)
      references += chunk.segments.instructions[s] + chunk.segments.loads[s] + chunk.segments.stores[s];
    yield chunk;
    if (references >= wanted) return;
  }
}
const header = {
  name: 'synthetic',
  format: 'synthetic',
  level: 'system',
  cpus: 1,
  instructionBytes: 4,
  addressBits: 64,
  physical: true,
  abi: '',
  provenance: {},
};
const trace = { header, summary: () => null, chunks, close: async () => {} };
const systems = [systemSchema.parse({ name: 'irix' }), systemSchema.parse({ name: 'disco', monitor: {} })];

const started = process.cpuUsage();
const { tallies } = await replayAll(trace, { refill: null }, systems, { warmup: 0 });
const { user, system } = process.cpuUsage(started);
const peak = process.resourceUsage().maxRSS / 1024;
console.log(
  `${(references / 1e6).toFixed(0)} M references through ${tallies.length} systems in ${((user + system) / 1e6).toFixed(0)} s of CPU ` +
    `time (the generator's included): peak resident set ${peak.toFixed(0)} MB (limit ${LIMIT_MB} MB)`,
);
if (peak >= LIMIT_MB) process.exitCode = 1;
