import type { Category, Cause, Owner } from '../model/pricing/breakdown.ts';

/**
 * The readable name of every category, cause and owner: one vocabulary for the terminal, the page, the
 * charts and their tables.
 */

export interface CauseWords {
  /** Two characters for places where nothing longer fits; the second cue beside the colour. */
  readonly code: string;
  /** A label of a few words. */
  readonly short: string;
  /** A noun phrase that can end the sentence "the time goes to …". */
  readonly name: string;
  /** What is counted, as a full phrase for the legend. */
  readonly meaning: string;
}

const stall = (code: string, what: string, where: string, place: string): CauseWords => ({
  code,
  short: `${where} stall, ${what}`,
  name: `stall on ${what} from ${place}`,
  meaning: `waiting for ${what} that come from ${place}`,
});

export const CAUSE_WORDS: Readonly<Record<Cause, CauseWords>> = {
  execution: {
    code: 'EX',
    short: 'execution',
    name: 'instruction execution',
    meaning: 'instructions, without any waiting for memory',
  },
  stall_l2_instruction: stall('2i', 'instructions', 'L2', 'the L2 cache'),
  stall_l2_data: stall('2d', 'data', 'L2', 'the L2 cache'),
  stall_local_instruction: stall('Li', 'instructions', 'local', 'local memory'),
  stall_local_data: stall('Ld', 'data', 'local', 'local memory'),
  stall_remote_instruction: stall('Ri', 'instructions', 'remote', 'remote memory'),
  stall_remote_data: stall('Rd', 'data', 'remote', 'remote memory'),
  stall_dirty_instruction: stall('Di', 'instructions', 'dirty remote', 'a cache of another node'),
  stall_dirty_data: stall('Dd', 'data', 'dirty remote', 'a cache of another node'),
  stall_neighbour_instruction: stall('Ni', 'instructions', 'neighbour', 'another cache of the node'),
  stall_neighbour_data: stall('Nd', 'data', 'neighbour', 'another cache of the node'),
  stall_upgrade: {
    code: 'UP',
    short: 'upgrade stall',
    name: 'stall on stores to shared lines',
    meaning: 'waiting to be the only one with a line that is at hand but shared',
  },
  queueing: {
    code: 'QU',
    short: 'queueing',
    name: 'queueing in the memory system',
    meaning: 'waiting behind other CPUs at controllers, memories and links',
  },
  tlb_refill: {
    code: 'TR',
    short: 'TLB refill',
    name: 'TLB refill',
    meaning: 'TLB misses served by the guest’s own refill handler',
  },
  page_fault: {
    code: 'PF',
    short: 'page fault',
    name: 'page faults',
    meaning: 'pages mapped, filled or zeroed at first touch',
  },
  timer: { code: 'TI', short: 'timer', name: 'timer interrupts', meaning: 'the guest’s clock interrupts' },
  trap_delivery: {
    code: 'TD',
    short: 'trap delivery',
    name: 'trap delivery',
    meaning: 'exceptions taken by the monitor and passed to the guest’s vector',
  },
  interrupt_delivery: {
    code: 'IN',
    short: 'interrupt delivery',
    name: 'interrupt delivery',
    meaning: 'interrupts taken by the monitor, posted and passed to the guest',
  },
  privileged_emulation: {
    code: 'PE',
    short: 'privileged emulation',
    name: 'privileged-instruction emulation',
    meaning: 'privileged instructions of the guest, each emulated by the monitor',
  },
  l2tlb_reload: {
    code: 'SL',
    short: 'second-level TLB',
    name: 'second-level TLB reloads',
    meaning: 'TLB misses served by the monitor’s second-level TLB',
  },
  tlb_write_emulation: {
    code: 'TW',
    short: 'TLB-write emulation',
    name: 'TLB-write emulation',
    meaning: 'TLB writes of the guest, translated to machine pages through the pmap',
  },
  kernel_tlb_fault: {
    code: 'KT',
    short: 'kernel TLB fault',
    name: 'kernel TLB faults',
    meaning: 'TLB misses on the relocated guest kernel, served by the monitor',
  },
  monitor_call: {
    code: 'MC',
    short: 'monitor call',
    name: 'monitor calls',
    meaning: 'explicit requests of the guest to the monitor',
  },
  device: {
    code: 'DV',
    short: 'device',
    name: 'device access',
    meaning: 'device registers, read and written or intercepted',
  },
  page_move: {
    code: 'PM',
    short: 'page move',
    name: 'page moves',
    meaning: 'hot pages migrated or replicated, replicas dropped, TLB entries shot down',
  },
  page_sharing: {
    code: 'PS',
    short: 'page sharing',
    name: 'page sharing',
    meaning: 'stores to shared pages, which get a copy of their own',
  },
  world_switch: {
    code: 'WS',
    short: 'world switch',
    name: 'world switches',
    meaning: 'virtual CPUs that take turns on a CPU or go to another',
  },
  memory_balance: {
    code: 'MB',
    short: 'paging, borrowing',
    name: 'paging and borrowed memory',
    meaning: 'pages to disk and back, memory borrowed between shares',
  },
  network: {
    code: 'NW',
    short: 'virtual network',
    name: 'the virtual network',
    meaning: 'messages between virtual machines or to the outside, and idle time until the server answers',
  },
  synchronisation: {
    code: 'SY',
    short: 'lock wait',
    name: 'waiting for locks',
    meaning: 'another CPU holds the lock: spinning, idle for a semaphore, switching',
  },
  idle: { code: 'ID', short: 'idle', name: 'idling', meaning: 'nothing to run: all jobs wait for disks' },
};

