import type { VirtualMachine } from '../../../trace/types.ts';
import { cpusOfNode, nodeOfCpu } from '../../hardware/nodes.ts';

/** Which vCPUs are a machine's. */
export type VcpuRange = Pick<VirtualMachine, 'firstCpu' | 'cpus'>;

/**
 * CPUs by how near they are to `cpu`: itself, its node's, then node by node in order of numbers, as no
 * topology is known here.
 */
export function nearestFirst(cpu: number, cpus: number, nodes: number): number[] {
  const home = nodeOfCpu(cpu, cpus, nodes);
  const hops = (other: number): number => Math.abs(nodeOfCpu(other, cpus, nodes) - home);
  const around = (other: number): number => (other - cpu + cpus) % cpus;
  return Array.from({ length: cpus }, (_, other) => other).sort(
    (a, b) => hops(a) - hops(b) || around(a) - around(b),
  );
}

/**
 * The CPU on which each vCPU begins: no CPU has two more than another, a machine's vCPUs are on different
 * CPUs while there are any, and as near each other as that leaves room for. As many vCPUs as CPUs keep their
 * numbers. Machines are placed in order, each around the node that has least to do. `own`: CPUs of each machine, which
 * it does not leave; null: all.
 */
export function placeVcpus(
  machines: readonly VcpuRange[],
  cpus: number,
  nodes: number,
  own: readonly (readonly number[])[] | null = null,
): Uint8Array {
  const vcpus = machines.reduce((sum, machine) => sum + machine.cpus, 0);
  const placement = Uint8Array.from({ length: vcpus }, (_, vcpu) => vcpu);
  if (vcpus === cpus && own === null) return placement;
  const load = new Array<number>(cpus).fill(0);
  const loadOf = (node: number): number =>
    load.reduce((sum, own, cpu) => sum + (nodeOfCpu(cpu, cpus, nodes) === node ? own : 0), 0);
  for (const [at, machine] of machines.entries()) {
    let node = 0;
    for (let other = 1; other < nodes; other++) if (loadOf(other) < loadOf(node)) node = other;
    const order = own?.[at] ?? nearestFirst(node * cpusOfNode(cpus, nodes), cpus, nodes);
    const mine = new Array<number>(cpus).fill(0);
    for (let vcpu = machine.firstCpu; vcpu < machine.firstCpu + machine.cpus; vcpu++) {
      let best = order[0]!;
      for (const cpu of order)
        if (mine[cpu]! < mine[best]! || (mine[cpu] === mine[best] && load[cpu]! < load[best]!)) best = cpu;
      placement[vcpu] = best;
      load[best]!++;
      mine[best]!++;
    }
  }
  return placement;
}

/** Whether a vCPU may run on a CPU: `own`, the CPUs of each machine; null: everywhere. */
export function allowedOn(
  machines: readonly VcpuRange[],
  own: readonly (readonly number[])[] | null,
): (vcpu: number, cpu: number) => boolean {
  if (own === null) return () => true;
  const sets = machines.flatMap(({ cpus }, at) => new Array<Set<number>>(cpus).fill(new Set(own[at])));
  return (vcpu, cpu) => sets[vcpu]!.has(cpu);
}
