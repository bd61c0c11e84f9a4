import { z } from 'zod';
import { isPowerOfTwo } from '../../trace/numbers.ts';
import { calibrated, chosen, count, field, nonnegative, positive } from './fields.ts';
import { memory } from './schema-memory.ts';
import { schedule, vms } from './schema-vms.ts';
import { GUESS } from './sources.ts';

/** The monitor: how it does what a guest needs. What that costs is in the prices. */
export const monitor = z.strictObject({
  name: field(z.string(), 'disco', chosen('name for tables and charts')),
  relocated_kernel: field(z.boolean(), true, {
    description: 'the guest kernel’s unmapped segment is moved to mapped addresses and takes TLB entries',
    unit: '',
    source: 'Disco, SOSP’97, section 4.3.1',
    role: 'measured',
  }),
  l2tlb: field(
    z
      .strictObject({
        entries: count
          .max(1 << 20)
          .meta({ description: 'entries per virtual CPU; 0: none', unit: 'entries' }),
        ways: positive.meta({
          description: 'associativity',
          unit: 'ways',
          source:
            'not printed; Table 2 implies at least 93 % hits, which one way does not give on the recordings',
          role: 'assumed',
        }),
      })
      .superRefine((t, context) => {
        if (t.entries !== 0 && (!isPowerOfTwo(t.entries) || !isPowerOfTwo(t.ways) || t.ways > t.entries))
          context.addIssue({
            code: 'custom',
            path: ['entries'],
            message: `${t.entries} entries in ${t.ways} ways: both must be powers of two (1024, not 1K, which is 1000), ways at most entries`,
          });
      }),
    { entries: 1024, ways: 4 },
    {
      description: 'second-level TLB in software, one per virtual CPU',
      unit: '',
      source:
        'Cellular Disco, SOSP’99, sections 2.1 and 4.1 (1024 entries, 32 KB); Disco’s own is not printed',
      role: 'measured',
    },
  ),
  patched_hal: field(z.boolean(), true, {
    description:
      'frequently used privileged registers of the guest are loads and stores on a page per virtual CPU',
    unit: '',
    source: 'Disco, SOSP’97, section 4.3.2',
    role: 'measured',
  }),
  patched_interrupt_enable: field(z.boolean(), false, {
    description: 'DI and EI are patched too (with patched_hal)',
    unit: '',
    source: 'not stated in the paper',
    role: 'assumed',
  }),
  drivers: field(z.enum(['monitor-call', 'intercepted']), 'monitor-call', {
    description: 'device access: one monitor call a request (replaced drivers), or each access intercepted',
    unit: '',
    source: 'Disco, SOSP’97, section 4.2.4',
    role: 'measured',
  }),
  zeroes_pages: field(z.boolean(), true, {
    description: 'the guest asks the monitor for zeroed pages instead of zeroing them',
    unit: '',
    source: 'Disco, SOSP’97, section 4.3.3',
    role: 'measured',
  }),
  footprint: field(z.boolean(), true, {
    description: 'the monitor’s own code and table references go through the caches',
    unit: '',
    source: 'Disco, SOSP’97, sections 4.2 and 5.2 name the code (72 KB) and the tables',
    role: 'measured',
  }),
  code_bytes_per_cycle: field(nonnegative.max(64), 8, {
    description: 'footprint: code that an activity touches, per cycle of its default path',
    unit: 'bytes/cycle',
    source:
      'a 4-byte instruction a cycle, and, as in the kernel of the evaluation’s workloads, a branch taken every seven: half of what is in the lines that it touches runs; which these are is not printed (straight-line code would be 4)',
    role: 'assumed',
  }),
  routine_bytes: field(count.max(4096), 256, {
    description: 'footprint: code of the routine that emulates one kind of privileged operation',
    unit: 'bytes',
    source: GUESS,
    role: 'assumed',
  }),
  table_entry_bytes: field(positive.max(4096), 32, {
    description: 'footprint: entry of the second-level TLB, pmap and memmap',
    unit: 'bytes',
    source: 'Cellular Disco, SOSP’99, section 4.1: 1024 L2TLB entries in 32 KB; pmap and memmap taken alike',
    role: 'assumed',
  }),
  machine_lines: field(nonnegative.max(32), calibrated('monitor.machine_lines'), {
    description:
      'footprint: lines of its virtual machine’s own record (locks, counts, list heads) that an emulated TLB write, a ' +
      'reload of the kernel and a backed page change; virtual CPUs of one machine contend for them',
    unit: 'lines',
    source:
      'fitted to the number that docs/ledger.md names; 0 is a monitor whose virtual CPUs share tables alone',
    role: 'calibrated',
  }),
  vms: vms.prefault({}),
  schedule: schedule.prefault({}),
  memory: memory.prefault({}),
  network: field(z.enum(['remap', 'copy']), 'remap', {
    description: 'messages between virtual machines: their whole pages are remapped, or copied',
    unit: '',
    source: 'Disco, SOSP’97, section 4.2.6',
    role: 'measured',
  }),
  shootdown: field(z.enum(['holders', 'machine']), 'holders', {
    description:
      'CPUs that are interrupted when a page moves: those whose virtual CPUs hold its mapping in a TLB of either level, ' +
      'or all of the virtual machines that use it',
    unit: '',
    source:
      'not printed; Disco’s memmap (SOSP’97, section 4.2.3) names virtual machine and virtual address, a second-level TLB tells its holder',
    role: 'assumed',
  }),
  request_gap: field(count, 1000, {
    description:
      'replaced drivers: device accesses with fewer records of their CPU in between are one request',
    unit: 'records',
    source: GUESS,
    role: 'assumed',
  }),
});
