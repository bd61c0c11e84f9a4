import { z } from 'zod';
import { PAPER_VALUES } from '../../trace/workloads/paper/values.ts';
import { diskService, HP_97560 } from './disk-drive.ts';
import { calibrated, field, nonnegative, price } from './fields.ts';
import { machinePrices } from './schema-prices-machine.ts';
import { GUESS, TABLE_2 } from './sources.ts';

const MOVES =
  'fitted to Disco, SOSP’97, Table 3, Engineering’s migration (docs/ledger.md); a replication is taken alike';

/** A request of two pages at a random place, and what the disk takes for it. */
const DISK_BYTES = 8192;
const DISK = diskService(HP_97560, DISK_BYTES, 'random');
/** As many digits as the drive’s description has. */
const rounded = (value: number, digits: number): number => Number(value.toPrecision(digits));

/** Stalls of what is replayed come on top of these. */
const FITTED = 'fitted to the numbers that docs/ledger.md names, stalls apart (which are replayed)';

/** Prices: of the hardware, of the operating system, its devices, of the monitor and of who manages memory. */
export const prices = z.strictObject({
  ...machinePrices,
  refill_cycles: field(z.union([nonnegative, z.literal('recorded')]), calibrated('prices.refill_cycles'), {
    description:
      'path of the guest’s TLB refill handler; recorded: the trace’s own handler, one cycle an instruction',
    unit: 'cycles',
    source: `${TABLE_2}: UTLB_MISS 35 ns, the stalls of its loads (which are replayed) apart (docs/ledger.md)`,
    role: 'calibrated',
  }),
  demand_zero_ns: price(
    8160,
    'ns',
    'calibrated',
    'demand-zero fault without the zeroing',
    `${TABLE_2}: DEMAND_ZERO 21 µs − zeroing: 32 L2 lines × 300 ns, 32 L1 lines × 51.3 ns, zero_page_cycles`,
  ),
  zero_page_cycles: price(
    640,
    'cycles',
    'assumed',
    'instructions of zeroing a page, without its misses',
    '512 stores of 8 bytes, and two instructions of a loop for every eight of them',
  ),
  file_page_ns: price(
    5000,
    'ns',
    'measured',
    'fault on a page that is in memory',
    `${TABLE_2}: QUICK_FAULT 5 µs`,
  ),
  timer_ns: price(10000, 'ns', 'assumed', 'timer interrupt of the guest', GUESS),
  context_switch_ns: price(
    10000,
    'ns',
    'assumed',
    'a semaphore that is not free: switching to another thread and back, for each wait',
    GUESS,
  ),
  handoff_ns: price(
    500,
    'ns',
    'assumed',
    'a spinlock that others wait for: how much longer each of them makes handing it over',
    'each reads the lock again when it is released and tries to take it: two requests, one after the other at the home of its line, some 2 × (controller_ns + memory_ns); Anderson, IEEE TPDS 1(1), 1990, measured a time proportional to their number',
  ),
  switch_tlb_writes: price(
    4,
    'writes',
    'assumed',
    'a switch to wait for a semaphore, under a monitor: TLB writes that it emulates, each at the mean cost of the run’s',
    'wired entries of the thread that runs next: its kernel stack and user area, as in the kernel of the evaluation’s workloads',
  ),
  switch_privileged: price(
    1,
    '',
    'assumed',
    'the same: number of other privileged instructions that it emulates',
    'the address space’s number',
  ),
  disk_ns: price(
    rounded(DISK.seek_ns + DISK.rotation_ns, 3),
    'ns',
    'measured',
    'positioning of a disk for one request at a random place: seek and rotation',
    'HP 97560 (Ruemmler & Wilkes, IEEE Computer 27(3), 1994): mean seek 12.8 ms, half a turn at 4002 rpm; SimOS’s disk model (from memory), those of Disco’s runs are not printed',
  ),
  disk_byte_ns: price(
    rounded(DISK.transfer_ns / DISK_BYTES, 3),
    'ns',
    'measured',
    'transfer of each byte from or to a disk',
    'the same drive: 36,864 bytes a track in one turn, and a head switch of 1.6 ms',
  ),
  disk_scv: field(z.number().min(0).max(1), rounded(DISK.cv2, 2), {
    description:
      'how much services of a disk vary: squared coefficient of variation; 1: as much as exponential ones',
    unit: '',
    source: 'the same drive: 8 KB at random places, seek and rotation (docs/contention.md)',
    role: 'measured',
  }),
  server_ns: price(
    PAPER_VALUES['pmake_mp.server_ns']!,
    'ns',
    'calibrated',
    'a request at the server of the virtual machines (os.server), which serves one at a time',
    'Disco, SOSP’97, Figure 7: idle time of pmake on eight virtual machines with NFS (docs/ledger.md, pmake_mp.server_ns)',
  ),
  l2tlb_cycles: price(
    calibrated('prices.l2tlb_cycles'),
    'cycles',
    'calibrated',
    'monitor: TLB miss served by the second-level TLB',
    FITTED,
  ),
  trap_cycles: price(
    100,
    'cycles',
    'assumed',
    'monitor: exception delivered to the guest’s vector',
    'as one emulated instruction',
  ),
  interrupt_cycles: price(300, 'cycles', 'assumed', 'monitor: interrupt taken, posted and delivered', GUESS),
  emulate_cycles: price(
    calibrated('prices.emulate_cycles'),
    'cycles',
    'calibrated',
    'monitor: one privileged instruction emulated',
    FITTED,
  ),
  tlb_write_cycles: price(
    calibrated('prices.tlb_write_cycles'),
    'cycles',
    'calibrated',
    'monitor: one TLB write of the guest emulated through the pmap',
    FITTED,
  ),
  kernel_tlb_cycles: price(
    calibrated('prices.kernel_tlb_cycles'),
    'cycles',
    'calibrated',
    'monitor: TLB miss on a relocated kernel page',
    FITTED,
  ),
  backing_cycles: price(
    400,
    'cycles',
    'assumed',
    'monitor: fault on a physical page without a machine page',
    GUESS,
  ),
  call_cycles: price(150, 'cycles', 'assumed', 'monitor: one monitor call, entry and exit', GUESS),
  device_cycles: price(400, 'cycles', 'assumed', 'monitor: one intercepted device access', GUESS),
  hot_page_cycles: price(
    400,
    'cycles',
    'assumed',
    'manager of memory: interrupt for a hot page, and the decision what to do with it',
    'as interrupt_cycles, and some look-ups',
  ),
  migrate_ns: price(
    calibrated('prices.migrate_ns'),
    'ns',
    'calibrated',
    'manager of memory: moving a page, without copy and interrupts (whose references are replayed)',
    MOVES,
  ),
  replicate_ns: price(
    calibrated('prices.migrate_ns'),
    'ns',
    'calibrated',
    'manager of memory: a replica of a page, without copy and interrupts (whose references are replayed)',
    MOVES,
  ),
  collapse_ns: price(
    24000,
    'ns',
    'assumed',
    'manager of memory: a store to a replicated page, whose replicas are dropped',
    'as replicate_ns; outside Table 3',
  ),
  shootdown_cycles: price(
    300,
    'cycles',
    'assumed',
    'manager of memory: interrupt of a CPU that has to drop a TLB entry, on that CPU',
    'as interrupt_cycles; outside Table 3',
  ),
  copy_on_write_cycles: price(
    600,
    'cycles',
    'assumed',
    'manager of memory: fault on a shared page and its own copy, without the copying (which is replayed)',
    'as trap_cycles and backing_cycles, and the sharers’ list',
  ),
  hint_fault_cycles: price(
    400,
    'cycles',
    'assumed',
    'manager of memory: fault on a mapping that was withdrawn to see who uses the page',
    'as backing_cycles',
  ),
  world_switch_cycles: price(
    1000,
    'cycles',
    'assumed',
    'monitor: another virtual CPU takes the CPU',
    'two sets of 64 registers, 64 TLB entries of some 4 cycles, the choice',
  ),
  vcpu_move_ns: price(
    37000,
    'ns',
    'measured',
    'monitor: a virtual CPU goes to another CPU of its node',
    'Cellular Disco, SOSP’99, section 4.1 (32-CPU Origin 2000)',
  ),
  vcpu_node_move_ns: price(
    520000,
    'ns',
    'measured',
    'monitor: a virtual CPU goes to another node of its cell, the copy of its second-level TLB included',
    'Cellular Disco, SOSP’99, section 4.1 (another node of the cell)',
  ),
  vcpu_cell_move_ns: price(
    1520000,
    'ns',
    'measured',
    'monitor: a virtual CPU goes to another cell (machine.cells), the copy of its second-level TLB included',
    'Cellular Disco, SOSP’99, section 4.1 (another cell)',
  ),
  borrow_ns: price(
    740,
    'ns',
    'measured',
    'manager of memory: a page borrowed from another’s share',
    'Cellular Disco, SOSP’99, section 5.1: 758 µs for 4 MB',
  ),
  page_out_ns: price(
    14300000,
    'ns',
    'measured',
    'manager of memory: a page to or from the paging disk, waited for',
    'a mid-1990s paging disk, random read (Feeley et al., SOSP’95, Table 3)',
  ),
  packet_cycles: price(
    1000,
    'cycles',
    'assumed',
    'monitor: a message of the virtual network, its pages remapped and not copied',
    GUESS,
  ),
});
