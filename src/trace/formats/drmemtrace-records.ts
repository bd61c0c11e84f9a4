/**
 * DynamoRIO's `trace_entry_t`: 12 bytes, little-endian: u16 type, u16 size, u64 address or value.
 */
export const RECORD_BYTES = 12;

/** Record types that are told apart. */
export const TYPE = {
  bundle: 17,
  thread: 22,
  threadExit: 23,
  pid: 24,
  header: 25,
  footer: 26,
  marker: 28,
  noFetch: 29,
  maybeFetch: 30,
} as const;

/** Marker types (in the size field of a marker record) that are told apart. */
export const MARKER = {
  kernelEvent: 0,
  kernelTransfer: 1,
  timestamp: 2,
  cpuId: 3,
  split: 8,
  fileType: 9,
  physicalAddress: 15,
  chunkFooter: 21,
  syscall: 25,
  syscallTraceStart: 27,
  syscallTraceEnd: 28,
  switchStart: 34,
  switchEnd: 35,
} as const;

/** File-type bits (value of the file-type marker). */
export const FILE_TYPE = {
  x86_64: 0x40,
  kernelSyscalls: 0x1000,
  coreSharded: 0x10000,
} as const;

/** What to do with a record, by type. */
export const CLASS = {
  unknown: 0,
  fetch: 1,
  load: 2,
  store: 3,
  prefetch: 4,
  flush: 5,
  marker: 6,
  encoding: 7,
  other: 8,
} as const;

/** CLASS by record type; types from 64 on are unknown. */
export const CLASS_OF: Uint8Array = classTable();

function classTable(): Uint8Array {
  const table = new Uint8Array(64);
  const set = (from: number, to: number, value: number): void => {
    table.fill(value, from, to + 1);
  };
  set(0, 0, CLASS.load);
  set(1, 1, CLASS.store);
  set(2, 9, CLASS.prefetch);
  set(10, 16, CLASS.fetch);
  set(17, 17, CLASS.other); // bundle
  set(18, 21, CLASS.flush);
  set(22, 26, CLASS.other); // thread, exit, pid, header, footer
  set(27, 27, CLASS.prefetch); // by the hardware
  set(28, 28, CLASS.marker);
  set(29, 30, CLASS.other); // no-fetch, maybe-fetch
  set(31, 31, CLASS.fetch); // sysenter
  set(32, 46, CLASS.prefetch);
  set(47, 47, CLASS.encoding);
  set(48, 49, CLASS.fetch); // conditional, taken and not
  return table;
}

/** Whether decompressed bytes begin as a drmemtrace file does: a header record with a small version. */
export function beginsLikeTrace(head: Uint8Array): boolean {
  if (head.length < RECORD_BYTES) return false;
  const version = head[4]!;
  return (
    head[0] === TYPE.header &&
    head.subarray(1, 4).every((byte) => byte === 0) &&
    version >= 1 &&
    version < 100 &&
    head.subarray(5, 12).every((byte) => byte === 0)
  );
}

/** Whether bytes are a zip whose first member is called as drmemtrace's are. */
export function beginsLikeZip(head: Uint8Array): boolean {
  if (head.length < 36 || head[0] !== 0x50 || head[1] !== 0x4b || head[2] !== 3 || head[3] !== 4)
    return false;
  return Buffer.from(head.subarray(30, 36)).toString('latin1') === 'chunk.';
}
