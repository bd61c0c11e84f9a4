import type { PriceName } from './settings.ts';

/** Prices as a reader looks for them, in the order of the panel; every price is in one group (a test counts them). */
export const PRICE_GROUPS: readonly { readonly name: string; readonly prices: readonly PriceName[] }[] = [
  { name: 'Processor', prices: ['cycle_ns', 'cycles_per_instruction'] },
  {
    name: 'Caches and memory',
    prices: [
      'l2_hit_ns',
      'local_ns',
      'remote_ns',
      'dirty_ns',
      'neighbour_ns',
      'upgrade_ns',
      'remote_upgrade_ns',
      'hop_ns',
      'uncached_ns',
    ],
  },
  { name: 'Contention', prices: ['controller_ns', 'memory_ns', 'message_ns', 'line_ns'] },
  {
    name: 'Operating system',
    prices: [
      'refill_cycles',
      'demand_zero_ns',
      'zero_page_cycles',
      'file_page_ns',
      'timer_ns',
      'context_switch_ns',
      'disk_ns',
      'disk_byte_ns',
      'server_ns',
    ],
  },
  {
    name: 'Monitor',
    prices: [
      'l2tlb_cycles',
      'trap_cycles',
      'interrupt_cycles',
      'emulate_cycles',
      'tlb_write_cycles',
      'kernel_tlb_cycles',
      'backing_cycles',
      'call_cycles',
      'device_cycles',
    ],
  },
  {
    name: 'Moving and sharing pages and CPUs',
    prices: [
      'hot_page_cycles',
      'migrate_ns',
      'replicate_ns',
      'collapse_ns',
      'shootdown_cycles',
      'copy_on_write_cycles',
      'hint_fault_cycles',
      'world_switch_cycles',
      'vcpu_move_ns',
      'vcpu_node_move_ns',
      'borrow_ns',
      'page_out_ns',
      'packet_cycles',
    ],
  },
];
