/** The public face of vmtax: everything that the command line can do, a program can. */

export { replayAll } from './model/compare.ts';
export type { Part } from './model/pricing/breakdown.ts';
export { CATEGORIES, CAUSES, OWNERS, sumBy } from './model/pricing/breakdown.ts';
export { price } from './model/pricing/price.ts';
export type { Comparison, LedgerEntry, RunResult, SystemRun } from './model/result.ts';
export { compareSystems } from './model/run.ts';
export { difference, fieldDoc, flatten, ledger, systemJsonSchema } from './model/systems/ledger.ts';
export { applyOverrides, parseOverride, parseSystem, presetSystem } from './model/systems/load.ts';
export { defaultSystems, PRESETS } from './model/systems/presets.ts';
export { resolvePrices, resolveRefill } from './model/systems/resolve.ts';
export type { System, SystemInput } from './model/systems/schema.ts';
export { systemSchema } from './model/systems/schema.ts';
export type { Tally, TallyRow } from './model/tally.ts';
export { COUNTERS, LAYERS, PRIVILEGED_OPS, sumCounter } from './model/tally.ts';
export { renderCsv } from './report/csv.ts';
export { renderHtml } from './report/html.ts';
export { renderJson } from './report/json.ts';
export { renderText } from './report/text.ts';
export type { TraceBuilder } from './trace/builder.ts';
export { createTraceBuilder } from './trace/builder.ts';
export { InputError } from './trace/errors.ts';
export { openTrace } from './trace/formats/registry.ts';
export { ingest } from './trace/ingest.ts';
export { openStore } from './trace/store/read.ts';
export { writeStore } from './trace/store/write.ts';
export { traceTotals } from './trace/totals.ts';
export type * from './trace/types.ts';
