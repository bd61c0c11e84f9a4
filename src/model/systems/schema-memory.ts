import { z } from 'zod';
import { bytes, chosen, field } from './fields.ts';

/** Memory of several virtual machines in a system: what they share, and what they lend each other. */

const CELLULAR = 'Cellular Disco, SOSP’99, section 5.2';

const threshold = (value: number, description: string, source: string) =>
  field(bytes, value * 2 ** 20, {
    description: `${description} (for ‘cell_memory’, scaled to the memory of each virtual machine)`,
    unit: 'bytes',
    source,
    role: 'measured',
  });

export const memory = z
  .strictObject({
    sharing: field(z.boolean(), true, {
      description:
        'pages with the same content are one machine page until one of them is stored to: kernel text, and disk ' +
        'blocks in the buffer caches',
      unit: '',
      source: 'Disco, SOSP’97, sections 4.2.5 and 5.3',
      role: 'measured',
    }),
    balancing: field(
      z.boolean(),
      false,
      chosen('virtual machines borrow memory from each other before they page to disk'),
    ),
    cell_memory: field(bytes, 448 * 2 ** 20, {
      description: 'memory of a cell for which the thresholds below were chosen',
      unit: 'bytes',
      source: 'Cellular Disco, SOSP’99: 3.5 GB, taken as 8 cells',
      role: 'assumed',
    }),
    borrow_below: threshold(16, 'free memory of its own below which a virtual machine borrows', CELLULAR),
    keep: threshold(4, 'free memory of each preferred lender that a borrower tries to have', CELLULAR),
    unit: threshold(4, 'memory of one loan', CELLULAR),
    lend_above: threshold(32, 'free memory of its own above which a virtual machine lends', CELLULAR),
  })
  .superRefine((m, context) => {
    if (m.lend_above < m.unit)
      context.addIssue({
        code: 'custom',
        path: ['lend_above'],
        message: `lends while above ${m.lend_above} bytes, but ${m.unit} at a time: must be at least that`,
      });
  });

export type MemoryManagement = z.output<typeof memory>;

/** When virtual machines lend each other memory; in pages, all at least 1. */
export interface Thresholds {
  /** A VM with fewer free pages of its own memory borrows, … */
  readonly borrow_below: number;
  /** … from each VM of whose memory it has fewer free pages than these. */
  readonly keep: number;
  /** A loan. */
  readonly unit: number;
  /** A VM lends while it has more free pages of its own memory. At least `unit`. */
  readonly lend_above: number;
}

/** Thresholds in pages for a virtual machine with so many pages of memory; each at least one. */
export function scaledThresholds(management: MemoryManagement, pages: number): Thresholds {
  const scaled = (threshold: number): number =>
    Math.max(1, Math.round((threshold / management.cell_memory) * pages));
  return {
    borrow_below: scaled(management.borrow_below),
    keep: scaled(management.keep),
    unit: scaled(management.unit),
    lend_above: scaled(management.lend_above),
  };
}
