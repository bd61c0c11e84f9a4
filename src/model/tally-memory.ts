/** The tally’s part about memory under a monitor: footprints, sharing, and what virtual machines lent each other. */

/** Whose pages they are; as the bars of Figure 6, which has no process data (the processes have ended). */
export const PAGE_CLASSES = [
  'kernel_text',
  'kernel_data',
  'buffer_cache',
  'process_data',
  'monitor',
] as const;
export type PageClass = (typeof PAGE_CLASSES)[number];

/** Pages by class: the sum over the VMs as if nothing were shared, and distinct machine pages. */
export interface Footprint {
  readonly virtual: Readonly<Record<PageClass, number>>;
  readonly machine: Readonly<Record<PageClass, number>>;
}

export interface SharingCounts {
  /** Pages of kernel text that became another VM’s machine page. */
  readonly text_shared: number;
  /** Disk reads that found their block in memory. */
  readonly reads_saved: number;
  /** Stores to shared pages: copies made. */
  readonly copies: number;
  /** Stores to pages of known content that nobody shared. */
  readonly unprotected: number;
}

/** What one virtual machine’s memory took. */
export interface BalanceCounts {
  /** Pages that were made resident, for the first time or again. */
  readonly faults: number;
  readonly page_ins: number;
  /** Pages of this VM that were written to disk. */
  readonly page_outs: number;
  /** Loans that it took, in units and pages. */
  readonly borrows: number;
  readonly borrowed_pages: number;
  readonly returns: number;
  readonly recalls: number;
  readonly claims: number;
}

/** Memory at the end and over time, in pages. */
export interface MemoryFacts extends Footprint {
  /** Of the whole run, warm-up included. */
  readonly counts: SharingCounts;
  readonly samples: readonly (Footprint & { readonly instructions: number })[];
  /** By virtual machine, where their memory is limited; else null. */
  readonly balance: readonly BalanceCounts[] | null;
}
