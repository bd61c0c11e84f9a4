import { describe, expect, test } from 'vitest';
import { presetSystem } from '../../src/model/systems/load.ts';
import { systemSchema } from '../../src/model/systems/schema.ts';
import { cpusOfVms, memoryOfVms } from '../../src/model/systems/vm-lists.ts';

describe('settings that differ between virtual machines', () => {
  test('one size is that of every machine; a list has one for each', () => {
    expect(memoryOfVms(0, 3)).toEqual([0, 0, 0]);
    expect(memoryOfVms(8192, 2)).toEqual([8192, 8192]);
    // The paper's NFS server has 96 MB, its clients 32 MB (SOSP'97, section 5.3).
    expect(memoryOfVms('96M+32M*7', 8)).toEqual([96, 32, 32, 32, 32, 32, 32, 32].map((mb) => mb * 2 ** 20));
  });

  test.each([
    ['8M+4M', 'monitor.vms.memory 8M+4M has 2 sizes for 3 virtual machines'],
    ['8M*2000000000', 'has more than 128 sizes for 3 virtual machines'],
    ['8M+1K+8M', '1K is no size of a memory of 4096 bytes or more'],
    ['8M+0+8M', '0 is no size of a memory of 4096 bytes or more'],
  ])('memory %s of three machines: refused', (text, message) => {
    expect(() => memoryOfVms(text, 3)).toThrow(message);
  });

  test('CPUs are single ones and stretches, in any order', () => {
    expect(cpusOfVms('all', 3, 4)).toBeNull();
    expect(cpusOfVms('0-1+2+3', 3, 4)).toEqual([[0, 1], [2], [3]]);
    expect(cpusOfVms('3,0-1,1+2', 2, 4)).toEqual([[0, 1, 3], [2]]);
  });

  test.each([
    ['0-1+2', 'monitor.vms.cpus 0-1+2 has CPUs of 2 virtual machines, but there are 3'],
    ['0+1+4', 'there is no CPU 4: the machine has 0 to 3'],
    ['0+3-2+1', '3-2 ends before it begins'],
  ])('CPUs %s of three machines: refused', (text, message) => {
    expect(() => cpusOfVms(text, 3, 4)).toThrow(message);
  });

  test('the schema takes both, and nothing else', () => {
    const disco = presetSystem('disco');
    const withVms = (vms: object) =>
      systemSchema.safeParse({
        ...disco,
        monitor: { ...disco.monitor, vms: { ...disco.monitor!.vms, ...vms } },
      });
    expect(withVms({ memory: '96M+32M*7', cpus: '0-3+4,6+5' }).success).toBe(true);
    expect(withVms({ memory: '32M' }).data?.monitor?.vms.memory).toBe(32 * 2 ** 20);
    for (const wrong of [{ memory: '8M+' }, { memory: '*2' }, { cpus: '' }, { cpus: '1-' }, { cpus: '0;1' }])
      expect(withVms(wrong).success).toBe(false);
  });
});
