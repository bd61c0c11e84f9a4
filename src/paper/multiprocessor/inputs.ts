import { assumed, fitted } from '../describe.ts';
import type { InputInfo } from '../types.ts';
import { PMAKE_INPUTS } from '../uniprocessor/inputs.ts';

/** Inputs of Figures 6 and 7: those of the uniprocessor pmake, and what several CPUs and kernels add. */

const F6 = (system: string, quantity: string): string => `figure6/pmake/${system}/${quantity}`;
const F7 = (system: string, quantity: string, workload = 'pmake'): string =>
  `figure7/${workload}/${system}/${quantity}`;

/** Elasticities that are not 1, found by trying. */
const ELASTICITY: Readonly<Record<string, number>> = {
  'pmake_mp.entry_loads': 0.6,
  'pmake_mp.memlock_share': 4,
  'pmake_mp.semaphore_share': 2,
  'radix.page_every': -1,
  'footprint.kernel_data_each': 0.5,
  'footprint.common_files': 0.7,
  'footprint.metadata': 0.2,
};

/** What a workload does, fitted to IRIX. */
const workload = (
  path: string,
  unit: string,
  description: string,
  prior: number,
  range: readonly [number, number],
  calibratedOn: string,
): InputInfo => fitted(path, unit, description, prior, range, [calibratedOn], ELASTICITY[path]);

/** What IRIX alone cannot show, because it has one kernel. */
const divided = (
  path: string,
  unit: string,
  description: string,
  prior: number,
  range: readonly [number, number],
  calibratedOn: string,
): InputInfo => ({
  ...workload(path, unit, description, prior, range, calibratedOn),
  source: 'fitted to eight virtual machines: one kernel cannot show what each of several has',
});

export const MULTIPROCESSOR_INPUTS: readonly InputInfo[] = [
  ...PMAKE_INPUTS,
  workload(
    'pmake_mp.entry_loads',
    'operands',
    'operands in 100 kernel instructions that look at entries of any process, which their owners change',
    34,
    [0, 60],
    F7('irix', 'kernel'),
  ),
  assumed(
    'pmake_mp.entry_updates',
    'operands',
    'operands in 100 kernel instructions that change an entry of the own process',
    6,
    'often enough that each call changes all lines of its entry: a line has changed whenever another CPU looks at it again',
  ),
  assumed(
    'pmake_mp.warm_code',
    'share',
    'part of the range of code of each path that its calls go through',
    0.15,
    'with all of it, a short trace counts first misses on text that a whole run has in its caches',
  ),
  workload(
    'pmake_mp.memlock_share',
    'share',
    'part of the path of page faults, fork, execve and exit, and half as much of short calls, under the spinlock memlock',
    0.785,
    [0, 0.95],
    F7('irix', 'synchronization'),
  ),
  workload(
    'pmake_mp.semaphore_share',
    'share',
    'part of the path of file services under the semaphore of the file system',
    0.71,
    [0, 0.95],
    F7('irix', 'idle'),
  ),
  {
    path: 'monitor.machine_lines',
    description: 'lines of a virtual machine’s record that the monitor changes with its page tables',
    unit: 'lines',
    source: 'fitted: what the virtual CPUs of one machine contend for in the monitor is not printed',
    role: 'calibrated',
    side: 'monitor',
    calibratedOn: [F7('1vm', 'monitor')],
    elasticity: 0.3,
    prior: 7,
    range: [0, 32],
  },
  {
    path: 'pmake_mp.server_ns',
    description: 'a request at the NFS server, which serves one at a time',
    unit: 'ns',
    source: 'fitted: costs of the server are not printed, and its disks are idle most of the time',
    role: 'calibrated',
    side: 'machine',
    calibratedOn: [F7('8vm_nfs', 'idle')],
    elasticity: 1.3,
    prior: 7.8e6,
    range: [0, 50e6],
  },
  workload(
    'radix.page_every',
    'instructions',
    'user instructions of a thread from one page that nobody has used to the next',
    27.8e3,
    [2e3, 500e3],
    F7('irix', 'kernel', 'radix'),
  ),
  workload(
    'radix.permuted',
    'operands',
    'stores in 100 user instructions that go anywhere in the array of keys',
    1.24,
    [0, 10],
    F7('irix', 'user_stall', 'radix'),
  ),
  workload(
    'radix.user_share',
    'percent',
    'user time of radix under IRIX: what its bars are scaled by, since its waiting there is not modelled',
    20.8,
    [1, 100],
    F7('irix', 'user', 'radix'),
  ),
  {
    path: 'footprint.kernel_text',
    description: 'text of the kernel',
    unit: 'MB',
    source: 'Disco, SOSP’97, Figure 6, artwork: 1.64 MB for each virtual machine',
    role: 'measured',
    side: 'workload',
    prior: 1.64,
  },
  workload(
    'footprint.kernel_data',
    'MB',
    'data of one kernel that runs all eight instances',
    6.6,
    [2, 20],
    F6('irix', 'virtual.kernel_data'),
  ),
  workload(
    'footprint.buffer_cache',
    'MB',
    'files that the eight instances have in one buffer cache',
    14.3,
    [5, 40],
    F6('irix', 'virtual.buffer_cache'),
  ),
  divided(
    'footprint.kernel_data_each',
    'MB',
    'data that any kernel has, whatever it runs',
    1.03,
    [0, 4],
    F6('8vm', 'virtual.kernel_data'),
  ),
  divided(
    'footprint.common_files',
    'MB',
    'files that all instances read, metadata included',
    4.47,
    [0, 12],
    F6('8vm', 'virtual.buffer_cache'),
  ),
  divided(
    'footprint.metadata',
    'MB',
    'directories and inodes that every kernel reads and changes',
    0.49,
    [0.05, 3],
    F6('8vm', 'machine.buffer_cache'),
  ),
];
