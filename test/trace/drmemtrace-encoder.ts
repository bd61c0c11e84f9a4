import { crc32, deflateRawSync } from 'node:zlib';

/** One record: type, size field, address or value. */
export type Entry = readonly [type: number, size: number, value: number | bigint];

export function encode(entries: readonly Entry[]): Buffer {
  const bytes = Buffer.alloc(12 * entries.length);
  entries.forEach(([type, size, value], i) => {
    bytes.writeUInt16LE(type, 12 * i);
    bytes.writeUInt16LE(size, 12 * i + 2);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)), 12 * i + 4);
  });
  return bytes;
}

export const marker = (type: number, value: number | bigint): Entry => [28, type, value];
export const fetch = (address: number | bigint, size: number): Entry => [10, size, address];
export const load = (address: number | bigint, size: number): Entry => [0, size, address];
export const store = (address: number | bigint, size: number): Entry => [1, size, address];
/** Time stamp and CPU, as they always come. */
export const time = (stamp: number | bigint): Entry[] => [marker(2, stamp), marker(3, 0)];

/** A whole thread file around these records. */
export function threadFile(tid: number, body: readonly Entry[], pid = 1, fileType = 0xc40): Buffer {
  const header: Entry[] = [
    [25, 0, 7],
    marker(12, 7),
    marker(9, fileType),
    [22, 4, tid],
    [24, 4, pid],
    marker(10, 64),
  ];
  return encode([...header, ...body, [23, 4, tid], [26, 0, 0]]);
}

/** A zip archive with deflated members. */
export function zip(members: readonly (readonly [name: string, data: Buffer])[]): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, data] of members) {
    const packed = deflateRawSync(data);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0); // version needed
    common.writeUInt16LE(8, 4); // deflate
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(at, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), common, rest, Buffer.from(name)]));
    parts.push(local);
    at += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(members.length, 8);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, central, end]);
}
