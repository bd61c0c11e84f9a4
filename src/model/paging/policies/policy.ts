import type { z } from 'zod';
import type { Mappings } from './mappings.ts';

/**
 * Page placement policies: whether a physical page is moved to, or copied to, the node of a CPU that uses it.
 * A policy decides and counts; whoever runs it (the monitor, or natively the kernel) carries out and says so.
 * Time is in instructions of all CPUs together. A page is a dense physical page id.
 */

export type Action = 'leave' | 'migrate' | 'replicate';

/** Why a policy decided so. */
export type Reason =
  /** The requester’s node holds the page already. */
  | 'local'
  /** A page of the kernel that the policy does not touch. */
  | 'kernel'
  /** Used by the requester’s node alone. */
  | 'private'
  | 'read-shared'
  | 'write-shared'
  /** Moved, or its replicas dropped, too often in this interval. */
  | 'frozen'
  /** Hinting faults: the first of the page; the one before came from the same, from another node. */
  | 'first-fault'
  | 'same-node'
  | 'other-node';

/** What to do with a page; the target is always the requester’s node. */
export interface Decision {
  readonly action: Action;
  readonly reason: Reason;
}

/** What happened to a page: moved, copied, or all its copies but one dropped because of a store. */
export type CarriedOut = 'migrate' | 'replicate' | 'collapse';

export interface PagePolicy {
  /**
   * The home of a page counted a miss of `cpu`; `write`: a write miss or an upgrade. Write-backs are not told.
   * True: the page is hot, the CPU takes an interrupt and `decide` is called. Called on every L2 miss.
   */
  miss(cpu: number, page: number, write: boolean): boolean;
  /** About a hot page. */
  decide(cpu: number, page: number): Decision;
  /**
   * `now` instructions have passed. Gives the translations whose mappings the policy withdraws at this moment to
   * see who uses them; most often none. To be called at least once in every interval of the policy.
   */
  advance(now: number): readonly number[];
  /** A withdrawn mapping was used: by a CPU, of a page, in an address space. */
  hintFault(cpu: number, page: number, space: number): Decision;
  /** What was decided was carried out, or a store collapsed a page. */
  carriedOut(page: number, what: CarriedOut): void;
}

/** What a policy asks about the machine and its pages. */
export interface PageInfo {
  readonly cpus: number;
  /** Nodes, each with an equal share of the CPUs, in order. */
  readonly nodes: number;
  /** Whether memory of a node holds the page or a replica of it. */
  holds(page: number, node: number): boolean;
  /** Whether there are several copies, all write-protected. */
  replicated(page: number): boolean;
  /** Whether the page is the guest kernel’s: its text, or data that it reaches through the unmapped segment. */
  kernel(page: number): boolean;
  /** The mappings of the address spaces that run. */
  readonly mappings: Mappings;
}

/** What a policy is made from. */
export interface PolicyContext {
  readonly info: PageInfo;
  /** Instructions of all CPUs together in a time of so many ns. */
  instructions(ns: number): number;
}

/** A policy as the registry knows it. */
export interface PolicyDefinition<Options extends z.ZodType> {
  /** Its options, as written in a system: times in ns. */
  readonly options: Options;
  /** Options that are left out take their defaults. */
  create(options: unknown, context: PolicyContext): PagePolicy;
}

/** Keeps the options’ schema and the function that reads them together. */
export function definePolicy<Options extends z.ZodType>(
  options: Options,
  create: (options: z.output<Options>, context: PolicyContext) => PagePolicy,
): PolicyDefinition<Options> {
  return { options, create: (given, context) => create(options.parse(given), context) };
}

export const decision = (action: Action, reason: Reason): Decision => Object.freeze({ action, reason });

/** Nothing is withdrawn. */
export const NO_MAPPINGS: readonly number[] = Object.freeze([]);
