/** The store's header: the magic bytes and what the trace knows of itself, as JSON with a checksum. */
import { InputError } from '../errors.ts';
import type { TraceHeader } from '../types.ts';
import { checksum } from './checksum.ts';
import { HEADER_PREFIX_BYTES, MAGIC, MAX_HEADER_BYTES, VERSION } from './layout.ts';
import { damage } from './place.ts';

/** The magic bytes that are the name: `VMTAX`. */
const NAME_BYTES = 5;

/** Magic bytes, length, checksum and JSON. Throws an InputError where the provenance is too long. */
export function headerBytes(header: TraceHeader): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  if (asHeader(parseJson(json)) === undefined) throw new Error('trace store: the header has no such fields');
  if (json.length > MAX_HEADER_BYTES) {
    throw new InputError(
      `the trace's header takes ${json.length} bytes, more than ${MAX_HEADER_BYTES}: shorten its provenance`,
    );
  }
  const bytes = new Uint8Array(MAGIC.length + HEADER_PREFIX_BYTES + json.length);
  bytes.set(MAGIC);
  const view = new DataView(bytes.buffer);
  view.setUint32(MAGIC.length, json.length, true);
  view.setUint32(MAGIC.length + 4, checksum(json), true);
  bytes.set(json, MAGIC.length + HEADER_PREFIX_BYTES);
  return bytes;
}

/** Whether `head` begins like a store of any version, also one that a text-mode copy has damaged. */
export function looksLikeStore(head: Uint8Array): boolean {
  return head.length >= NAME_BYTES && MAGIC.subarray(0, NAME_BYTES).every((byte, at) => head[at] === byte);
}

/**
 * Parses the header from the first bytes of a store, which must hold all of it. Throws an InputError, with
 * `label` for the file, that says what is wrong and where.
 */
export function parseHeader(
  label: string,
  head: Uint8Array,
): { readonly header: TraceHeader; readonly length: number } {
  if (head.length === 0) throw new InputError(`${label}: byte 0: the file is empty; make the store again`);
  const start = MAGIC.length + HEADER_PREFIX_BYTES;
  checkMagic(label, head.subarray(0, MAGIC.length));
  if (head.length < start) throw damage(label, head.length, 'the file is truncated in its header');
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const size = view.getUint32(MAGIC.length, true);
  if (size > MAX_HEADER_BYTES) throw damage(label, MAGIC.length, 'the header is damaged');
  if (head.length < start + size) throw damage(label, head.length, 'the file is truncated in its header');
  const json = head.subarray(start, start + size);
  const intact = checksum(json) === view.getUint32(MAGIC.length + 4, true);
  const header = intact ? asHeader(parseJson(json)) : undefined;
  if (header === undefined) throw damage(label, start, 'the header is damaged');
  return { header, length: start + size };
}

function checkMagic(label: string, magic: Uint8Array): void {
  if (!magic.subarray(0, NAME_BYTES).every((byte, at) => byte === MAGIC[at])) {
    throw new InputError(`${label}: byte 0: not a trace store; name its format if it is another trace`);
  }
  if (magic.length < MAGIC.length) throw damage(label, magic.length, 'the file is truncated in its header');
  if (MAGIC.every((byte, at) => magic[at] === byte)) return;
  const version = magic[MAGIC.length - 1]! - 128;
  if (magic[5] === MAGIC[5] && magic[6] === MAGIC[6] && version > 0) {
    throw new InputError(
      `${label}: byte 7: store version ${version}, but this vmtax reads ${VERSION}; make the store again`,
    );
  }
  throw new InputError(`${label}: byte 5: changed by a text-mode copy; copy the store again as binary`);
}

/** The value of UTF-8 JSON, or undefined where it is none. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The header, if that is what the JSON is. */
function asHeader(value: unknown): TraceHeader | undefined {
  if (!isRecord(value)) return undefined;
  const { name, format, level, cpus, instructionBytes, addressBits, physical, abi, provenance, vms } = value;
  const fits =
    typeof name === 'string' &&
    typeof format === 'string' &&
    (level === 'user' || level === 'system') &&
    typeof cpus === 'number' &&
    Number.isInteger(cpus) &&
    cpus >= 0 &&
    cpus <= 256 &&
    (instructionBytes === 0 || instructionBytes === 4) &&
    (addressBits === 32 || addressBits === 64) &&
    typeof physical === 'boolean' &&
    (abi === '' || abi === 'n64' || abi === 'o32' || abi === 'x86-64') &&
    isRecord(provenance) &&
    Object.values(provenance).every((text) => typeof text === 'string') &&
    (vms === undefined || areMachines(vms, cpus));
  return fits ? (value as unknown as TraceHeader) : undefined;
}

/** Whether these are the virtual machines of a trace: all of its CPUs, in order, each in one machine. */
function areMachines(vms: unknown, cpus: number): boolean {
  if (!Array.isArray(vms) || vms.length === 0) return false;
  let next = 0;
  for (const vm of vms as readonly unknown[]) {
    if (!isRecord(vm)) return false;
    const { firstCpu, cpus: own, ...rest } = vm;
    const counts = [own, rest.physicalBase, rest.source, rest.firstSpace];
    if (firstCpu !== next || !counts.every((count) => Number.isSafeInteger(count) && Number(count) >= 0))
      return false;
    next += Number(own);
  }
  return next === cpus;
}
