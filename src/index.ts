/** The public face of vmtax: everything that the command line can do, a program can. */

export { replayAll } from './model/compare.ts';
export type { Numa } from './model/numa.ts';
export { numaOf } from './model/numa.ts';
export type { Part } from './model/pricing/breakdown.ts';
export { CATEGORIES, CAUSES, OWNERS, sumBy } from './model/pricing/breakdown.ts';
export type { Contention } from './model/pricing/contention.ts';
export { price } from './model/pricing/price.ts';
export type { Comparison, RunResult, SystemRun } from './model/result.ts';
export { compareSystems, compareWithTallies } from './model/run.ts';
export type { LedgerEntry } from './model/systems/ledger.ts';
export { difference, fieldDoc, flatten, ledger, systemJsonSchema } from './model/systems/ledger.ts';
export { applyOverrides, parseOverride, parseSystem, presetSystem } from './model/systems/load.ts';
export { defaultSystems, PRESETS } from './model/systems/presets.ts';
export { resolvePrices, resolveRefill } from './model/systems/resolve.ts';
export type { System, SystemInput } from './model/systems/schema.ts';
export { systemSchema } from './model/systems/schema.ts';
export type { CountedTally, Tally, TallyRow, TallyWindow } from './model/tally.ts';
export { COUNTERS, FLOW_KINDS, LAYERS, PRIVILEGED_OPS, sumCounter } from './model/tally.ts';
export { DEFAULT_SCALE, DEFAULT_SEED, EXPERIMENTS } from './paper/experiments.ts';
export { PARAMETERS } from './paper/parameters.ts';
export { MISPRINTS, PUBLISHED } from './paper/published.ts';
export { reproduce } from './paper/reproduce.ts';
export type { Reproduction } from './paper/reproduction.ts';
export type { Experiment } from './paper/types.ts';
export { renderCsv } from './report/csv.ts';
export { renderHtml } from './report/html.ts';
export { renderJson } from './report/json.ts';
export { renderReproductionPage } from './report/reproduction/page.ts';
export { renderReproductionJson } from './report/reproduction/schema.ts';
export { renderReproduction } from './report/reproduction/text.ts';
export { renderText } from './report/text.ts';
export type {
  Analysis as SweepAnalysis,
  AnalysisRequest as SweepQuestions,
  Sensitivity as SweepSensitivity,
} from './sweep/analysis.ts';
export { parseVary } from './sweep/axes.ts';
export type { SweepOptions } from './sweep/sweep.ts';
export { sweepTrace } from './sweep/sweep.ts';
export type {
  Axis as SweepAxis,
  Design as SweepDesign,
  Failure as SweepFailure,
  Plan as SweepPlan,
  Row as SweepRow,
  SweepResult,
} from './sweep/types.ts';
export { pricingOn } from './sweep/workers/pricing.ts';
export { createReplayers } from './sweep/workers/replayers.ts';
export { samplingOn } from './sweep/workers/sampling.ts';
export type { TraceBuilder } from './trace/builder.ts';
export { createTraceBuilder } from './trace/builder.ts';
export { InputError } from './trace/errors.ts';
export { openTrace } from './trace/formats/registry.ts';
export { ingest } from './trace/ingest.ts';
export { openStore } from './trace/store/read.ts';
export { writeStore } from './trace/store/write.ts';
export { traceTotals } from './trace/totals.ts';
export type * from './trace/types.ts';
export { LIBRARY } from './trace/workloads/library.ts';
export type { LibraryEntry, Parameter } from './trace/workloads/library-entry.ts';
export { openDescription, openWorkload, parseWorkload, workloadTrace } from './trace/workloads/open.ts';
export type { WorkloadInput } from './trace/workloads/schema.ts';
export { checkedWorkload, workloadSchema } from './trace/workloads/schema.ts';
export type { Workload } from './trace/workloads/schema-shape.ts';
