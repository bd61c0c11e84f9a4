import type { z } from 'zod';
import { NAMED_SERVICES } from '../services.ts';
import type { ProcessSpec, Workload } from './schema-shape.ts';
import type { DataSpec, PlaceSpec, WorkSpec } from './schema-work.ts';

/**
 * What a schema of single fields cannot say of a workload: that names refer to something, that windows lie in
 * their regions, that sizes fit each other, that tables stay within memory.
 */

/** Most pages of all address spaces together, and most lines or pages that one place may choose from. */
const MOST_PAGES = 2 ** 24;
const MOST_THREADS = 4096;
/** Longest region: offsets in it are 31-bit numbers. */
const MOST_REGION_BYTES = 2 ** 31 - 4096;
const MOST_UNITS = { chase: 2 ** 22, distances: 2 ** 20, zipf: 2 ** 26 } as const;
/** User addresses end at 2 GB. */
const MOST_USER_BYTES = 0x7fff0000;

type Path = (string | number)[];
type Complain = (path: Path, message: string) => void;
/** Size in bytes of a region that some work may use; null: there is none of that name. */
type SizeOf = (region: string) => number | null;

export function checkWorkload(workload: Workload, context: z.core.$RefinementCtx): void {
  const complain: Complain = (path, message) => context.addIssue({ code: 'custom', path, message });
  workload.processes.forEach((process, at) => {
    checkProcess(workload, process, ['processes', at], complain);
  });
  if (workload.kernel !== undefined) checkKernel(workload, complain);
  checkTotals(workload, complain);
}

function checkProcess(workload: Workload, process: ProcessSpec, path: Path, complain: Complain): void {
  const { kernel } = workload;
  process.cpus?.forEach((cpu, at) => {
    if (cpu >= workload.cpus)
      complain([...path, 'cpus', at], `CPU ${cpu} is not there: CPUs are 0 to ${workload.cpus - 1}`);
  });
  let bytes = 0;
  for (const [name, region] of Object.entries(process.regions)) {
    bytes += (pagesOf(region.bytes) + 1) * 4096 * (region.per === 'thread' ? process.threads : 1);
    if (region.share !== undefined && region.per === 'thread')
      complain([...path, 'regions', name], 'a region cannot both be shared and be one for each thread');
    if (region.resident && region.fault !== 'file')
      complain([...path, 'regions', name, 'resident'], 'only a region with fault: file can be resident');
    if (region.file !== undefined && kernel !== undefined && kernel.files[region.file] === undefined)
      complain([...path, 'regions', name, 'file'], `no file ${region.file} under kernel.files`);
  }
  if (bytes > MOST_USER_BYTES) complain([...path, 'regions'], 'regions take more than 2 GB of addresses');
  if (process.phases.every((phase) => phase.once))
    complain([...path, 'phases'], 'all phases are done once only; at least one must repeat');
  if (process.life !== undefined && process.threads > 1)
    complain([...path, 'life'], 'only a process with one thread can exit and begin again');
  process.services?.forEach((service, at) => {
    if (kernel?.services[service] === undefined)
      complain([...path, 'services', at], `no service ${service} under kernel.services`);
  });
  const copies = process.count * process.threads;
  const sizeOf: SizeOf = (region) => process.regions[region]?.bytes ?? null;
  process.phases.forEach((phase, at) => {
    checkWork(workload, phase, sizeOf, copies, [...path, 'phases', at], complain);
  });
}

