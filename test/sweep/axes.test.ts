import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseVary } from '../../src/sweep/axes.ts';
import { InputError } from '../../src/trace/errors.ts';

const valuesOf = (text: string): readonly unknown[] => parseVary(text).values;

describe('--vary', () => {
  test.each([
    ['machine.tlb.entries=32,64,128', [32, 64, 128]],
    ['machine.l2.size=256K..8M*2', [18, 19, 20, 21, 22, 23].map((bits) => 2 ** bits)],
    ['prices.remote_ns=300..1500+400', [300, 700, 1100, 1500]],
    ['prices.remote_ns=300..1000+400', [300, 700, 1000]],
    ['prices.cycle_ns=1..2.5+.5'.replace('+.5', '+0.5'), [1, 1.5, 2, 2.5]],
    ['prices.l2_hit_ns=0.1..0.5+0.1', [0.1, 0.2, 0.3, 0.4, 0.5]],
    ['monitor.l2tlb.entries=0,256..1024*2', [0, 256, 512, 1024]],
    ['monitor.patched_hal=true,false', [true, false]],
    ['machine.placement=first-touch,round-robin', ['first-touch', 'round-robin']],
    ['machine.tlb=null', [null]],
    ['prices.refill_cycles=recorded,14', ['recorded', 14]],
    ['prices.disk_ns=1e3,20M', [1000, 20e6]],
    ['disco:prices.remote_ns=5..5+1', [5]],
  ])('%s', (text, values) => expect(valuesOf(text)).toEqual(values));

  test('K, M and G are powers of 1024 for bytes and of 1000 for everything else', () => {
    expect(valuesOf('machine.l2.size=1K,1M,1G')).toEqual([1024, 1024 ** 2, 1024 ** 3]);
    expect(valuesOf('monitor.schedule.slice_instructions=1K,1M,1G')).toEqual([1e3, 1e6, 1e9]);
  });

  test('linear ranges begin and end where they say, in steps of that size, the last one perhaps shorter', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
        fc.double({ min: 0, max: 300, noNaN: true }),
        (from, by, times) => {
          const [low, step] = [Number(from.toFixed(3)), Number(by.toFixed(3))];
          const high = Number((low + step * times).toFixed(3));
          const values = valuesOf(`prices.remote_ns=${low}..${high}+${step}`) as number[];
          expect(values[0]).toBe(low);
          expect(values.at(-1)).toBe(high);
          const steps = values.slice(1).map((value, i) => value - values[i]!);
          const slack = 1e-6 * (step + 1);
          for (const [i, size] of steps.entries()) {
            expect(size).toBeGreaterThan(0);
            expect(size).toBeLessThan(step + slack);
            if (i < steps.length - 1) expect(size).toBeGreaterThan(step - slack);
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('geometric ranges begin and end where they say, and multiply by the factor', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 2, max: 10 }),
        fc.integer({ min: 0, max: 10 }),
        fc.integer({ min: 0, max: 5 }),
        (low, factor, times, extra) => {
          const high = low * factor ** times + extra;
          const values = valuesOf(`prices.remote_ns=${low}..${high}*${factor}`) as number[];
          const whole = Array.from({ length: times + 1 }, (_, i) => low * factor ** i).filter(
            (v) => v <= high,
          );
          // The extra may be enough for a step of its own.
          const expected = [...whole, ...(extra === 0 ? [] : [high])];
          while (low * factor ** whole.length < high) {
            expected.splice(whole.length, 0, low * factor ** whole.length);
            whole.push(low * factor ** whole.length);
          }
          expect(values).toEqual([...new Set(expected)]);
        },
      ),
      { numRuns: 300 },
    );
  });

  test.each([
    ['machine.l2.size', 'expected path=values'],
    ['machine.l2.size=', 'an empty item'],
    ['machine.l2.size=1K,,2K', 'an empty item'],
    ['prices.remote_ns=900..300+100', '900..300+100 is empty'],
    ['prices.remote_ns=300..900', 'is no range'],
    ['prices.remote_ns=300..900+0', 'the step must be above 0'],
    ['prices.remote_ns=300..900*1', 'the factor must be above 1'],
    ['prices.remote_ns=0..900*2', 'begins above 0'],
    ['prices.remote_ns=0..1e12+1', 'more than 1000000 values'],
    ['prices.remote_ns=NaN', 'NaN is no value'],
    ['prices.remote_ns=1,Infinity', 'Infinity is no value'],
    ['prices.remote_ns=1e999', 'is no number'],
    ['prices.remote_ns=5,5', 'the value 5 is there twice'],
    ['machine.l2.size=1M,1024K', 'the value 1M is there twice'],
    ['prices.__proto__=5', 'no such field'],
    ['name=a,b', 'cannot be varied'],
  ])('%s is refused', (text, says) => {
    expect(() => parseVary(text)).toThrow(InputError);
    expect(() => parseVary(text)).toThrow(says);
  });
});
