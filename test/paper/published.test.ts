import { describe, expect, test } from 'vitest';
import { groupOf, numberId, partOf } from '../../src/paper/keys.ts';
import { MISPRINTS, PUBLISHED, SERVICE_PARTS } from '../../src/paper/published.ts';
import { isTotal, partsOfTotal, printedTotal, sideOf, unscoredReason } from '../../src/paper/rules.ts';
import { published } from './fixture.ts';

const of = (exhibit: string) => PUBLISHED.filter((number) => number.exhibit === exhibit);
const numberOf = (id: string): number => published(id).value;

test('docs/published.csv is the table, number for number', async () => {
  const head = 'exhibit,workload,system,quantity,value,unit,provenance';
  const rows = PUBLISHED.map(({ exhibit, workload, system, quantity, value, unit, provenance }) =>
    [exhibit, workload, system, quantity, value, unit, provenance].join(','),
  );
  await expect([head, ...rows, ''].join('\n')).toMatchFileSnapshot('../../docs/published.csv');
});

describe('the published numbers', () => {
  test('are 294, each named once', () => {
    expect(PUBLISHED).toHaveLength(294);
    expect(new Set(PUBLISHED.map(numberId)).size).toBe(294);
    const counts = ['table1', 'table2', 'table3', 'figure5', 'figure6', 'figure7', 'figure8'].map(
      (exhibit) => of(exhibit).length,
    );
    expect(counts).toEqual([4, 56, 8, 48, 72, 64, 42]);
    expect(PUBLISHED.every(({ value }) => Number.isFinite(value) && value >= 0)).toBe(true);
  });

  test('segments add up to totals within rounding, totals round to those in print', () => {
    for (const total of PUBLISHED.filter(({ quantity }) => /(^|\.)total$/.test(quantity))) {
      const parts = partsOfTotal(total);
      expect(parts.length).toBeGreaterThan(3);
      const sum = parts.reduce((all, { value }) => all + value, 0);
      expect(Math.abs(sum - total.value), numberId(total)).toBeLessThanOrEqual(0.201);
      expect(Math.abs(numberOf(printedTotal(total)!) - total.value), numberId(total)).toBeLessThanOrEqual(
        0.5,
      );
    }
  });

  test('Table 2: parts add up to the slowdown within 0.02, except write', () => {
    const slowdowns = of('table2').filter((number) => partOf(number) === 'slowdown');
    expect(slowdowns).toHaveLength(7);
    const wrong = slowdowns.filter((slowdown) => {
      const parts = partsOfTotal(slowdown);
      expect(parts.map(partOf)).toEqual([...SERVICE_PARTS]);
      return Math.abs(parts.reduce((sum, { value }) => sum + value, 0) - slowdown.value) > 0.0201;
    });
    expect(wrong.map(groupOf)).toEqual(['write']);
    expect(MISPRINTS[0]!.problem).toContain('2.14');
  });

  test('Table 2 against Figure 5: the seven services slow down less than the whole kernel', () => {
    const services = [...new Set(of('table2').map(groupOf))];
    const share = (service: string): number => numberOf(`table2/pmake/irix/${service}.share_of_system_time`);
    const all = services.reduce((sum, service) => sum + share(service), 0);
    expect(all).toBe(74);
    const weighted = services.reduce(
      (sum, service) => sum + share(service) * numberOf(`table2/pmake/disco/${service}.slowdown`),
      0,
    );
    expect(weighted / all).toBeCloseTo(1.76, 2);
    const [kernel, monitor] = ['kernel', 'monitor'].map((part) => numberOf(`figure5/pmake/disco/${part}`));
    expect((kernel! + monitor!) / numberOf('figure5/pmake/irix/kernel')).toBeCloseTo(2.16, 2);
  });

  test('Figure 5: what the TLB-bound workloads gain outside user mode', () => {
    const net = (workload: string): number =>
      numberOf(`figure5/${workload}/disco/kernel`) +
      numberOf(`figure5/${workload}/disco/monitor`) -
      numberOf(`figure5/${workload}/irix/kernel`);
    expect(net('engineering')).toBeCloseTo(5.0, 1);
    // 3.5 from the rounded segments.
    expect(Math.abs(net('raytrace') - 3.4)).toBeLessThan(0.11);
    expect(Math.abs(net('database') - 14.7)).toBeLessThan(0.11);
  });

  test('Figures 6, 7 and 8: what is constant, and what falls', () => {
    const text = (vms: number) => numberOf(`figure6/pmake/${vms}vm/virtual.kernel_text`);
    for (const vms of [1, 2, 4, 8]) {
      expect(Math.abs(text(vms) - 1.64 * vms)).toBeLessThan(0.1);
      expect(numberOf(`figure6/pmake/${vms}vm/machine.kernel_text`)).toBe(1.6);
    }
    const pmake = of('figure7').filter(({ workload }) => workload === 'pmake');
    for (const { quantity, value } of pmake)
      if (quantity === 'user') expect(Math.abs(value - 18.35)).toBeLessThan(0.06);
    expect([1, 2, 4, 8].map((vms) => numberOf(`figure7/pmake/${vms}vm/monitor`))).toEqual([
      23.3, 21.2, 16.3, 14,
    ]);
    const execution = of('figure8').filter(({ quantity }) => quantity === 'execution');
    expect(execution.map(({ value }) => value)).toEqual([31.3, 30.4, 31.4, 42.1, 41.5, 42]);
  });
});

