import fc from 'fast-check';

/** Small closed networks, and their exact solution. */

/** Classes of one customer: thinking, visits [class][station], service per visit of each station. */
export interface Net {
  readonly think: readonly number[];
  readonly visits: readonly (readonly number[])[];
  readonly service: readonly number[];
}

/** The slow twin: exact mean value analysis over every subset of the customers (product form). */
export function exact(net: Net): number[] {
  const classes = net.think.length;
  const queues: number[][] = [net.service.map(() => 0)];
  let cycles: number[] = [];
  for (let subset = 1; subset < 1 << classes; subset++) {
    const queue = net.service.map(() => 0);
    cycles = net.think.map((think, c) => {
      if (!(subset & (1 << c))) return 0;
      const less = queues[subset ^ (1 << c)]!;
      const residence = net.service.map((service, k) => net.visits[c]![k]! * service * (1 + less[k]!));
      const cycle = residence.reduce((a, b) => a + b, think);
      residence.forEach((time, k) => {
        queue[k]! += time / cycle;
      });
      return cycle;
    });
    queues[subset] = queue;
  }
  return cycles;
}

export const net = (most: number): fc.Arbitrary<Net> =>
  fc.tuple(fc.integer({ min: 1, max: most }), fc.integer({ min: 1, max: 5 })).chain(([classes, stations]) => {
    const visit = fc.oneof(fc.constant(0), fc.double({ min: 0.1, max: 5, noNaN: true }));
    return fc.record({
      think: fc.array(fc.double({ min: 1, max: 200, noNaN: true }), {
        minLength: classes,
        maxLength: classes,
      }),
      visits: fc.array(fc.array(visit, { minLength: stations, maxLength: stations }), {
        minLength: classes,
        maxLength: classes,
      }),
      service: fc.array(fc.double({ min: 0.1, max: 20, noNaN: true }), {
        minLength: stations,
        maxLength: stations,
      }),
    });
  });
