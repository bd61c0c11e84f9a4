import { InputError } from '../errors.ts';
import { GLOBAL, KERNEL, MAPPED } from '../types.ts';
import type { KernelRegionSpec } from './schema-kernel.ts';
import type { ProcessSpec, Workload } from './schema-shape.ts';
import { createScatter, scattered } from './zipf.ts';

/** What the first use of a page needs. */
export type FaultKind = 'none' | 'zero' | 'file';

/**
 * A region as it is in one address space, or in the kernel for one CPU or thread. Its pages have consecutive
 * numbers in one numbering of all pages ("flat"), so that a table over them needs no search.
 */
export interface Instance {
  readonly region: string;
  /** Flat number of its first page, and how many it has. */
  readonly first: number;
  readonly pages: number;
  readonly bytes: number;
  /** Virtual page of its first; for direct kernel pages that of physical page 0 (they follow the frame). */
  readonly virtualPage: number;
  readonly direct: boolean;
  /** Physical frame number of its first page, before `frames` strews them. */
  readonly frame: number;
  readonly flags: number;
  readonly fault: FaultKind;
  /** Address space it belongs to, or −1 for the kernel. */
  readonly owner: number;
  /** Whether other address spaces have the same frames. */
  readonly shared: boolean;
  /** Disk block of its first page, or −1. */
  readonly block: number;
  /** Machine of the network that sends its pages, or −1: they come from a disk. */
  readonly peer: number;
  /** Whether its pages have their content from the beginning, and keep it. */
  readonly resident: boolean;
}

/** One stream of execution of one process. */
export interface ThreadPlace {
  readonly spec: ProcessSpec;
  /** Address space, dense. */
  readonly owner: number;
  /** Number among the threads of all processes of this description. */
  readonly copy: number;
  /** Its own view of its process's regions. */
  readonly regions: ReadonlyMap<string, Instance>;
}

/** Kernel region: one instance, or one for each CPU or thread (then in that order, one after the other). */
export interface KernelRegion {
  readonly per: 'machine' | 'cpu' | 'thread';
  readonly instances: readonly Instance[];
}

export interface Layout {
  readonly instances: readonly Instance[];
  readonly threads: readonly ThreadPlace[];
  readonly kernel: ReadonlyMap<string, KernelRegion>;
  /** First disk block of each file. */
  readonly files: ReadonlyMap<string, number>;
  readonly flatPages: number;
  readonly frames: number;
  readonly owners: number;
  /** Virtual page of physical page 0 in the kernel's direct segment. */
  readonly directBase: number;
  readonly addressBits: 32 | 64;
  /** Physical page of a frame. */
  readonly physical: (frame: number) => number;
}

/** Region that holds the lock words, one line of LOCK_BYTES each. */
export const LOCKS_REGION = '(locks)';
export const LOCK_BYTES = 128;

const KSEG0 = 0xffffffff80000; // 0x80000000, sign-extended, in pages
const KSEG0_FRAMES = 0x20000; // 512 MB
const XKPHYS = 0x9800000000000; // cached, in pages
const KSEG2 = 0xffffffffc0000;
/** Where a process's regions begin by default, and the step between them: a page that is not mapped. */
const USER_BASE = 0x00400;
const USER_END = 0x7fff0;

const pagesOf = (bytes: number): number => Math.ceil(bytes / 4096);

/** Gives every region its virtual pages and physical frames: the kernel's first, then what is shared. */
export function layOut(workload: Workload): Layout {
  const instances: Instance[] = [];
  const files = new Map<string, number>();
  let blocks = 0;
  for (const [name, length] of Object.entries(workload.kernel?.files ?? {})) {
    files.set(name, blocks);
    blocks += length;
  }
  let flat = 0;
  let frame = 0;
  const add = (instance: Omit<Instance, 'first'>): Instance => {
    const added = { ...instance, first: flat };
    instances.push(added);
    flat += instance.pages;
    return added;
  };
  const take = (pages: number): number => {
    frame += pages;
    return frame - pages;
  };

  const threadCount = workload.processes.reduce((sum, process) => sum + process.count * process.threads, 0);
  const frameEstimate = totalPages(workload, threadCount);
  const wide = frameEstimate > KSEG0_FRAMES;
  const directBase = wide ? XKPHYS : KSEG0;
  const kernel = layOutKernel(workload, threadCount, directBase, files, add, take);
  const kernelFrames = frame;

  const shared = new Map<string, { frame: number; pages: number }>();
  const shares = workload.processes.flatMap((process) => Object.values(process.regions));
  for (const { share, bytes } of shares) {
    if (share === undefined) continue;
    shared.set(share, { frame: 0, pages: Math.max(pagesOf(bytes), shared.get(share)?.pages ?? 0) });
  }
  for (const part of shared.values()) part.frame = take(part.pages);

  const threads: ThreadPlace[] = [];
  let owner = 0;
  for (const spec of workload.processes) {
    const virtual = virtualPages(spec);
    for (let copy = 0; copy < spec.count; copy++) {
      const views = Array.from({ length: spec.threads }, () => new Map<string, Instance>());
      for (const [name, region] of Object.entries(spec.regions)) {
        const pages = pagesOf(region.bytes);
        const times = region.per === 'thread' ? spec.threads : 1;
        for (let thread = 0; thread < times; thread++) {
          const instance = add({
            region: name,
            pages,
            bytes: region.bytes,
            virtualPage: virtual.get(name)! + thread * (pages + 1),
            direct: false,
            frame: region.share === undefined ? take(pages) : shared.get(region.share)!.frame,
            flags: MAPPED,
            fault: region.fault,
            owner,
            shared: region.share !== undefined,
            block: region.file === undefined ? -1 : (files.get(region.file) ?? -1),
            peer: -1,
            resident: region.resident,
          });
          if (times > 1) views[thread]!.set(name, instance);
          else for (const view of views) view.set(name, instance);
        }
      }
      for (const [thread, regions] of views.entries()) {
        threads.push({ spec, owner, copy: copy * spec.threads + thread, regions });
      }
      owner++;
    }
  }
  const userFrames = frame - kernelFrames;
  const strewn = workload.frames === 'scattered' && userFrames > 1;
  const scatter = createScatter(Math.max(1, userFrames), workload.seed);
  return {
    instances,
    threads,
    kernel,
    files,
    flatPages: flat,
    frames: frame,
    owners: owner,
    directBase,
    addressBits: wide && workload.kernel !== undefined ? 64 : 32,
    physical: (at) =>
      strewn && at >= kernelFrames ? kernelFrames + scattered(scatter, at - kernelFrames) : at,
  };
}

