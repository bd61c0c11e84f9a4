import { assumed, fitted } from '../describe.ts';
import { MULTIPROCESSOR_INPUTS } from '../multiprocessor/inputs.ts';
import type { InputInfo } from '../types.ts';

/** Inputs of Figure 5's three workloads that miss in the TLB, and of Figure 8 and Table 3. */

const F5 = (workload: string, quantity: string, system = 'irix'): string =>
  `figure5/${workload}/${system}/${quantity}`;
const F8 = (workload: string, system: string, quantity: string): string =>
  `figure8/${workload}/${system}/${quantity}`;
const T3 = (workload: string, quantity: string): string => `table3/${workload}/disco_numa/${quantity}`;

/** Elasticities that are not 1, found by trying. */
const ELASTICITY: Readonly<Record<string, number>> = {
  'engineering.sweep': -1.2,
  'raytrace.sweep': 1.5,
  'tlb.refills_per_quick_fault': -0.5,
  'engineering.stay': -1,
  'engineering.drift': -1,
};

const workload = (
  path: string,
  unit: string,
  description: string,
  prior: number,
  range: readonly [number, number],
  calibratedOn: readonly string[],
  source?: string,
): InputInfo => fitted(path, unit, description, prior, range, calibratedOn, ELASTICITY[path], source);

const SCATTERED = 'operands in 100 instructions that follow pointers from page to page';
const LENGTH = 'instructions of the whole run on one CPU';
const SWEEP = 'operands in 100 instructions that go through data in order, more than a cache keeps';
const PAIRS = 'pairs of pages that pointers lead to, for each process';

/** What all TLB-bound workloads need. */
const SHARED: readonly InputInfo[] = [
  // The kernel and the monitor are those of pmake.
  ...MULTIPROCESSOR_INPUTS.filter(
    ({ path }) =>
      path.startsWith('prices.') ||
      path.startsWith('monitor.') ||
      path === 'pmake.quick_fault' ||
      path === 'pmake.spread',
  ),
  workload(
    'tlb.refills_per_quick_fault',
    'refills',
    'fast TLB refills for each slow one',
    1600,
    [500, 20000],
    [F5('database', 'kernel', 'disco')],
    'fitted: what IRIX spends on slow refills is in its kernel time, and only the second-level TLB tells the two apart',
  ),
];

export const TLB_BOUND_INPUTS: readonly InputInfo[] = [
  ...SHARED,
  workload('engineering.scattered', 'operands', SCATTERED, 1.4, [0.2, 4], [F5('engineering', 'kernel')]),
  workload('raytrace.scattered', 'operands', SCATTERED, 0.34, [0.05, 2], [F5('raytrace', 'kernel')]),
  workload('database.scattered', 'operands', SCATTERED, 3, [0.5, 8], [F5('database', 'kernel')]),
  workload(
    'engineering.instructions',
    'instructions',
    LENGTH,
    570e6,
    [100e6, 2e9],
    ['table1/engineering/irix/execution_time'],
  ),
  workload(
    'raytrace.instructions',
    'instructions',
    LENGTH,
    4.6e9,
    [1e9, 10e9],
    ['table1/raytrace/irix/execution_time'],
  ),
  workload(
    'database.instructions',
    'instructions',
    LENGTH,
    350e6,
    [50e6, 2e9],
    ['table1/database/irix/execution_time'],
  ),
  workload(
    'engineering.sweep',
    'operands',
    SWEEP,
    0.81,
    [0.2, 3],
    [F8('engineering', 'irix_numa', 'execution')],
    'fitted: the share of execution tells how often caches miss, and stalls of the UMA machine hardly change with it',
  ),
  workload(
    'raytrace.sweep',
    'operands',
    SWEEP,
    0.122,
    [0.02, 1],
    [F8('raytrace', 'irix_uma', 'local_stall')],
  ),
  assumed('engineering.pairs', 'pairs', PAIRS, 128, 'twice what the TLB holds; two processes share a CPU'),
  assumed('raytrace.pairs', 'pairs', PAIRS, 224, 'somewhat less than four times what the TLB holds'),
  assumed('database.pairs', 'pairs', PAIRS, 256, 'four times what the TLB holds'),
];

const MOVED = 'fitted: IRIX moves no pages, so nothing of it says how fast programs come to use other pages';

export const NUMA_INPUTS: readonly InputInfo[] = [
  ...TLB_BOUND_INPUTS.filter(({ path }) => !/^database\.|\.instructions$/.test(path)),
  workload(
    'engineering.stay',
    'instructions',
    'instructions of a process after which the scheduler puts it on another CPU',
    132e6,
    [30e6, 500e6],
    [T3('engineering', 'migrations')],
    MOVED,
  ),
  workload(
    'engineering.drift',
    'instructions',
    'instructions of a process after which it works on five other pages of its program',
    1.47e6,
    [0.3e6, 10e6],
    [T3('engineering', 'replications')],
    MOVED,
  ),
  workload(
    'raytrace.ray_pages',
    'pages',
    'pages for rays that each process goes through in the run',
    68,
    [20, 150],
    [T3('raytrace', 'migrations')],
    MOVED,
  ),
  assumed(
    'raytrace.scene_pages',
    'pages',
    'pages of the scene, all of which each process looks at in the course of the run',
    192,
    'three quarters of the 1 MB in which the data set fits (Disco, SOSP’97, section 5.5)',
  ),
  {
    path: 'prices.controller_ns',
    description: 'occupancy of a node’s directory and protocol controller by one request',
    unit: 'ns',
    source: 'fitted: FLASH’s handlers take about ten of its 10 ns cycles, from memory',
    role: 'calibrated',
    side: 'machine',
    calibratedOn: [F8('raytrace', 'irix_numa', 'execution')],
    elasticity: -0.6,
    prior: 125,
    range: [50, 250],
  },
  {
    path: 'prices.migrate_ns',
    description:
      'bookkeeping of a migration, and of a replication, without copying and without interrupting CPUs',
    unit: 'ns',
    source: 'fitted: Table 3 prints averages that hold copies and interrupts, which are replayed',
    role: 'calibrated',
    side: 'monitor',
    calibratedOn: [T3('engineering', 'migration_time')],
    elasticity: 0.35,
    prior: 24000,
    range: [2000, 60000],
  },
];
