/**
 * The simulator one writes first: an object per line and per reference, lists in LRU order, Maps for the TLB,
 * division for the sets. It counts exactly what the kernel counts.
 */
import { cpuSeconds } from './measure.mjs';

class Cache {
  constructor({ size, ways, line }) {
    this.ways = ways;
    this.line = line;
    this.sets = Array.from({ length: size / ways / line }, () => []);
  }
  setOf(address) {
    return this.sets[Math.floor(address / this.line) % this.sets.length];
  }
  /** Takes the line that holds `address` out, if it is there. */
  take(address) {
    const set = this.setOf(address);
    const at = set.findIndex((line) => line.address === address - (address % this.line));
    return at < 0 ? null : set.splice(at, 1)[0];
  }
  put(line) {
    this.setOf(line.address).unshift(line);
  }
  full(address) {
    return this.setOf(address).length === this.ways;
  }
}

class Cpu {
  constructor(machine, seed) {
    this.l1i = new Cache(machine.l1i);
    this.l1d = new Cache(machine.l1d);
    this.l2 = new Cache(machine.l2);
    this.tlb = new Map();
    this.slots = new Array(machine.tlb.entries).fill(null);
    this.random = seed | 0;
  }
}

class Simulator {
  constructor(machine, cpus) {
    this.machine = machine;
    this.cpus = Array.from(
      { length: cpus },
      (_, cpu) => new Cpu(machine, machine.tlb.seed + Math.imul(cpu, 0x9e3779b9)),
    );
    this.current = new Map();
    this.homes = new Map();
    this.counts = {};
  }

  count(name) {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }

  translate(cpu, { kind, page, id }) {
    const { pairs, entries, wired } = this.machine.tlb;
    const key = pairs ? Math.floor(page / 2) : page;
    const half = pairs ? page % 2 : 0;
    let entry = cpu.tlb.get(key);
    if (entry?.valid[half] && this.current.get(page) === id) return;
    this.count(`tlb_${kind}_misses`);
    if (!entry) {
      cpu.random = (Math.imul(cpu.random, 1664525) + 1013904223) | 0;
      const slot = wired + Math.floor(((cpu.random >>> 8) / 2 ** 24) * (entries - wired));
      if (cpu.slots[slot] !== null) cpu.tlb.delete(cpu.slots[slot]);
      entry = { valid: [false, false] };
      if (pairs) entry.valid[1 - half] = this.current.has(page - half + 1 - half);
      cpu.slots[slot] = key;
      cpu.tlb.set(key, entry);
    }
    if (this.current.get(page) !== id) {
      for (const other of this.cpus) {
        const held = other.tlb.get(key);
        if (held) held.valid[half] = false;
      }
      this.current.set(page, id);
    }
    entry.valid[half] = true;
  }

  fromMemory(node, { kind, address }) {
    this.count(`l2_${kind}_misses`);
    if (this.machine.nodes === 1) return;
    const page = Math.floor(address / 4096);
    if (!this.homes.has(page)) this.homes.set(page, node);
    if (this.homes.get(page) !== node) this.count(`remote_${kind}_misses`);
  }

  access(reference) {
    const cpu = this.cpus[reference.cpu];
    this.translate(cpu, reference);
    const { address, kind } = reference;
    const l1 = kind === 'fetch' ? cpu.l1i : cpu.l1d;
    let line = l1.take(address);
    if (!line) {
      this.count(kind === 'fetch' ? 'l1i_misses' : `l1d_${kind}_misses`);
      let below = cpu.l2.take(address);
      if (!below) {
        this.fromMemory(Math.floor(reference.cpu / (this.cpus.length / this.machine.nodes)), reference);
        if (cpu.l2.full(address)) {
          const victim = cpu.l2.setOf(address).pop();
          for (const upper of [cpu.l1i, cpu.l1d])
            for (let byte = 0; byte < cpu.l2.line; byte += upper.line)
              if (upper.take(victim.address + byte)?.dirty) victim.dirty = true;
          if (victim.dirty) this.count('l2_writebacks');
        }
        below = { address: address - (address % cpu.l2.line), dirty: false };
      }
      cpu.l2.put(below);
      if (l1.full(address)) {
        const victim = l1.setOf(address).pop();
        if (victim.dirty) {
          this.count('l1_writebacks');
          const copy = victim.address - (victim.address % cpu.l2.line);
          cpu.l2.setOf(victim.address).find((held) => held.address === copy).dirty = true;
        }
      }
      line = { address: address - (address % l1.line), dirty: false };
    }
    if (kind === 'store') line.dirty = true;
    l1.put(line);
  }
}

/** The naive simulator on a stream; references are made into objects before the clock starts. */
export function naive(stream, names) {
  const { words, segmentEnd, segmentCpu, pages, layout, machine, cpus } = stream;
  const shift = layout.pageLineBits + 2;
  const references = [];
  let segment = 0;
  for (let i = 0; i < words.length; i++) {
    while (i >= segmentEnd[segment]) segment++;
    const id = words[i] >>> shift;
    const line = (words[i] >>> 2) & ((1 << layout.pageLineBits) - 1);
    references.push({
      cpu: segmentCpu[segment],
      kind: (words[i] & 2) !== 0 ? 'fetch' : (words[i] & 1) !== 0 ? 'store' : 'load',
      id,
      page: pages.block[id],
      address: pages.physicalPage[pages.physical[id]] * 4096 + line * 2 ** layout.lineBits,
    });
  }
  const simulator = new Simulator(machine, cpus);
  return {
    name: 'naive',
    run: () => {
      simulator.counts = {};
      const before = cpuSeconds();
      for (const reference of references) simulator.access(reference);
      const seconds = cpuSeconds() - before;
      return { seconds, counts: names.map((name) => simulator.counts[name] ?? 0) };
    },
  };
}
