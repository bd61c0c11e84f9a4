import { z } from 'zod';
import { calibrated, field, price } from './fields.ts';
import { DISCO_5_1, GUESS } from './sources.ts';

/** Prices of the hardware: the processor, and what its references wait for. */
export const machinePrices = {
  cycle_ns: field(z.number().positive().finite(), 2.5, {
    description: 'processor cycle',
    unit: 'ns',
    source: `twice the R10000’s clock (${DISCO_5_1}), which is not printed and taken as 200 MHz`,
    role: 'assumed',
  }),
  cycles_per_instruction: price(
    1,
    'cycles',
    'measured',
    'without stalls',
    `${DISCO_5_1}: non-superscalar, statically scheduled`,
  ),
  l2_hit_ns: price(
    51.3,
    'ns',
    'assumed',
    'stall of an L1 miss that hits in the L2',
    'Origin 2000: L2 56.4 − L1 5.1 ns (Laudon & Lenoski, ISCA’97, from memory)',
  ),
  local_ns: price(300, 'ns', 'measured', 'stall of an L2 miss to local memory, uncontended', DISCO_5_1),
  remote_ns: price(900, 'ns', 'measured', 'stall of an L2 miss to remote memory, uncontended', DISCO_5_1),
  dirty_ns: price(
    1300,
    'ns',
    'assumed',
    'stall of an L2 miss served by a modified line in a cache of another node (three hops), uncontended',
    'remote_ns × 145 to 191 ÷ 111, FLASH’s own ratios (Heinrich, ASPLOS’94, from memory)',
  ),
  neighbour_ns: price(
    430,
    'ns',
    'assumed',
    'stall of an L2 miss served by a modified line in the cache of another CPU of the node, uncontended',
    'local_ns × 143 ÷ 100, FLASH’s ratio for a dirty line against the ideal (Heinrich, ASPLOS’94, from memory)',
  ),
  upgrade_ns: price(
    200,
    'ns',
    'assumed',
    'stall of a store to a shared line whose home is the own node: permission without data',
    'local_ns without the memory’s part',
  ),
  remote_upgrade_ns: price(
    800,
    'ns',
    'assumed',
    'the same where the home is another node',
    'remote_ns without the memory’s part',
  ),
  hop_ns: price(
    0,
    'ns',
    'chosen',
    'added for each hop of each message for which a CPU waits; remote_ns and the others then exclude it',
    'latencies are printed without distances',
  ),
  controller_ns: price(
    calibrated('prices.controller_ns'),
    'ns',
    'calibrated',
    'contention: occupancy of a node’s directory and protocol controller by one request',
    'fitted to the number that docs/ledger.md names; FLASH’s MAGIC handlers take about ten of its 10 ns cycles (Heinrich, ASPLOS’94, from memory)',
  ),
  memory_ns: price(
    140,
    'ns',
    'assumed',
    'contention: occupancy of a node’s memory by one line',
    'FLASH: 14 cycles of 10 ns to first data (Heinrich, ASPLOS’94, from memory)',
  ),
  message_ns: price(
    20,
    'ns',
    'assumed',
    'contention: occupancy of a port, a link or the bus by a message without a line',
    '16 bytes at 0.8 GB/s, one direction of Origin’s links (Laudon & Lenoski, ISCA’97, from memory)',
  ),
  line_ns: price(
    180,
    'ns',
    'assumed',
    'contention: occupancy of a port, a link or the bus by a line',
    '144 bytes at 0.8 GB/s, as message_ns',
  ),
  uncached_ns: price(1000, 'ns', 'assumed', 'an uncached or device access', GUESS),
};