/** What the network is called where nothing runs: messages take time to send, and then somebody waits for the answer. */
const SERVER_WAIT: CauseWords = {
  ...CAUSE_WORDS.network,
  short: 'server wait',
  name: 'waiting for the server',
};

/** The words of a cause in a category. */
export const causeWords = (category: Category, cause: Cause): CauseWords =>
  category === 'idle' && cause === 'network' ? SERVER_WAIT : CAUSE_WORDS[cause];

/** Causes that only a monitor brings: they need no "monitor" in front of their name. */
const MONITOR_CAUSES: ReadonlySet<Cause> = new Set([
  'trap_delivery',
  'interrupt_delivery',
  'privileged_emulation',
  'l2tlb_reload',
  'tlb_write_emulation',
  'kernel_tlb_fault',
  'monitor_call',
  'page_sharing',
  'world_switch',
  'network',
]);

/** The name of a category and cause together, for sentences and labels, e.g. `kernel stall on data …`. */
export function cellName(category: Category, cause: Cause): string {
  return withCategory(category, cause, causeWords(category, cause).name);
}

/** As `cellName`, in few words, for a chart's row. */
export function cellLabel(category: Category, cause: Cause): string {
  return withCategory(category, cause, causeWords(category, cause).short);
}

function withCategory(category: Category, cause: Cause, words: string): string {
  if (category === cause) return words;
  if (category === 'monitor' && MONITOR_CAUSES.has(cause)) return words;
  return `${category} ${words}`;
}

/** Owners with their article ("could be removed by …"), and the time that is theirs. */
export const OWNER_WORDS: Readonly<Record<Owner, { readonly name: string; readonly how: string }>> = {
  workload: { name: 'the workload', how: 'its own execution' },
  architecture: {
    name: 'the architecture',
    how: 'waiting and queueing for memory, moving pages nearer, and the refills, reloads and traps that come from how the processor translates and traps',
  },
  'operating system': {
    name: 'the operating system',
    how: 'its execution, page faults and timer ticks, and instructions emulated that a patched kernel would not execute',
  },
  monitor: {
    name: 'the monitor',
    how: 'its calls, its TLB-write emulation, the pages it backs, and how it shares out CPUs and memory',
  },
};

/** Name of a context: what was running or asked for. */
export function contextName(context: string): string {
  if (context === 'user') return 'user code';
  if (context === 'kernel') return 'kernel, no service open';
  return cleanText(context);
}

/**
 * Text from a file made safe to print: control characters (terminal escapes), lone surrogates and
 * direction overrides become U+FFFD.
 */
export function cleanText(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069]/gu, '\uFFFD');
}

/** Shortens to at most `length` characters by an ellipsis in the middle, where names differ least. */
export function shorten(text: string, length: number): string {
  const characters = [...text];
  if (characters.length <= length) return text;
  const head = Math.ceil((length - 1) / 2);
  const tail = length - 1 - head;
  return `${characters.slice(0, head).join('')}…${tail > 0 ? characters.slice(-tail).join('') : ''}`;
}

/** Shortens several names so that they stay distinct: names that would collide get their number. */
export function shortenAll(names: readonly string[], length: number): string[] {
  const short = names.map((name) => shorten(name, length));
  return short.map((name, i) =>
    short.some((other, k) => k !== i && other === name)
      ? `${shorten(names[i]!, Math.max(1, length - 4))} (${i + 1})`
      : name,
  );
}

/** `1 miss`, `2 misses`: a count with the noun that fits. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return count === 1 ? one : many;
}
