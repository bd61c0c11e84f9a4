import { z } from 'zod';
import { isPowerOfTwo } from '../../trace/numbers.ts';
import { PAGE_BYTES } from '../../trace/types.ts';
import { bytes, chosen, count, type FieldMeta, field, positive } from './fields.ts';
import { DISCO_5_1 } from './sources.ts';

/** Caches and TLB of a CPU. */

/** Where a cache's defaults come from, field by field. */
type Sourced = Readonly<Record<'size' | 'ways' | 'line', Pick<FieldMeta, 'source' | 'role'>>>;

const cacheShape = (of: Sourced) => ({
  size: bytes.meta({ description: 'capacity', unit: 'bytes', ...of.size }),
  ways: positive.meta({
    description: 'associativity; size ÷ line for fully associative',
    unit: 'ways',
    ...of.ways,
  }),
  line: bytes.meta({ description: 'line size', unit: 'bytes', ...of.line }),
});

interface Geometry {
  readonly size: number;
  readonly ways: number;
  readonly line: number;
}

/** Adds one issue per impossible property of a cache. */
function checkGeometry(cache: Geometry, context: z.core.$RefinementCtx): void {
  const issue = (path: string, message: string) =>
    context.addIssue({ code: 'custom', path: [path], message });
  if (!isPowerOfTwo(cache.line) || cache.line < 4 || cache.line > PAGE_BYTES)
    issue('line', `line of ${cache.line} bytes: must be a power of two from 4 to ${PAGE_BYTES}`);
  if (!isPowerOfTwo(cache.size)) issue('size', `size of ${cache.size} bytes: must be a power of two`);
  if (cache.size > 2 ** 30) issue('size', `size of ${cache.size} bytes: at most 1G`);
  if (!isPowerOfTwo(cache.ways)) issue('ways', `${cache.ways} ways: must be a power of two`);
  else if (cache.ways * cache.line > cache.size)
    issue('ways', `${cache.ways} ways of ${cache.line}-byte lines do not fit in ${cache.size} bytes`);
}

const R10000 = 'as the R10000’s, which the paper names; not printed there';
export const MIPS_MANUAL = 'R10000 User’s Manual ch. 16 (64 entries, each a pair of pages)';

export const cache = z
  .strictObject(
    cacheShape({
      size: { source: `${DISCO_5_1} (32 KB split)`, role: 'measured' },
      ways: { source: R10000, role: 'assumed' },
      line: { source: 'not printed', role: 'assumed' },
    }),
  )
  .superRefine(checkGeometry);

export const unifiedCache = z
  .strictObject({
    ...cacheShape({
      size: { source: `${DISCO_5_1} (1 MB)`, role: 'measured' },
      ways: { source: R10000, role: 'assumed' },
      line: { source: 'not printed; Origin 2000’s (Cellular Disco, SOSP’99, section 4.1)', role: 'assumed' },
    }),
    inclusive: z.boolean().default(true).meta({
      description: 'a line that leaves the L2 also leaves the L1s',
      unit: '',
      source: 'not printed',
      role: 'assumed',
    }),
    shared: z.boolean().default(false).meta({
      description: 'one cache for all CPUs instead of one each (not inclusive)',
      unit: '',
      source: 'a choice of the experiment',
      role: 'chosen',
    }),
  })
  .superRefine(checkGeometry);

export const tlb = z.strictObject({
  entries: field(positive.max(4096), 64, {
    description: 'fully associative, refilled by software',
    unit: 'entries',
    source: MIPS_MANUAL,
    role: 'measured',
  }),
  pairs: field(z.boolean(), true, {
    description: 'an entry maps an even and an odd page, each with its valid bit',
    unit: '',
    source: MIPS_MANUAL,
    role: 'measured',
  }),
  tags: field(z.enum(['asid', 'none']), 'asid', {
    description: 'asid: entries of other address spaces stay; none: a switch flushes all but global ones',
    unit: '',
    source: 'MIPS architecture: 8-bit ASID',
    role: 'measured',
  }),
  wired: field(count, 0, {
    description: 'entries that replacement never chooses, lost to the workload',
    unit: 'entries',
    source: 'counted: the recorded Linux writes none',
    role: 'measured',
  }),
  replacement: field(z.enum(['random', 'lru']), 'random', {
    description: 'random as TLBWR does (linear congruential generator ×1664525 +1013904223), or LRU',
    unit: '',
    source: 'MIPS architecture: Random register',
    role: 'measured',
  }),
  seed: field(count, 1, chosen('seed of the random replacement')),
});
