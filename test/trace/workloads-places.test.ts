import { describe, expect, it } from 'vitest';
import { aliasTable, drawAlias } from '../../src/trace/workloads/alias.ts';
import { createLruStack, useAt } from '../../src/trace/workloads/lru-stack.ts';
import { createPlace, nextOffset } from '../../src/trace/workloads/places.ts';
import { below, exponential, fraction, randomState } from '../../src/trace/workloads/random.ts';
import { placeSchema } from '../../src/trace/workloads/schema-work.ts';
import { createScatter, createZipf, drawZipf, scattered } from '../../src/trace/workloads/zipf.ts';

/** Largest deviation of counts from expected probabilities, in standard deviations. */
function deviation(counts: ArrayLike<number>, probabilities: ArrayLike<number>, draws: number): number {
  let worst = 0;
  for (let i = 0; i < counts.length; i++) {
    const p = probabilities[i]!;
    const sigma = Math.sqrt(draws * p * (1 - p));
    const off = Math.abs(counts[i]! - draws * p);
    worst = Math.max(worst, sigma === 0 ? (off === 0 ? 0 : Number.POSITIVE_INFINITY) : off / sigma);
  }
  return worst;
}

const place = (spec: object, regionBytes: number, seed = 5) =>
  createPlace(placeSchema.parse(spec), {
    regionBytes,
    operand: 4,
    copy: 0,
    line: 64,
    seed,
    salt: 9,
    random: randomState(seed, 0),
    tables: new Map(),
  });

describe('random numbers', () => {
  it('are evenly spread, and differ by seed and key', () => {
    const state = randomState(1, 2);
    const counts = new Int32Array(64);
    for (let i = 0; i < 640_000; i++) counts[below(state, 64)]!++;
    expect(deviation(counts, new Array(64).fill(1 / 64), 640_000)).toBeLessThan(4);
    const firsts = new Set<number>();
    for (let seed = 0; seed < 50; seed++)
      for (let key = 0; key < 50; key++) firsts.add(fraction(randomState(seed, key)));
    expect(firsts.size).toBe(2500);
  });

  it('make exponential times of the mean asked for', () => {
    const state = randomState(3);
    let sum = 0;
    for (let i = 0; i < 100_000; i++) sum += exponential(state, 1000);
    expect(sum / 100_000).toBeGreaterThan(985);
    expect(sum / 100_000).toBeLessThan(1015);
  });
});

describe('alias table', () => {
  it('draws by weight, and never what has none', () => {
    const weights = [3, 0, 1, 0.5, 7, 0];
    const table = aliasTable(weights);
    const counts = new Int32Array(6);
    const state = randomState(4);
    for (let i = 0; i < 200_000; i++) counts[drawAlias(table, state)]!++;
    expect(
      deviation(
        counts,
        weights.map((w) => w / 11.5),
        200_000,
      ),
    ).toBeLessThan(4);
  });
});

describe('zipf', () => {
  it.each([0, 0.6, 0.9, 1, 1.5])('has the frequencies of theory for theta %f', (theta) => {
    const n = 50_000;
    const zipf = createZipf(n, theta);
    const state = randomState(6);
    const draws = 400_000;
    // The ten first ranks, and bins that double from there.
    const bin = (rank: number): number => (rank < 10 ? rank : 10 + Math.floor(Math.log2(rank / 10)));
    const bins = bin(n - 1) + 1;
    const counts = new Int32Array(bins);
    const expected = new Float64Array(bins);
    let sum = 0;
    for (let rank = 0; rank < n; rank++) {
      expected[bin(rank)]! += (rank + 1) ** -theta;
      sum += (rank + 1) ** -theta;
    }
    for (let i = 0; i < draws; i++) counts[bin(drawZipf(zipf, 1, state))]!++;
    expect(
      deviation(
        counts,
        expected.map((w) => w / sum),
        draws,
      ),
    ).toBeLessThan(4);
  });

  it('draws every part of a rank alike', () => {
    const zipf = createZipf(1000, 1);
    const state = randomState(8);
    const counts = new Int32Array(16);
    for (let i = 0; i < 160_000; i++) counts[drawZipf(zipf, 16, state) % 16]!++;
    expect(deviation(counts, new Array(16).fill(1 / 16), 160_000)).toBeLessThan(4);
  });

  it.each([1, 2, 3, 64, 1000, 4097])('scatters %i ranks one to one', (n) => {
    for (const salt of [0, 1, -77777]) {
      const scatter = createScatter(n, salt);
      const to = new Set(Array.from({ length: n }, (_, rank) => scattered(scatter, rank)));
      expect(to.size).toBe(n);
      expect(Math.min(...to)).toBe(0);
      expect(Math.max(...to)).toBe(n - 1);
    }
  });
});

