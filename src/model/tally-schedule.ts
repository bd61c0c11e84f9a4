/** The tally’s part about virtual CPUs that share CPUs. */

/** Counts of one vCPU, in instructions and times. */
export interface VcpuCounts {
  readonly ran: number;
  /**
   * Waited for a CPU while it could have run, and how often. waited ÷ (ran + waited) is the probability that
   * it is descheduled at a moment of its own time: that of a lock holder.
   */
  readonly waited: number;
  readonly waits: number;
  /** World switches to it, its first included. */
  readonly switches: number;
  /** Moves to another CPU; of these, to another node; of all, by an idle CPU that stole it. */
  readonly moves: number;
  readonly farMoves: number;
  readonly steals: number;
}

export interface CpuCounts {
  readonly ran: number;
  readonly idle: number;
}

export interface ScheduleCounts {
  readonly vcpus: readonly VcpuCounts[];
  readonly cpus: readonly CpuCounts[];
  /** Most bytes that were held for waiting vCPUs. */
  readonly bufferedBytes: number;
}
