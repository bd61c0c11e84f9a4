import type { WorkloadInput } from './schema.ts';

/**
 * Sharing kernels: the smallest programs of which it is known how many misses and invalidations they make. A
 * turn is over when every line was used once; then the next CPU has its turn. In all of them each CPU fetches
 * from the same 64 bytes of text, and an operand comes with every fourth instruction.
 */
export interface SharingParameters {
  readonly cpus: number;
  readonly lines: number;
  readonly rounds: number;
  /** Bytes of a line: that of the caches under study, for the counts to hold. */
  readonly line: number;
}

type ProcessInput = WorkloadInput['processes'][number];
type PhaseInput = ProcessInput['phases'][number];
type DataInput = NonNullable<PhaseInput['data']>[number];

/** Longer than any turn, so that only `handover` ends one. */
const WHOLE_TURN = 2 ** 31;
const FETCHES = 4;

function kernel(
  name: string,
  { cpus, line }: SharingParameters,
  processes: readonly ProcessInput[],
): WorkloadInput {
  return {
    name,
    cpus,
    line,
    instructions: 2 ** 40,
    stretch: WHOLE_TURN,
    slice: 2 ** 40,
    processes: [...processes],
  };
}

/** A turn: each line of the data once. */
function turn({ lines, line }: SharingParameters, use: Omit<DataInput, 'region'>): PhaseInput {
  return {
    instructions: FETCHES * lines,
    handover: true,
    code: { region: 'text', bytes: 64 },
    fetch: FETCHES,
    data: [
      { size: 1, place: { kind: 'sequential', stride: line, bytes: lines * line }, ...use, region: 'data' },
    ],
  };
}

/** Processes, one on each of the CPUs, that share text and data. */
function sharers(
  name: string,
  parameters: SharingParameters,
  cpus: readonly number[],
  phases: readonly PhaseInput[],
): ProcessInput {
  return {
    name,
    count: cpus.length,
    cpus: [...cpus],
    rounds: parameters.rounds,
    regions: {
      text: { bytes: 4096, share: 'text' },
      // One line more than is used: the last CPU's bytes of false sharing lie a little further.
      data: { bytes: (parameters.lines + 1) * parameters.line, share: 'data' },
    },
    phases: [...phases],
  };
}

const upTo = (cpus: number, from = 0): number[] => Array.from({ length: cpus - from }, (_, i) => from + i);

/** All CPUs write all lines in turn: every turn but the first takes each line from the CPU before. */
export function pingPong(p: SharingParameters): WorkloadInput {
  return kernel('ping-pong', p, [sharers('player', p, upTo(p.cpus), [turn(p, { store: 1 })])]);
}

/** CPU 0 writes all lines, the others read them: each round one invalidation for each line and reader. */
export function producerConsumer(p: SharingParameters): WorkloadInput {
  return kernel('producer-consumer', p, [
    sharers('producer', p, [0], [turn(p, { store: 1 })]),
    sharers('consumer', p, upTo(p.cpus, 1), [turn(p, { load: 1 })]),
  ]);
}

/** As ping-pong, but each CPU writes a byte of its own in the line: nothing is communicated. */
export function falseSharing(p: SharingParameters): WorkloadInput {
  const place = { kind: 'sequential', stride: p.line, bytes: p.lines * p.line, skew: 1 } as const;
  return kernel('false-sharing', p, [sharers('writer', p, upTo(p.cpus), [turn(p, { store: 1, place })])]);
}

/** CPU 0 writes all lines once, then all CPUs read them over and over: cold misses only. */
export function readShared(p: SharingParameters): WorkloadInput {
  const written = { ...turn(p, { store: 1 }), once: true };
  return kernel('read-shared', p, [
    sharers('first', p, [0], [written, turn(p, { load: 1 })]),
    ...(p.cpus === 1 ? [] : [sharers('reader', p, upTo(p.cpus, 1), [turn(p, { load: 1 })])]),
  ]);
}

/** All CPUs in turn read and then write each line: a read miss and an upgrade each. */
export function migratory(p: SharingParameters): WorkloadInput {
  return kernel('migratory', p, [sharers('visitor', p, upTo(p.cpus), [turn(p, { update: 1 })])]);
}

/** Each CPU reads and writes lines of its own: cold misses only. */
export function privateLines(p: SharingParameters): WorkloadInput {
  const process = sharers('owner', p, upTo(p.cpus), [turn(p, { update: 1 })]);
  const data = { bytes: (p.lines + 1) * p.line };
  return kernel('private', p, [{ ...process, regions: { ...process.regions, data } }]);
}
