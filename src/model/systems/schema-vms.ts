import { z } from 'zod';
import { MOST_MACHINES } from '../../trace/compose/spec.ts';
import { PAGE_BYTES } from '../../trace/types.ts';
import { bytes, chosen, count, field, positive } from './fields.ts';
import { CPU_LISTS, SIZES } from './vm-lists.ts';

/** Several virtual machines in a system, and how their virtual CPUs share the machine's CPUs. */

const CELLULAR_BALANCE = 'Cellular Disco, SOSP’99, section 4.2';

export const vms = z.strictObject({
  count: field(
    positive.max(MOST_MACHINES),
    1,
    chosen(
      'virtual machines among which the trace’s CPUs are divided in equal blocks, each with its own copy of the ' +
        'operating system; a composed trace (vms:…) brings its own',
      'VMs',
    ),
  ),
  memory: field(
    z.union([
      z.literal(0),
      bytes.pipe(z.number().min(PAGE_BYTES)),
      z.string().regex(SIZES, 'expected bytes, or a size for each virtual machine, e.g. 96M+32M*7'),
    ]),
    0,
    chosen(
      'memory of each virtual machine, for balancing and paging; 0: as much as it wants; 96M+32M*7: of each its own',
      'bytes',
    ),
  ),
  cpus: field(
    z.union([
      z.literal('all'),
      z.string().regex(CPU_LISTS, 'expected all, or the CPUs of each virtual machine, e.g. 0-3+4,6+5'),
    ]),
    'all',
    chosen(
      'CPUs on which each virtual machine’s virtual CPUs may run: all, or of each machine its own, e.g. 0-3+4,6+5',
    ),
  ),
});

export const schedule = z.strictObject({
  slice_instructions: field(positive, 1000000, {
    description: 'instructions after which a virtual CPU makes room for another',
    unit: 'instructions',
    source: 'no paper prints Disco’s time slice; 10 ms at 10 ns per instruction',
    role: 'assumed',
  }),
  stretch: field(
    positive,
    1000,
    chosen('instructions of a CPU before it is the next CPU’s turn in the replay’s order', 'instructions'),
  ),
  affinity: field(
    z.boolean(),
    true,
    chosen('a virtual CPU stays with its CPU; else all CPUs serve one queue'),
  ),
  balance: field(z.boolean(), true, {
    description: 'a CPU without work steals a waiting virtual CPU, from the nearest node first',
    unit: '',
    source: CELLULAR_BALANCE,
    role: 'measured',
  }),
  gang: field(
    z.boolean(),
    false,
    chosen('all virtual CPUs of a virtual machine run at the same time, or none does'),
  ),
  steal_delay_instructions: field(count, 400000, {
    description: 'how long a CPU has been idle before it steals from its own node',
    unit: 'instructions',
    source: `${CELLULAR_BALANCE}: 4 ms, at 10 ns per instruction`,
    role: 'assumed',
  }),
  far_steal_delay_instructions: field(count, 600000, {
    description: 'the same, from another node',
    unit: 'instructions',
    source: `${CELLULAR_BALANCE}: 6 ms, at 10 ns per instruction`,
    role: 'assumed',
  }),
  idle_instructions: field(count, 0, {
    description: 'how long a virtual CPU that went idle cannot run; 0: it has only given up its slice',
    unit: 'instructions',
    source: 'traces do not record how long a CPU is idle',
    role: 'assumed',
  }),
  buffer_bytes: field(
    bytes,
    536870912,
    chosen('most memory for what waiting virtual CPUs have yet to run', 'bytes'),
  ),
});