describe('which numbers say something', () => {
  test('by system: Disco in all its forms, IRIX also on UMA', () => {
    const systems = new Map(PUBLISHED.map((number) => [number.system, sideOf(number)]));
    expect(Object.fromEntries(systems)).toEqual({
      irix: 'irix',
      irix_numa: 'irix',
      irix_uma: 'irix',
      disco: 'disco',
      disco_numa: 'disco',
      splashos_on_disco: 'disco',
      ...Object.fromEntries(['1vm', '2vm', '4vm', '8vm', '8vm_nfs'].map((name) => [name, 'disco'])),
    });
  });

  test('every published zero, total and printed total is out, and no Table 3 number is', () => {
    for (const number of PUBLISHED) {
      const says = unscoredReason(number) === null;
      if (number.value === 0 || isTotal(number) || number.quantity.endsWith('total_printed'))
        expect(says, numberId(number)).toBe(false);
    }
    expect(of('table3').every((number) => unscoredReason(number) === null)).toBe(true);
    expect(of('table1').every((number) => unscoredReason(number) === null)).toBe(true);
  });

  test('reasons, and how many numbers each takes out', () => {
    const counts = new Map<string, number>();
    for (const number of PUBLISHED) {
      const reason = unscoredReason(number);
      if (reason !== null) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
    expect(Object.fromEntries(counts)).toMatchInlineSnapshot(`
      {
        "Table 2 misprints it: the parts do not add up to it": 1,
        "a printed total beside the same total in the artwork": 34,
        "by definition: all memory of the UMA machine is local": 4,
        "repeats the virtual footprint: IRIX on the bare machine shares with nobody": 3,
        "repeats the virtual footprint: one virtual machine shares with nobody": 4,
        "repeats the virtual footprint: the monitor’s own memory is not virtual": 4,
        "the baseline’s own 100": 8,
        "the sum of its parts, which are compared": 32,
        "zero by definition: IRIX runs without a monitor": 12,
        "zero by definition: SplashOS is linked to the program and has no kernel time, locks or idling of its own": 3,
        "zero by definition: a TLB refill asks the monitor for no page": 2,
        "zero by definition: this workload waits for no disk": 6,
      }
    `);
    const left = PUBLISHED.filter((number) => unscoredReason(number) === null);
    expect([left.length, left.filter((number) => sideOf(number) === 'disco').length]).toMatchInlineSnapshot(`
      [
        181,
        129,
      ]
    `);
  });
});
