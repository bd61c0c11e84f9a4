import { InputError } from '../errors.ts';

/** Compressions that are taken off on the way in. */
export type Compression = 'gz' | 'br' | 'xz' | 'zst';

const startsWith = (head: Uint8Array, magic: readonly number[]): boolean =>
  head.length >= magic.length && magic.every((byte, i) => head[i] === byte);

/** Containers that are recognised only to say what to do about them. */
const UNSUPPORTED: readonly {
  readonly magic: readonly number[];
  readonly name: string;
  readonly fix: string;
}[] = [
  { magic: [0x04, 0x22, 0x4d, 0x18], name: 'lz4', fix: 'lz4 -d' },
  { magic: [0x42, 0x5a, 0x68], name: 'bzip2', fix: 'bunzip2' },
  {
    magic: [0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59],
    name: 'snappy',
    fix: 'snzip -d',
  },
];

/** Name of a compression that is known but not read (`lz4`, `bzip2`, `snappy`), or null. */
export function unsupportedCompression(head: Uint8Array): string | null {
  return UNSUPPORTED.find((each) => startsWith(head, each.magic))?.name ?? null;
}

/** Throws an InputError for a compression that is known but not read. */
export function refuseUnsupported(head: Uint8Array, label: string): void {
  const found = UNSUPPORTED.find((each) => startsWith(head, each.magic));
  // "BZh" could also start a text; bzip2 goes on with the level and the magic of its first block.
  if (!found || (found.name === 'bzip2' && !(head[3]! >= 0x31 && head[3]! <= 0x39 && head[4] === 0x31)))
    return;
  throw new InputError(
    `${label}: ${found.name} compression is not read; decompress it first (${found.fix}) or recompress it with gzip or zstd`,
  );
}

/** Compression by magic bytes; brotli has none, so it is never found here. */
export function detectCompression(head: Uint8Array): Compression | null {
  if (startsWith(head, [0x1f, 0x8b, 0x08])) return 'gz';
  if (startsWith(head, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])) return 'xz';
  if (startsWith(head, [0x28, 0xb5, 0x2f, 0xfd])) return 'zst';
  // A zstd skippable frame (pzstd and seekable zstd begin with one).
  if (startsWith(head.subarray(1), [0x2a, 0x4d, 0x18]) && (head[0]! & 0xf0) === 0x50) return 'zst';
  return null;
}
