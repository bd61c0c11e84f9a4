import { crc32 } from 'node:zlib';

/** CRC-32 (the polynomial of gzip and PNG) of `bytes`, unsigned. */
export function checksum(bytes: Uint8Array): number {
  return crc32(bytes);
}