function layOutKernel(
  workload: Workload,
  threads: number,
  directBase: number,
  files: ReadonlyMap<string, number>,
  add: (instance: Omit<Instance, 'first'>) => Instance,
  take: (pages: number) => number,
): Map<string, KernelRegion> {
  const regions = new Map<string, KernelRegion>();
  if (workload.kernel === undefined) return regions;
  let mapped = KSEG2;
  const place = (
    name: string,
    bytes: number,
    per: KernelRegion['per'],
    isMapped: boolean,
    { file, peer = -1, resident = false }: Partial<Pick<KernelRegionSpec, 'file' | 'peer' | 'resident'>> = {},
  ) => {
    const times = per === 'cpu' ? workload.cpus : per === 'thread' ? threads : 1;
    const pages = pagesOf(bytes);
    const instances = Array.from({ length: times }, () => {
      const instance = add({
        region: name,
        pages,
        bytes,
        virtualPage: isMapped ? mapped : directBase,
        direct: !isMapped,
        frame: take(pages),
        flags: KERNEL | GLOBAL | (isMapped ? MAPPED : 0),
        fault: file === undefined ? 'none' : 'file',
        owner: -1,
        shared: true,
        block: file === undefined ? -1 : files.get(file)!,
        peer,
        resident,
      });
      if (isMapped) mapped += pages + 1;
      if (mapped > 2 ** 52) throw new InputError('mapped kernel regions take more than 1 GB');
      return instance;
    });
    regions.set(name, { per, instances });
  };
  for (const [name, region] of Object.entries(workload.kernel.regions)) {
    place(name, region.bytes, region.per, region.mapped, region);
  }
  const locks = Object.values(workload.kernel.locks).reduce((sum, lock) => sum + lock.count, 0);
  if (locks > 0) place(LOCKS_REGION, locks * LOCK_BYTES, 'machine', false);
  return regions;
}

/** Frames at most, to choose the direct segment by. */
function totalPages(workload: Workload, threads: number): number {
  let pages = 4096;
  for (const process of workload.processes) {
    for (const region of Object.values(process.regions)) {
      pages += pagesOf(region.bytes) * process.count * (region.per === 'thread' ? process.threads : 1);
    }
  }
  for (const region of Object.values(workload.kernel?.regions ?? {})) {
    pages +=
      pagesOf(region.bytes) * (region.per === 'cpu' ? workload.cpus : region.per === 'thread' ? threads : 1);
  }
  return pages;
}

/** Virtual page of each region of a process: where it says, else one after the other, in the gaps left. */
function virtualPages(spec: ProcessSpec): Map<string, number> {
  const taken: { name: string; from: number; to: number }[] = [];
  const length = (name: string): number => {
    const region = spec.regions[name]!;
    return (pagesOf(region.bytes) + 1) * (region.per === 'thread' ? spec.threads : 1);
  };
  const clash = (from: number, to: number) => taken.find((other) => from < other.to && other.from < to);
  const names = Object.keys(spec.regions);
  const fixed = names.filter((name) => spec.regions[name]!.at !== undefined);
  for (const name of fixed) {
    const from = spec.regions[name]!.at! / 4096;
    const to = from + length(name);
    const other = clash(from, to);
    if (other !== undefined)
      throw new InputError(`process ${spec.name}: regions ${other.name} and ${name} overlap`);
    taken.push({ name, from, to });
  }
  for (const name of names) {
    if (fixed.includes(name)) continue;
    let from = USER_BASE;
    for (let other = clash(from, from + length(name)); other; other = clash(from, from + length(name)))
      from = other.to;
    taken.push({ name, from, to: from + length(name) });
  }
  for (const { name, to } of taken) {
    if (to > USER_END) throw new InputError(`process ${spec.name}: region ${name} lies beyond 2 GB`);
  }
  return new Map(taken.map(({ name, from }) => [name, from]));
}