describe('stack distances', () => {
  it('the stack agrees with a list that is moved to front, to the last line', () => {
    for (const lines of [1, 2, 33, 700, 5000]) {
      const random = randomState(lines);
      const stack = createLruStack(lines, random);
      const list = Array.from(stack.lineAt.subarray(0, lines)).reverse();
      for (let i = 0; i < 12_000; i++) {
        const distance = below(random, i % 3 === 0 ? lines : Math.min(lines, 8));
        const [line] = list.splice(distance, 1);
        list.unshift(line!);
        if (useAt(stack, distance) !== line) throw new Error(`${lines} lines, use ${i}`);
      }
    }
  });

  it('references have exactly the distances of the profile, once their lines were used before', () => {
    const profile = [
      [0, 0.5],
      [1, 10, 0.2],
      [63, 0.2],
      [500, 0.1],
    ];
    const from = place({ kind: 'distances', profile }, 1024 * 64);
    const random = randomState(11);
    const list: number[] = [];
    const counts = [0, 0, 0, 0];
    let cold = 0;
    const draws = 60_000;
    for (let i = 0; i < draws; i++) {
      const line = Math.floor(nextOffset(from, random) / 64);
      const distance = list.indexOf(line);
      if (distance < 0) cold++;
      else {
        list.splice(distance, 1);
        const entry = distance === 0 ? 0 : distance <= 10 ? 1 : distance === 63 ? 2 : 3;
        // Exact where all lines above were used before; while some were not, the distance looks shorter.
        if (cold === 501 && entry === 3) expect(distance).toBe(500);
        counts[entry]!++;
      }
      list.unshift(line);
    }
    expect(cold).toBe(501);
    expect(deviation(counts.slice(0, 1), [0.5], draws)).toBeLessThan(4);
    expect(Math.abs(counts[2]! / draws - 0.2)).toBeLessThan(0.02);
    expect(Math.abs(counts[3]! / draws - 0.1)).toBeLessThan(0.02);
  });

  it('`oldest` goes round all lines', () => {
    const from = place({ kind: 'distances', profile: [['oldest', 1]] }, 100 * 64);
    const random = randomState(2);
    const lines = Array.from({ length: 200 }, () => Math.floor(nextOffset(from, random) / 64));
    expect(new Set(lines.slice(0, 100)).size).toBe(100);
    expect(lines.slice(100)).toEqual(lines.slice(0, 100));
  });
});

describe('places', () => {
  const offsets = (spec: object, bytes: number, count: number): number[] => {
    const at = place(spec, bytes);
    const random = randomState(1);
    return Array.from({ length: count }, () => nextOffset(at, random));
  };

  it('go on by the stride, round the window', () => {
    expect(offsets({ kind: 'sequential', stride: 8, from: 16, bytes: 24 }, 64, 5)).toEqual([
      16, 24, 32, 16, 24,
    ]);
    expect(offsets({ kind: 'sequential', stride: 48, bytes: 128 }, 128, 5)).toEqual([0, 48, 96, 16, 64]);
  });

  it('chase pointers through all lines before any comes again', () => {
    const chase = offsets({ kind: 'chase' }, 300 * 64, 600).map((offset) => offset / 64);
    expect(new Set(chase.slice(0, 300)).size).toBe(300);
    expect(chase.slice(300)).toEqual(chase.slice(0, 300));
  });

  it('keep sequential streams side by side', () => {
    const streams = offsets({ kind: 'streams', count: 4 }, 4096, 400);
    for (let stream = 0; stream < 4; stream++) {
      const own = streams.filter((offset) => Math.floor(offset / 1024) === stream);
      expect(own).toEqual(own.map((_, i) => stream * 1024 + ((4 * i) % 1024)));
    }
  });

  it('reach all of the window and nothing else', () => {
    const specs = [
      { kind: 'uniform' },
      { kind: 'zipf', theta: 0.5 },
      { kind: 'zipf', theta: 0.5, over: 'pages' },
      { kind: 'distances', profile: [[0, 63, 1]] },
    ];
    for (const spec of specs) {
      const seen = new Set(offsets({ ...spec, from: 4096, bytes: 8192 }, 1 << 16, 40_000));
      const all = [...seen];
      expect(Math.min(...all)).toBeGreaterThanOrEqual(4096);
      expect(Math.max(...all)).toBeLessThan(12_288);
      expect(all.every((offset) => offset % 4 === 0)).toBe(true);
      expect(seen.size).toBeGreaterThan(1000);
    }
  });
});
