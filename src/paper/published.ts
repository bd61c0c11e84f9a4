import type { Exhibit, PublishedNumber } from './types.ts';

/**
 * The published numbers of Disco's evaluation: E. Bugnion, S. Devine, M. Rosenblum, “Disco: Running Commodity Operating
 * Systems on Scalable Multiprocessors”, SOSP 1997. Tables, totals above bars and shares of local misses are as printed;
 * segments of bars were measured in the vector artwork of the figures (resolution about 0.1 unit; the measured totals
 * round to the printed ones).
 */

type Row = readonly [workload: string, system: string, values: readonly number[]];

/** Quantities of a bar in the order of its values: segments, the total in the artwork, the total in print. */
const FIGURE5 = ['user', 'kernel', 'monitor', 'idle', 'total', 'total_printed'];
const FIGURE6 = ['virtual', 'machine'].flatMap((kind) =>
  ['kernel_data', 'kernel_text', 'buffer_cache', 'monitor', 'total', 'total_printed'].map(
    (part) => `${kind}.${part}`,
  ),
);
const FIGURE7 = [
  ...['user', 'user_stall', 'kernel', 'synchronization', 'monitor', 'idle'],
  ...['total', 'total_printed'],
];
const FIGURE8 = [
  ...['execution', 'local_stall', 'remote_stall', 'monitor'],
  ...['total', 'total_printed', 'misses_local'],
];
const PRINTED = /(total_printed|misses_local)$/;

function bars(exhibit: Exhibit, unit: string, quantities: readonly string[], rows: readonly Row[]) {
  return rows.flatMap(([workload, system, values]): PublishedNumber[] =>
    quantities.map((quantity, i) => ({
      exhibit,
      workload,
      system,
      quantity,
      value: values[i]!,
      unit: quantity === 'misses_local' ? 'percent of L2 misses' : unit,
      provenance: PRINTED.test(quantity) ? 'printed' : 'artwork',
    })),
  );
}

const figure5 = bars('figure5', 'percent of IRIX time', FIGURE5, [
  ['pmake', 'irix', [49.6, 18.7, 0, 31.7, 100, 100]],
  ['pmake', 'disco', [50.5, 16.3, 24.1, 24.9, 115.7, 116]],
  ['engineering', 'irix', [94.1, 5.9, 0, 0, 100, 100]],
  ['engineering', 'disco', [94.8, 1.2, 9.7, 0, 105.7, 106]],
  ['raytrace', 'irix', [96.6, 3.4, 0, 0, 100, 100]],
  ['raytrace', 'disco', [96.1, 0.8, 6.1, 0, 103, 103]],
  ['database', 'irix', [86.4, 13.6, 0, 0, 100, 100]],
  ['database', 'disco', [87.9, 3, 25.4, 0, 116.3, 116]],
]);

const figure6 = bars('figure6', 'MB', FIGURE6, [
  ['pmake', 'irix', [6.6, 1.6, 14.3, 0, 22.5, 23, 6.6, 1.6, 14.3, 0, 22.5, 23]],
  ['pmake', '1vm', [6.4, 1.6, 14.3, 4.7, 27.1, 27, 6.4, 1.6, 14.3, 4.7, 27.1, 27]],
  ['pmake', '2vm', [7.4, 3.3, 20.3, 5.3, 36.3, 36, 7.3, 1.6, 15.2, 5.3, 29.4, 29]],
  ['pmake', '4vm', [9.4, 6.6, 29.4, 5.3, 50.7, 51, 9.3, 1.6, 16.5, 5.3, 32.8, 33]],
  ['pmake', '8vm', [13.8, 13.2, 45.6, 4.6, 77.2, 77, 13.7, 1.6, 17.7, 4.6, 37.7, 38]],
  ['pmake', '8vm_nfs', [15.8, 13.2, 46.7, 5.6, 81.3, 81, 15.7, 1.6, 16.8, 5.6, 39.8, 40]],
]);

const figure7 = bars('figure7', 'percent of IRIX time', FIGURE7, [
  ['pmake', 'irix', [18.3, 9.8, 34.1, 22.7, 0, 15.1, 100, 100]],
  ['pmake', '1vm', [18.3, 10.2, 34.3, 25.3, 23.3, 24.7, 136.2, 136]],
  ['pmake', '2vm', [18.3, 7.8, 21.2, 12.5, 21.2, 10.6, 91.7, 92]],
  ['pmake', '4vm', [18.4, 6.2, 12.6, 3.1, 16.3, 6.9, 63.5, 64]],
  ['pmake', '8vm', [18.4, 5, 8.7, 0.9, 14, 12.7, 59.7, 60]],
  ['pmake', '8vm_nfs', [18.4, 4.6, 9.6, 1, 14.4, 37.7, 85.7, 86]],
  ['radix', 'irix', [20.8, 29.6, 22.3, 5, 0, 22.3, 100, 100]],
  ['radix', 'splashos_on_disco', [15.5, 14.7, 0, 0, 3.7, 0, 33.9, 34]],
]);

