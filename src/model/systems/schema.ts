import { z } from 'zod';
import { chosen, ROLES } from './fields.ts';
import { machine } from './schema-machine.ts';
import { monitor } from './schema-monitor.ts';
import { os } from './schema-os.ts';
import { pages } from './schema-pages.ts';
import { prices } from './schema-prices.ts';

/**
 * What a system is: machine × operating system × monitor × prices, all data. The schema is the single
 * place where a field's name, unit, default, source and meaning are written down, in a file for each part;
 * documentation, JSON Schema, `system show` and the report's ledger are made from it.
 */
export const systemSchema = z.strictObject({
  name: z.string().min(1).default('custom').meta({ description: 'name for tables and charts' }),
  description: z.string().default('').meta({ description: 'what the system is, in a sentence' }),
  machine: machine.prefault({}),
  os: os.prefault({}),
  pages: pages.prefault({}),
  monitor: monitor
    .nullable()
    .default(null)
    .meta({ ...chosen('the monitor; null: native') }),
  prices: prices.prefault({}),
  sources: z
    .record(z.string(), z.strictObject({ source: z.string(), role: z.enum(ROLES) }))
    .default({})
    .meta({ description: 'where values that differ from the defaults come from, by path' }),
});

/** A complete system: every field has its value. */
export type System = z.output<typeof systemSchema>;
/** A system as written: anything left out takes its default. */
export type SystemInput = z.input<typeof systemSchema>;
export type Machine = System['machine'];
export type Monitor = NonNullable<System['monitor']>;
export type Prices = System['prices'];
