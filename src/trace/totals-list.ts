import { CLASS_NAMES, OP_NAMES } from './mips.ts';
import { exceptionService, serviceName } from './services.ts';

/** A count of a trace: its name in a summary's totals, and what it counts. */
export interface TotalDescription {
  readonly name: string;
  readonly description: string;
}

/** Causes that are listed even where a trace has none. */
export const LISTED_CAUSES: readonly number[] = [1, 2, 3, 8, 10, 11];
/** CPUs that the list names; a trace has as many as its header says. */
const LISTED_CPUS = 16;

const fixed = (rows: Readonly<Record<string, string>>): TotalDescription[] =>
  Object.entries(rows).map(([name, description]) => ({ name, description }));

/** Every total that a full-system trace can have, in the order to show them. */
export const TOTALS: readonly TotalDescription[] = [
  ...fixed({
    'file.size': 'bytes of the recording as it was read, compressed if it was',
    'file.bytes': 'bytes of the recording, uncompressed',
    'file.records': 'records of the recording, the end record included',
    'file.blocks': 'blocks of code defined',
    'file.blockInstructions': 'instructions in the blocks of code',
    'file.execWhole': 'EXEC records of whole blocks',
    'file.execPart': 'EXEC records of parts of blocks',
    'file.hostCalls': 'DISCON records of host calls',
    'file.unresolved': 'values that came too late to be joined to their instruction or exception',
    'instructions.user': 'instructions executed at user addresses',
    'instructions.kernel': 'instructions executed at kernel addresses',
  }),
  ...Array.from({ length: LISTED_CPUS }, (_, cpu) => ({
    name: `instructions.cpu${cpu}`,
    description: `instructions executed by CPU ${cpu}`,
  })),
  ...fixed({
    cpuChanges: 'changes of CPU between references, the first one included',
    loads: 'loads',
    stores: 'stores',
    mapped: 'loads and stores at mapped addresses',
    direct: 'loads and stores at direct (unmapped) addresses',
    device: 'loads and stores of devices',
    'exceptions.refill': 'TLB refills of the recorded machine',
    'exceptions.other': 'exceptions other than refills',
    interrupts: 'interrupts',
  }),
  ...LISTED_CAUSES.map((cause) => ({
    name: `exceptions.cause${cause}`,
    description: `exceptions: ${serviceName(exceptionService(cause))} (Cause code ${cause})`,
  })),
  ...OP_NAMES.map((op, i) => ({ name: `privileged.op${i}`, description: `privileged operations: ${op}` })),
  ...fixed({
    privilegedAll: 'privileged operations, exceptions, interrupts and device accesses together',
    'entryHi.writes': 'writes of EntryHi',
    'entryHi.asidChanges': 'writes of EntryHi with another ASID than the one before on the same CPU',
  }),
  ...CLASS_NAMES.map((c, i) => ({ name: `executed.class${i}`, description: `instructions executed: ${c}` })),
  ...fixed({
    'tlb.data.agree': 'mapped loads and stores whose physical page is what TLB writes said',
    'tlb.data.unknown': 'mapped loads and stores of pages that no TLB write in the trace mapped',
    'tlb.data.disagree': 'mapped loads and stores whose physical page contradicts the TLB writes',
    'tlb.execs.agree': 'starts of EXEC records at mapped addresses, as the TLB writes said',
    'tlb.execs.unknown': 'starts of EXEC records on pages that no TLB write in the trace mapped',
    'tlb.execs.disagree': 'starts of EXEC records that contradict the TLB writes',
    'flow.checked': 'transitions from one EXEC record to the next whose target can be known',
    'flow.wrong': 'of them, those that went elsewhere',
    'flow.eret.checked': 'returns from exceptions among them',
    'flow.eret.wrong': 'of the returns, those that went elsewhere',
    'flow.runs.checked': 'transitions from one run of instructions to the next whose target can be known',
    'flow.runs.wrong': 'of them, those that went elsewhere',
    'rdhwr.traps': 'RDHWR instructions that trapped (their handlers are set aside)',
    'refill.failedAttempts': 'refills whose instruction was begun before and came again',
    'refill.failedBranches': 'of them, in a delay slot, so that the branch came again too',
    'refill.failedBranchesBefore': 'of them, in a delay slot on another page than the branch',
    'refill.fetchBranches': 'refills on the fetch of a delay slot, whose branch came again',
  }),
];