const figure8 = bars('figure8', 'percent of IRIX NUMA time', FIGURE8, [
  ['engineering', 'irix_numa', [31.3, 5.5, 63.2, 0, 100, 100, 16]],
  ['engineering', 'disco_numa', [30.4, 12.9, 13.3, 10.4, 67, 67, 78]],
  ['engineering', 'irix_uma', [31.4, 17.1, 0, 0, 48.4, 48, 100]],
  ['raytrace', 'irix_numa', [42.1, 1.8, 56.1, 0, 100, 100, 6]],
  ['raytrace', 'disco_numa', [41.5, 6.8, 7.2, 6.2, 61.7, 62, 76]],
  ['raytrace', 'irix_uma', [42, 7.4, 0, 0, 49.4, 49, 100]],
]);

const printed = (
  exhibit: Exhibit,
  workload: string,
  system: string,
  quantity: string,
  value: number,
  unit: string,
): PublishedNumber => ({ exhibit, workload, system, quantity, value, unit, provenance: 'printed' });

const TABLE1: readonly (readonly [workload: string, seconds: number])[] = [
  ['pmake', 3.9],
  ['engineering', 3.5],
  ['raytrace', 12.9],
  ['database', 2],
];
const table1 = TABLE1.map(([workload, seconds]) =>
  printed('table1', workload, 'irix', 'execution_time', seconds, 's'),
);

/** Parts of a service's time under Disco, which Table 2 gives as fractions of its time under IRIX. */
export const SERVICE_PARTS = [
  'kernel_execution',
  'tlb_write_emulation',
  'other_privileged',
  'monitor_calls_and_page_faults',
  'kernel_tlb_faults',
] as const;

/** By service: percent of IRIX's system time, µs each, slowdown under Disco, then the parts. */
const TABLE2: readonly (readonly [service: string, values: readonly number[]])[] = [
  ['demand_zero', [30, 21, 1.42, 0.43, 0.21, 0.16, 0.47, 0.16]],
  ['quick_fault', [10, 5, 3.17, 1.27, 0.8, 0.56, 0, 0.53]],
  ['open', [9, 42, 1.63, 1.16, 0.08, 0.06, 0.02, 0.3]],
  ['utlb_miss', [7, 0.035, 1.35, 0.07, 1.22, 0.05, 0, 0.02]],
  ['write', [6, 12, 2.14, 1.01, 0.24, 0.21, 0.31, 0.17]],
  ['read', [6, 23, 1.53, 1.1, 0.13, 0.09, 0.01, 0.2]],
  ['execve', [6, 437, 1.6, 0.97, 0.03, 0.05, 0.17, 0.4]],
];
const table2 = TABLE2.flatMap(([service, [share, time, slowdown, ...parts]]) => [
  printed('table2', 'pmake', 'irix', `${service}.share_of_system_time`, share!, 'percent'),
  printed('table2', 'pmake', 'irix', `${service}.time_per_invocation`, time!, 'us'),
  printed('table2', 'pmake', 'disco', `${service}.slowdown`, slowdown!, 'ratio'),
  ...SERVICE_PARTS.map((part, i) =>
    printed(
      'table2',
      'pmake',
      'disco',
      `${service}.${part}`,
      parts[i]!,
      'fraction of IRIX time of the service',
    ),
  ),
]);

const TABLE3: readonly (readonly [workload: string, values: readonly number[]])[] = [
  ['engineering', [2461, 67, 2208, 57]],
  ['raytrace', [909, 102, 2671, 73]],
];
const table3 = TABLE3.flatMap(([workload, values]) =>
  ['migrations', 'migration_time', 'replications', 'replication_time'].map((quantity, i) =>
    printed('table3', workload, 'disco_numa', quantity, values[i]!, i % 2 === 0 ? '1/s' : 'us'),
  ),
);

/** All of them, exhibit by exhibit. */
export const PUBLISHED: readonly PublishedNumber[] = [
  ...figure5,
  ...table1,
  ...table2,
  ...figure6,
  ...figure7,
  ...figure8,
  ...table3,
];

/** Where the source contradicts itself, and what is done about it. */
export interface Misprint {
  readonly where: string;
  readonly problem: string;
  readonly choice: string;
}

export const MISPRINTS: readonly Misprint[] = [
  {
    where: 'Table 2, write',
    problem:
      'the slowdown is printed as 2.14, its five parts add to 1.94; the six other rows agree within 0.02',
    choice: 'the parts are compared; the slowdown, like every sum of parts, is not scored',
  },
  {
    where: 'Sections 1 and 5.5, Figure 8',
    problem:
      'section 1 says that migration and replication save up to 37 %, section 5.5 says 33 % and 38 %; the artwork gives 33.0 % and 38.3 %',
    choice: 'the bars of Figure 8 are compared, which agree with section 5.5',
  },
];
