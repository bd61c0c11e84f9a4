/** CPUs of each node. `cpus` is a multiple of `nodes`: what a machine is made for says so if it is not. */
export const cpusOfNode = (cpus: number, nodes: number): number => cpus / nodes;

/** Node of a CPU: nodes have equal shares of the CPUs, in order. */
export const nodeOfCpu = (cpu: number, cpus: number, nodes: number): number =>
  Math.floor(cpu / cpusOfNode(cpus, nodes));

/** Cell of a CPU: cells have equal shares of the nodes, and so of the CPUs, in order. `cells` divides the nodes. */
export const cellOfCpu = nodeOfCpu;
