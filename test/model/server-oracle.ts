import { mvaWorkspace, solveMva } from '../../src/model/pricing/queueing/mva.ts';

/**
 * Idle time of machines that share one server: each computes, asks, and waits for its answer; requests are served one
 * at a time, in the order in which they come. Exact mean value analysis of alike customers (`mva.ts`): what `clientsIdle`, which
 * comes from products, must give for machines that are alike and have one job each.
 *
 * `busy_ns`: what one machine's run takes without the server; `served_ns`: what the server works for one machine in it.
 * Gives the idle time of one machine, service and waiting, and the server's utilisation.
 */
export function serverIdle(
  machines: number,
  busy_ns: number,
  served_ns: number,
): { readonly idle_ns: number; readonly utilisation: number } {
  const answer = solveMva(
    [{ kind: 'queue', demand_ns: served_ns }],
    machines,
    busy_ns,
    mvaWorkspace(1, machines),
  );
  return { idle_ns: answer.residence_ns[0]!, utilisation: answer.utilisation[0]! };
}