function checkKernel(workload: Workload, complain: Complain): void {
  const kernel = workload.kernel!;
  const copies = Math.max(...workload.processes.map((process) => process.count * process.threads));
  const codeSize: SizeOf = (region) => {
    const found = kernel.regions[region];
    return found === undefined || found.per !== 'machine' ? null : found.bytes;
  };
  const sizeOf: SizeOf = (region) => {
    const found = kernel.regions[region];
    if (found !== undefined) return found.bytes;
    const sizes = workload.processes.map((process) => process.regions[region]?.bytes ?? 0);
    const least = Math.min(...sizes);
    return least === 0 ? null : least;
  };
  const check = (work: WorkSpec, path: Path): void => {
    if (codeSize(work.code.region) === null)
      complain([...path, 'code', 'region'], `no kernel region ${work.code.region} of which there is one`);
    else checkWork(workload, work, sizeOf, copies, path, complain);
  };
  for (const [name, region] of Object.entries(kernel.regions)) {
    if (region.bytes > MOST_REGION_BYTES) complain(['kernel', 'regions', name], 'more than 2 GB');
    if (region.resident && region.file === undefined)
      complain(['kernel', 'regions', name, 'resident'], 'only a region with a file can be resident');
    if (region.peer !== undefined && (region.file === undefined || region.resident))
      complain(
        ['kernel', 'regions', name, 'peer'],
        'only a region with a file, not resident, comes from a peer',
      );
    if (region.file !== undefined && kernel.files[region.file] === undefined)
      complain(['kernel', 'regions', name, 'file'], `no file ${region.file} under kernel.files`);
  }
  if (kernel.entry !== undefined) check(kernel.entry, ['kernel', 'entry']);
  if (kernel.exit !== undefined) check(kernel.exit, ['kernel', 'exit']);
  const faults = new Set<string>();
  let exits = 0;
  let interrupted = 0; // share of a CPU's time that services at a rate of its clock take
  const paths = (kernel.entry?.instructions ?? 0) + (kernel.exit?.instructions ?? 0);
  for (const [name, service] of Object.entries(kernel.services)) {
    const path: Path = ['kernel', 'services', name];
    check(service, path);
    if (service.service === undefined && !(NAMED_SERVICES as readonly string[]).includes(name)) {
      const names = NAMED_SERVICES.join(', ');
      complain(path, `say with \`service\` which of the known services it is: ${names}`);
    }
    if (service.when.on === 'rate' && service.when.of === 'cpu')
      interrupted += (service.instructions + paths) / service.when.every;
    if (service.when.on === 'exit' && ++exits > 1) complain(path, 'there is another service for exit');
    if (service.when.on === 'fault') {
      if (faults.has(service.when.kind))
        complain(path, `there is another service for ${service.when.kind} faults`);
      faults.add(service.when.kind);
    }
    service.locks.forEach((use, at) => {
      if (kernel.locks[use.lock] === undefined)
        complain([...path, 'locks', at], `no lock ${use.lock} under kernel.locks`);
      if (use.data !== undefined)
        checkWork(workload, { ...service, data: use.data }, sizeOf, copies, [...path, 'locks', at], complain);
    });
    service.copies.forEach((copy, at) => {
      for (const end of [copy.from, copy.to]) {
        const size = sizeOf(end);
        if (size === null) complain([...path, 'copies', at], noRegion(end));
        else if (copy.bytes % 8 !== 0 || size % 8 !== 0)
          complain([...path, 'copies', at], 'bytes and region must be multiples of 8 bytes');
      }
    });
    for (const [at, { region }] of service.clears.entries()) {
      const found = kernel.regions[region];
      if (found === undefined || found.per !== 'machine' || found.mapped)
        complain(
          [...path, 'clears', at, 'region'],
          `no direct kernel region ${region} of which there is one`,
        );
    }
    if (service.disk !== undefined && kernel.files[service.disk.file] === undefined)
      complain([...path, 'disk', 'file'], `no file ${service.disk.file} under kernel.files`);
  }
  if (interrupted >= 1)
    complain(['kernel', 'services'], "services at a rate of the CPU's clock leave no time for anything else");
}

function checkTotals(workload: Workload, complain: Complain): void {
  let pages = 0;
  let threads = 0;
  for (const process of workload.processes) {
    threads += process.count * process.threads;
    for (const region of Object.values(process.regions)) {
      const times = region.per === 'thread' ? process.threads : 1;
      pages += pagesOf(region.bytes) * process.count * times;
    }
  }
  for (const region of Object.values(workload.kernel?.regions ?? {})) {
    const times = region.per === 'cpu' ? workload.cpus : region.per === 'thread' ? threads : 1;
    pages += pagesOf(region.bytes) * times;
  }
  if (threads > MOST_THREADS) complain(['processes'], `${threads} threads; at most ${MOST_THREADS}`);
  if (pages > MOST_PAGES) complain(['processes'], `all regions together have ${pages} pages; at most 2^24`);
}

