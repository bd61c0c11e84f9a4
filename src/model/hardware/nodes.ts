/** Node of a CPU: nodes have equal shares of the CPUs, in order. `cpus` is a multiple of `nodes`. */
export function nodeOfCpu(cpu: number, cpus: number, nodes: number): number {
  return Math.floor(cpu / (cpus / nodes));
}
