/**
 * Service times of a disk from its geometry and mechanics, as data.
 * Ruemmler & Wilkes, "An introduction to disk drive modeling", IEEE Computer 27(3), 1994.
 */

export interface DiskDrive {
  readonly name: string;
  readonly source: string;
  readonly cylinders: number;
  readonly tracks_per_cylinder: number;
  readonly sectors_per_track: number;
  readonly sector_bytes: number;
  readonly revolutions_per_minute: number;
  /** Seek of d cylinders: short_base + short_root × √d below the limit, long_base + long_slope × d from it. */
  readonly seek: {
    readonly short_base_ms: number;
    readonly short_root_ms: number;
    readonly limit_cylinders: number;
    readonly long_base_ms: number;
    readonly long_slope_ms: number;
  };
  readonly head_switch_ms: number;
  /** Of controller and bus, per request. */
  readonly overhead_ms: number;
}

/** The drive that SimOS models, and so the one behind the paper's runs. */
export const HP_97560: DiskDrive = {
  name: 'HP 97560',
  source:
    'Ruemmler & Wilkes 1994 (seek, geometry, head switch); 4002 rpm from memory; controller overhead not known, 0',
  cylinders: 1962,
  tracks_per_cylinder: 19,
  sectors_per_track: 72,
  sector_bytes: 512,
  revolutions_per_minute: 4002,
  seek: {
    short_base_ms: 3.24,
    short_root_ms: 0.4,
    limit_cylinders: 383,
    long_base_ms: 8.0,
    long_slope_ms: 0.008,
  },
  head_switch_ms: 1.6,
  overhead_ms: 0,
};

/** Seek over so many cylinders. */
export function seek_ns(drive: DiskDrive, cylinders: number): number {
  if (cylinders <= 0) return 0;
  const { short_base_ms, short_root_ms, limit_cylinders, long_base_ms, long_slope_ms } = drive.seek;
  const ms =
    cylinders < limit_cylinders
      ? short_base_ms + short_root_ms * Math.sqrt(cylinders)
      : long_base_ms + long_slope_ms * cylinders;
  return ms * 1e6;
}

export interface DiskService {
  readonly mean_ns: number;
  /** Variance ÷ mean². */
  readonly cv2: number;
  readonly seek_ns: number;
  readonly rotation_ns: number;
  readonly transfer_ns: number;
}

/**
 * A request of `bytes` at a random place: `random` (from anywhere to anywhere, all pairs of cylinders alike),
 * `near` (same cylinder, random rotation) or `sequential` (the head is there already). Transfers switch heads
 * at the end of a track.
 */
export function diskService(
  drive: DiskDrive,
  bytes: number,
  access: 'random' | 'near' | 'sequential',
): DiskService {
  const revolution = 60e9 / drive.revolutions_per_minute;
  const sectors = Math.ceil(bytes / drive.sector_bytes);
  const switches = sectors / drive.sectors_per_track;
  const transfer = (revolution * sectors) / drive.sectors_per_track + switches * drive.head_switch_ms * 1e6;
  let seek = 0;
  let square = 0;
  if (access === 'random') {
    const n = drive.cylinders;
    for (let d = 1; d < n; d++) {
      const probability = (2 * (n - d)) / (n * n);
      const time = seek_ns(drive, d);
      seek += probability * time;
      square += probability * time * time;
    }
  }
  const rotation = access === 'sequential' ? 0 : revolution / 2;
  const variance = square - seek * seek + (access === 'sequential' ? 0 : (revolution * revolution) / 12);
  const mean = drive.overhead_ms * 1e6 + seek + rotation + transfer;
  return {
    mean_ns: mean,
    cv2: mean > 0 ? variance / (mean * mean) : 0,
    seek_ns: seek,
    rotation_ns: rotation,
    transfer_ns: transfer,
  };
}
