import { z } from 'zod';
import { PAGE_BYTES } from '../../../trace/types.ts';
import { nodeOfCpu } from '../../hardware/nodes.ts';
import { wider } from '../../hardware/pages.ts';
import { bytes, count, field } from '../../systems/fields.ts';
import { decision, definePolicy, NO_MAPPINGS, type PagePolicy, type PolicyContext } from './policy.ts';

const SYSCTL = 'Linux: the scheduler’s source';
const FILTER = 'Linux: should_numa_migrate_memory';

const options = z.strictObject({
  scan_delay_ns: field(z.number().nonnegative().finite(), 1e9, {
    description: 'before the first scan of the address spaces',
    unit: 'ns',
    source: `${SYSCTL}, scan delay 1000 ms`,
    role: 'measured',
  }),
  scan_period_ns: field(z.number().positive().finite(), 1e9, {
    description: 'between scans; does not adapt here (Linux: 1000 to 60000 ms)',
    unit: 'ns',
    source: `${SYSCTL}, least scan period 1000 ms`,
    role: 'measured',
  }),
  scan_size: field(bytes, 268435456, {
    description: 'mapped memory of each address space that a scan withdraws',
    unit: 'bytes',
    source: `${SYSCTL}, scan size 256 MB`,
    role: 'measured',
  }),
  early_scans: field(count.max(1024), 5, {
    description:
      'passes over an address space during which a page moves at its first fault, or if the fault before was of ' +
      'the same address space; 0: two faults of a node from the start',
    unit: 'passes',
    source: `${FILTER}, while at most 4 passes are finished`,
    role: 'measured',
  }),
});

const LOCAL = decision('leave', 'local');
const KERNEL = decision('leave', 'kernel');
const FIRST = decision('leave', 'first-fault');
const OTHER_NODE = decision('leave', 'other-node');
const EARLY = decision('migrate', 'first-fault');
const PRIVATE = decision('migrate', 'private');
const SAME_NODE = decision('migrate', 'same-node');

interface Scan {
  /** Virtual page from which the next scan goes on. */
  from: number;
  /** Times that the end of the address space was reached. */
  passes: number;
}

/**
 * Linux’s automatic NUMA balancing: mappings are withdrawn at a steady rate, so that the next use of the page is a
 * hinting fault; a page moves to the node of a fault if the fault before came from the same node (the two-stage
 * filter). Never replicates, never touches the kernel.
 */
function create(given: z.output<typeof options>, { info, instructions }: PolicyContext): PagePolicy {
  const { mappings } = info;
  const period = instructions(given.scan_period_ns);
  const scanPages = Math.max(1, Math.floor(given.scan_size / PAGE_BYTES));
  let nextScan = given.scan_delay_ns === 0 ? 0 : instructions(given.scan_delay_ns);
  const scans = new Map<number, Scan>();
  // By page, of the last hinting fault: node + 1 (0: none yet) and address space.
  let lastNode = new Int32Array(1024);
  let lastSpace = new Int32Array(1024);

  /** Withdraws the next pages of a space; a scan ends at the end of the space, the next begins anew. */
  const scan = (space: number, withdrawn: number[]): void => {
    const state = scans.get(space) ?? { from: 0, passes: 0 };
    scans.set(space, state);
    const ids = mappings.of(space);
    let left = scanPages;
    let at = firstFrom(ids, state.from);
    for (; at < ids.length && left > 0; at++) {
      const id = ids[at]!;
      if (info.kernel(mappings.page(id))) continue;
      withdrawn.push(id);
      left--;
    }
    if (at < ids.length) state.from = mappings.virtualPage(ids[at]!);
    else {
      state.from = 0;
      state.passes++;
    }
  };

  /** Index of the first mapping at or after a virtual page. */
  const firstFrom = (ids: readonly number[], virtualPage: number): number => {
    let low = 0;
    let high = ids.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (mappings.virtualPage(ids[middle]!) < virtualPage) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  return {
    miss: () => false,
    decide: () => LOCAL,
    advance: (now) => {
      if (now < nextScan) return NO_MAPPINGS;
      nextScan = now + period;
      const withdrawn: number[] = [];
      for (const space of mappings.spaces()) scan(space, withdrawn);
      return withdrawn;
    },
    hintFault: (cpu, page, space) => {
      if (info.kernel(page)) return KERNEL;
      const node = nodeOfCpu(cpu, info.cpus, info.nodes);
      if (page >= lastNode.length) {
        lastNode = wider(lastNode, page);
        lastSpace = wider(lastSpace, page);
      }
      const before = lastNode[page]! - 1;
      const sameSpace = lastSpace[page] === space;
      lastNode[page] = node + 1;
      lastSpace[page] = space;
      if (info.holds(page, node)) return LOCAL;
      if ((scans.get(space)?.passes ?? 0) < given.early_scans) {
        if (before < 0) return EARLY;
        if (sameSpace) return PRIVATE;
      }
      if (before < 0) return FIRST;
      return before === node ? SAME_NODE : OTHER_NODE;
    },
    carriedOut: () => {},
  };
}

export const numaBalancing = definePolicy(options, create);
