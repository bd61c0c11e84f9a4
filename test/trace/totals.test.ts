import { describe, expect, it } from 'vitest';
import { createTotalsCounter, traceTotals } from '../../src/trace/totals.ts';
import { TOTALS } from '../../src/trace/totals-list.ts';
import type { Chunk, Trace } from '../../src/trace/types.ts';
import { mtrcEncoder, OPS, openMtrc } from './mtrc-encoder.ts';

const USER = 0x120001000n;
const KERNEL_CODE = 0xffffffff80100000n;
const VECTORS = 0xffffffff83ad4000n;
const DATA = 0xfff3211c48n;

/** ASID 5 is set, a refill maps DATA's page to 0x77, and the user reads it in a delay slot. */
function sample(page = 0x77, after = USER + 4n): Uint8Array {
  const vector = VECTORS + 0x80n;
  return mtrcEncoder()
    .block(1, KERNEL_CODE, 0x100000n, 'PP')
    .block(2, vector, 0x3ad4080n, 'PPPPP')
    .block(3, USER, 0x5000n, '.BL')
    .block(4, after, 0x5000n + (after & 0xfffn), 'BL')
    .part(0, 1, 0, 1)
    .privileged(0, KERNEL_CODE, OPS.DMTC0, 10, 5n)
    .part(0, 1, 1, 1)
    .privileged(0, KERNEL_CODE + 4n, OPS.ERET)
    .exec(0, 3)
    .discon(0, 1, USER + 8n, vector)
    .part(0, 2, 0, 1)
    .privileged(0, vector, OPS.DMFC0, 8, DATA)
    .part(0, 2, 1, 1)
    .privileged(0, vector + 4n, OPS.DMTC0, 2, 0n)
    .part(0, 2, 2, 1)
    .privileged(0, vector + 8n, OPS.DMTC0, 3, (0x77n << 6n) | 2n)
    .part(0, 2, 3, 1)
    .privileged(0, vector + 12n, OPS.TLBWR)
    .part(0, 2, 4, 1)
    .privileged(0, vector + 16n, OPS.ERET)
    .exec(0, 4, [{ at: 1, address: DATA, size: 8, page }])
    .end();
}

describe('totals', () => {
  it('count what a trace holds', async () => {
    const totals = await traceTotals(await openMtrc(sample()));
    expect(totals).toMatchObject({
      'instructions.user': 5,
      'instructions.kernel': 7,
      'instructions.cpu0': 12,
      cpuChanges: 1,
      loads: 1,
      stores: 0,
      mapped: 1,
      direct: 0,
      'exceptions.refill': 1,
      'exceptions.other': 0,
      'exceptions.cause8': 0,
      'privileged.op2': 1,
      'privileged.op3': 3,
      'privileged.op8': 1,
      'privileged.op10': 2,
      privilegedAll: 8,
      'entryHi.writes': 1,
      'entryHi.asidChanges': 0,
      'executed.class3': 2,
      'executed.class1': 2,
      'executed.class7': 7,
      'tlb.data.agree': 1,
      'tlb.data.unknown': 0,
      'tlb.data.disagree': 0,
      'flow.wrong': 0,
      'flow.eret.checked': 1,
      'flow.eret.wrong': 0,
      'flow.runs.wrong': 0,
    });
  });

  it('notice a physical page that the TLB writes contradict', async () => {
    expect(await traceTotals(await openMtrc(sample(0x78)))).toMatchObject({
      'tlb.data.agree': 0,
      'tlb.data.disagree': 1,
    });
  });

  it('notice instructions that do not follow from each other', async () => {
    const totals = await traceTotals(await openMtrc(sample(0x77, USER + 0x40n)));
    expect(totals).toMatchObject({ 'flow.wrong': 1, 'flow.eret.wrong': 1, 'flow.runs.wrong': 1 });
  });

  it('are the same however the trace is cut into chunks', async () => {
    const trace = await openMtrc(sample());
    const once = createTotalsCounter(trace.header);
    const whole: Chunk[] = [];
    for await (const chunk of trace.chunks()) whole.push(chunk);
    for (const chunk of whole) once.add(chunk);
    // A trace that was read gives the summary's totals beside those of the chunks.
    const stored: Trace = {
      ...trace,
      chunks: async function* () {
        yield* whole;
      },
    };
    expect(await traceTotals(stored)).toEqual({ ...trace.summary()!.totals, ...once.totals() });
  });

  it('are all described', async () => {
    const names = TOTALS.map((t) => t.name);
    expect(new Set(names).size).toBe(names.length);
    const totals = await traceTotals(await openMtrc(sample()));
    expect(Object.keys(totals).filter((name) => !names.includes(name))).toEqual([]);
  });
});
