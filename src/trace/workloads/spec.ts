/** What names of workloads begin with where the name of a trace is asked for. */
export const WORKLOAD_PREFIX = 'workload:';

export const isWorkloadSpec = (name: string): boolean => name.startsWith(WORKLOAD_PREFIX);