function checkWork(
  workload: Workload,
  work: WorkSpec,
  sizeOf: SizeOf,
  copies: number,
  path: Path,
  complain: Complain,
): void {
  const { code } = work;
  const operands = work.data.reduce((sum, data) => sum + data.load + data.store + 2 * data.update, 0);
  if (operands > work.fetch) {
    const message = `${operands} operands to ${work.fetch} instructions; an instruction has one at most`;
    complain([...path, 'fetch'], message);
  }
  if (work.data.length > 0 && operands === 0) complain([...path, 'data'], 'all weights are 0');
  const size = sizeOf(code.region);
  if (size === null) complain([...path, 'code', 'region'], noRegion(code.region));
  else {
    const bytes = code.bytes ?? size - code.from;
    if (code.from % 4 !== 0 || bytes % 4 !== 0 || bytes < 4)
      complain([...path, 'code'], 'from and bytes must be multiples of 4');
    else if (code.from + bytes > size) complain([...path, 'code'], outside(code.region, size));
    else if (code.run !== undefined) {
      const targets = [...path, 'code', 'targets'];
      checkPlace(workload, code.targets, 4, bytes, code.region, 1, targets, complain);
    }
  }
  work.data.forEach((data: DataSpec, at) => {
    const bytes = sizeOf(data.region);
    const where = [...path, 'data', at];
    if (bytes === null) complain([...where, 'region'], noRegion(data.region));
    else
      checkPlace(workload, data.place, data.size, bytes, data.region, copies, [...where, 'place'], complain);
  });
}

function checkPlace(
  workload: Workload,
  place: PlaceSpec,
  operand: number,
  regionBytes: number,
  region: string,
  copies: number,
  path: Path,
  complain: Complain,
): void {
  const bytes = place.bytes ?? regionBytes - place.from - place.skew * (copies - 1);
  if (place.from % operand !== 0 || place.skew % operand !== 0)
    complain(path, `from and skew must be multiples of the operand's ${operand} bytes`);
  if (bytes < operand || place.from + place.skew * (copies - 1) + bytes > regionBytes) {
    complain(path, outside(region, regionBytes));
    return;
  }
  if (place.kind === 'sequential' || place.kind === 'streams') {
    const stride = place.stride ?? operand;
    if (stride % operand !== 0 || stride > bytes)
      complain(path, `stride must be a multiple of the operand's ${operand} bytes, and within the window`);
    if (place.kind === 'streams' && bytes / place.count < operand)
      complain(path, `the window has no room for ${place.count} streams`);
    return;
  }
  if (place.kind === 'uniform') return;
  const unit = place.over === 'pages' ? 4096 : workload.line;
  const units = Math.floor(bytes / unit);
  if (units < 1) complain(path, `the window is smaller than one of its ${place.over}`);
  if (operand > unit) complain(path, 'the operand is longer than a line');
  if (units > MOST_UNITS[place.kind])
    complain(path, `${units} ${place.over}; at most ${MOST_UNITS[place.kind]} for ${place.kind}`);
  if (place.kind === 'zipf' && bytes > 2 ** 30) complain(path, 'the window is longer than 1 GB');
  if (place.kind === 'distances') checkProfile(place.profile, units, path, complain);
}

function checkProfile(
  profile: Extract<PlaceSpec, { kind: 'distances' }>['profile'],
  units: number,
  path: Path,
  complain: Complain,
): void {
  let sum = 0;
  profile.forEach((entry, at) => {
    const from = entry[0] === 'oldest' ? units - 1 : entry[0];
    const to = entry.length === 3 ? entry[1] : from;
    sum += entry[entry.length - 1] as number;
    if (to >= units)
      complain([...path, 'profile', at], `distance ${to}, but there are only ${units} in the window`);
    if (to < from) complain([...path, 'profile', at], 'the range is empty');
  });
  if (Math.abs(sum - 1) > 1e-6) complain([...path, 'profile'], `probabilities add up to ${sum}, not 1`);
}

const pagesOf = (bytes: number): number => Math.ceil(bytes / 4096);
const noRegion = (name: string): string => `no region ${name} that it can use`;
const outside = (name: string, bytes: number): string => `reaches outside region ${name} of ${bytes} bytes`;
