import type { PriceBand } from '../facts.ts';
import type { Bands } from './carried.ts';
import type { SweepView } from './view.ts';

/**
 * How far all prices together move each system's difference, from the joint samples of the systems as they are. One
 * structure at other prices keeps the size of that band around its own difference.
 */
export function priceBands({ layout, analysis }: SweepView): Bands {
  return layout.traces.map(({ name, systems }) => {
    const asked = analysis.sensitivity.find(({ trace }) => trace === name);
    return systems.map((system): PriceBand | null => {
      const sampled = asked?.monteCarlo.systems.find((one) => one.name === system.name)?.ratio;
      const now = asked?.tornado.find((one) => one.name === system.name)?.ratio?.now;
      if (!sampled || now === undefined) return null;
      return {
        below: 100 * (sampled.p5 - now),
        above: 100 * (sampled.p95 - now),
        when: 'in nine tenths of the samples, by the band of the systems as they are',
      };
    });
  });
}
