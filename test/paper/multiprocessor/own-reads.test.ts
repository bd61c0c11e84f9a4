import { describe, expect, test } from 'vitest';
import { withOwnReads } from '../../../src/trace/compose/own-reads.ts';
import { splitTrace } from '../../../src/trace/compose/split.ts';
import { ingest } from '../../../src/trace/ingest.ts';
import { EVENT, type Trace } from '../../../src/trace/types.ts';
import { workloadTrace } from '../../../src/trace/workloads/open.ts';
import { checkedWorkload } from '../../../src/trace/workloads/schema.ts';

interface Said {
  readonly kind: number;
  readonly cpu: number;
  readonly lo: number;
  readonly hi: number;
  readonly after: number;
}

/** Disk requests and mappings, each with how many records of the trace come before it. */
async function said(trace: Trace): Promise<{ events: Said[]; records: number; all: number }> {
  const events: Said[] = [];
  let records = 0;
  let all = 0;
  for await (const { events: of, length } of trace.chunks()) {
    for (let i = 0; i < of.length; i++) {
      all++;
      const kind = of.kind[i]!;
      if (i > 0) expect(of.at[i]!).toBeGreaterThanOrEqual(of.at[i - 1]!);
      if (kind !== EVENT.diskRequest && kind !== EVENT.pageMapped) continue;
      events.push({ kind, cpu: of.cpu[i]!, lo: of.lo[i]!, hi: of.hi[i]!, after: records + of.at[i]! });
    }
    records += length;
  }
  return { events, records, all };
}

const PAGES = 5;

/** Two CPUs; the kernel’s cache and a program that both run are read from disk once. */
const shared = () =>
  ingest(
    workloadTrace(
      checkedWorkload(
        {
          name: 'files',
          cpus: 2,
          instructions: 200000,
          processes: [
            {
              name: 'job',
              count: 2,
              regions: {
                text: { bytes: PAGES * 4096, share: 'program', fault: 'file', file: 'program' },
                heap: { bytes: 8192, fault: 'zero' },
              },
              phases: [
                {
                  instructions: 1000,
                  code: { region: 'text' },
                  data: [{ region: 'heap', load: 0.1, store: 0.1 }],
                },
              ],
            },
          ],
          kernel: {
            regions: { text: { bytes: 4096 }, cache: { bytes: PAGES * 4096, file: 'sources' } },
            files: { program: PAGES, sources: PAGES },
            services: {
              read: {
                when: { on: 'rate', every: 2000 },
                code: { region: 'text' },
                instructions: 100,
                data: [{ region: 'cache', load: 0.2 }],
              },
              QUICK_FAULT: {
                when: { on: 'fault', kind: 'quick' },
                code: { region: 'text' },
                instructions: 50,
              },
            },
          },
        },
        'files',
      ),
    ),
  );

describe('machines of a divided trace read for themselves', () => {
  test('every machine requests and maps each block that it uses, once', async () => {
    const trace = await shared();
    const split = splitTrace(trace, 2);
    const [before, after] = [await said(split), await said(withOwnReads(split))];
    await trace.close();
    const blocks = ({ events }: typeof before, kind: number, cpu: number) =>
      events
        .filter(
          (event) =>
            event.kind === kind && event.cpu === cpu && (kind !== EVENT.pageMapped || event.lo === 2),
        )
        .map(({ lo, hi }) => (kind === EVENT.pageMapped ? hi : lo))
        .sort((a, b) => a - b);
    const every = Array.from({ length: 2 * PAGES }, (_, block) => block);
    // One kernel reads each block for one of its CPUs.
    expect([0, 1].flatMap((cpu) => blocks(before, EVENT.diskRequest, cpu)).sort((a, b) => a - b)).toEqual(
      every,
    );
    for (const cpu of [0, 1]) {
      expect(blocks(after, EVENT.diskRequest, cpu)).toEqual(every);
      expect(blocks(after, EVENT.pageMapped, cpu)).toEqual(every);
    }
    expect(after.records).toBe(before.records);
  });

  test('leaves a trace of one machine, and what is not read from disk, as it is', async () => {
    const trace = await shared();
    const [before, after] = [await said(trace), await said(withOwnReads(trace))];
    expect(after).toEqual(before);
    const split = splitTrace(trace, 2);
    const zeroed = async (of: Trace) =>
      (await said(of)).events.filter(({ kind, lo }) => kind === EVENT.pageMapped && lo === 1);
    expect(await zeroed(withOwnReads(split))).toEqual(await zeroed(split));
    await trace.close();
  });
});
