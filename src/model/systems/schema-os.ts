import { z } from 'zod';
import { chosen, count, field, positive } from './fields.ts';

/** The guest operating system: its refill handler, and what it does where a trace has no kernel. */
export const os = z.strictObject({
  name: field(z.string(), 'irix', chosen('name for tables and charts')),
  refill_loads: field(z.union([count.max(16), z.literal('recorded')]), 1, {
    description:
      'page-table loads of a TLB refill; they go through the caches. recorded: as the trace’s own handler',
    unit: 'loads',
    source: 'IRIX: one load from the linear page table, assumed',
    role: 'assumed',
  }),
  refill_privileged: field(
    z.union([z.record(z.string(), count.max(64)), z.literal('recorded')]),
    { dmfc0: 1, dmtc0: 2, tlbwr: 1, eret: 1 },
    {
      description: 'privileged operations of a TLB refill by kind; recorded: as the trace’s own handler',
      unit: 'operations',
      source: 'MIPS refill handler with a linear page table (Context register), assumed',
      role: 'assumed',
    },
  ),
  rdhwr: field(
    z.enum(['keep', 'drop']),
    'keep',
    chosen('traps of RDHWR in a recording: keep, or drop as later MIPS hardware does not take them'),
  ),
  overlay: field(
    z.boolean(),
    true,
    chosen('user-level traces: add what an operating system would do (page faults, timer interrupts)'),
  ),
  first_load: field(
    z.enum(['file', 'zero']),
    'zero',
    chosen(
      'user-level traces: what a page is whose first reference is a load (a first store is demand-zero)',
    ),
  ),
  timer_instructions: field(count, 4000000, {
    description: 'user-level traces: instructions between timer interrupts; 0: none',
    unit: 'instructions',
    source: '100 Hz at 2.5 ns per instruction (IRIX clock tick, assumed)',
    role: 'assumed',
  }),
  jobs: field(
    positive.max(64),
    1,
    chosen(
      'jobs for each CPU: while some wait for disks, another one can compute; 1: every wait is idle time',
      'jobs',
    ),
  ),
  server: field(
    z.enum(['none', 'network', 'all']),
    'none',
    chosen(
      'whose requests wait for a server, one for all virtual machines, that serves one request at a time ' +
        '(docs/contention.md): none; network: those that the trace sends to the network; all: those to disks, too, ' +
        'which are the server’s',
    ),
  ),
  entry_tlb_writes: field(count.max(16), 3, {
    description: 'user-level traces: wired TLB entries rewritten by a kernel entry and exit',
    unit: 'writes',
    source:
      'Disco, SOSP’97, Table 2: emulating TLB writes takes 4.0 to 4.4 µs of a fault, which writes one entry more, and 2.9 to 3.4 µs of open, read and write',
    role: 'assumed',
  }),
  entry_privileged: field(count.max(256), 12, {
    description: 'user-level traces: privileged operations of a kernel entry and exit',
    unit: 'operations',
    source: 'counted: kernel entries and exits in the shipped recordings',
    role: 'measured',
  }),
});
