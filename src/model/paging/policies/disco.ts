import { z } from 'zod';
import { nodeOfCpu } from '../../hardware/nodes.ts';
import { count, field, positive } from '../../systems/fields.ts';
import { createMissCounters, MOST } from './counters.ts';
import { decision, definePolicy, NO_MAPPINGS, type PagePolicy, type PolicyContext } from './policy.ts';

const NOT_PRINTED = 'Disco’s own is not printed; Verghese et al., ASPLOS’96, base policy, from memory';

const infinite = z.literal('infinite');

const options = z.strictObject({
  trigger: field(z.union([positive.max(MOST), infinite]), 128, {
    description:
      'misses of a CPU on a page, since the last reset or decision, that make it hot; infinite: off',
    unit: 'misses',
    source: `${NOT_PRINTED} (96 for Engineering)`,
    role: 'assumed',
  }),
  sharing: field(z.union([positive.max(MOST), infinite]), 32, {
    description: 'misses of another node in the same time that make a hot page shared; infinite: no replicas',
    unit: 'misses',
    source: `${NOT_PRINTED}: a quarter of the trigger`,
    role: 'assumed',
  }),
  write: field(z.union([count, infinite]), 1, {
    description: 'write misses and upgrades since the last reset above which a shared page is left',
    unit: 'writes',
    source: NOT_PRINTED,
    role: 'assumed',
  }),
  migrate: field(z.union([count, infinite]), 1, {
    description: 'migrations of a page until the next reset, and collapses after which it is not replicated',
    unit: 'moves',
    source: `${NOT_PRINTED}; Disco, SOSP’97, section 4.2.3: the number of moves is limited`,
    role: 'assumed',
  }),
  reset_interval_ns: field(z.number().positive().finite(), 100e6, {
    description: 'between resets of all counters',
    unit: 'ns',
    source: NOT_PRINTED,
    role: 'assumed',
  }),
  sampling: field(positive.max(1024), 1, {
    description: 'one miss in so many is counted, as that many, on average; 1: every miss',
    unit: 'misses',
    source: 'a choice of the experiment (Verghese et al., ASPLOS’96: sampling suffices)',
    role: 'chosen',
  }),
  seed: field(count, 1, {
    description: 'seed of the distances between sampled misses',
    unit: '',
    source: 'a choice of the experiment',
    role: 'chosen',
  }),
  kernel_pages: field(z.boolean(), true, {
    description: 'pages of the guest’s kernel are moved and replicated, too',
    unit: '',
    source: 'Disco, SOSP’97, section 4.3.1: the kernel is relocated to mapped addresses',
    role: 'assumed',
  }),
});

const LOCAL = decision('leave', 'local');
const KERNEL = decision('leave', 'kernel');
const WRITE_SHARED = decision('leave', 'write-shared');
const FROZEN = decision('leave', 'frozen');
const MIGRATE = decision('migrate', 'private');
const REPLICATE = decision('replicate', 'read-shared');

/**
 * Disco’s hot pages (SOSP’97, section 4.2.3), by the base policy of Verghese et al. (ASPLOS’96), from which it is
 * derived: a page that one node uses is migrated to it, a page that is read-shared is replicated, a page that is
 * write-shared is left, and moves are limited.
 */
function create(given: z.output<typeof options>, { info, instructions }: PolicyContext): PagePolicy {
  const nodeOf = (cpu: number): number => nodeOfCpu(cpu, info.cpus, info.nodes);
  const counters = createMissCounters(info.cpus, info.nodes);
  const limit = (value: number | 'infinite'): number =>
    value === 'infinite' ? Number.POSITIVE_INFINITY : value;
  const trigger = limit(given.trigger);
  const sharing = limit(given.sharing);
  const mostWrites = limit(given.write);
  const mostMoves = limit(given.migrate);
  const interval = instructions(given.reset_interval_ns);
  let nextReset = interval;

  const { sampling } = given;
  const gaps = sampleGaps(sampling, given.seed);
  // Misses until the one that is counted, by CPU, so that no CPU hides behind another’s rhythm.
  const left = Int32Array.from({ length: info.cpus }, gaps);

  const judge = (node: number, page: number) => {
    if (!given.kernel_pages && info.kernel(page)) return KERNEL;
    if (info.holds(page, node)) return LOCAL;
    // A page with replicas is shared, whoever misses now: those with a copy of their own may miss no more.
    if (info.replicated(page) || counters.mostOfOtherNodes(page, node) >= sharing) {
      if (counters.writes(page) > mostWrites) return WRITE_SHARED;
      const collapses = counters.collapses(page);
      return collapses > 0 && collapses >= mostMoves ? FROZEN : REPLICATE;
    }
    return counters.moves(page) >= mostMoves ? FROZEN : MIGRATE;
  };

  return {
    miss: (cpu, page, write) => {
      if (sampling > 1) {
        if (--left[cpu]! > 0) return false;
        left[cpu] = gaps();
      }
      if (counters.add(cpu, page, sampling, write) < trigger) return false;
      return !info.holds(page, nodeOf(cpu));
    },
    decide: (cpu, page) => {
      const decided = judge(nodeOf(cpu), page);
      counters.restart(page);
      return decided;
    },
    advance: (now) => {
      if (now >= nextReset) {
        counters.reset();
        nextReset = (Math.floor(now / interval) + 1) * interval;
      }
      return NO_MAPPINGS;
    },
    hintFault: () => LOCAL,
    carriedOut: (page, what) => {
      if (what === 'migrate') counters.moved(page);
      else if (what === 'collapse') counters.collapsed(page);
      counters.restart(page);
    },
  };
}

/**
 * Distances between sampled misses: evenly 1 to 2 n − 1, so n on average, from the TLB’s linear congruential
 * generator. Always n would meet programs that read and then write in turns, and see only one of the two.
 */
function sampleGaps(n: number, seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return 1 + Math.floor(((state >>> 8) * (2 * n - 1)) / 2 ** 24);
  };
}

export const disco = definePolicy(options, create);
