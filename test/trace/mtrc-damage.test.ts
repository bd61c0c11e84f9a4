import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/trace/errors.ts';
import { mtrcEncoder, OPS, openMtrc, spell } from './mtrc-encoder.ts';

const USER = 0x120001000n;
const VECTORS = 0xffffffff83ad4000n;

/** A small file with a record of every kind and every field, on two CPUs. */
function sample(): Uint8Array {
  return mtrcEncoder(2)
    .device(1, 'ide')
    .block(3, USER, 0x5000n, '.LBS.YR')
    .block(600, VECTORS + 0x80n, 0x3ad4080n, 'P.P')
    .block(2, VECTORS + 0x180n, 0x3ad4180n, 'P.P')
    .part(0, 3, 0, 2)
    .discon(0, 1, USER + 4n, VECTORS + 0x80n)
    .part(0, 600, 0, 1)
    .part(1, 3, 4, 2)
    .privileged(1, USER + 20n, OPS.SYSCALL, 255, 5003n)
    .privileged(0, VECTORS + 0x80n, OPS.DMFC0, 8, 0xfff3211c48n)
    .discon(1, 1, USER + 20n, VECTORS + 0x180n)
    .part(1, 2, 0, 1)
    .part(0, 600, 1, 2)
    .privileged(0, VECTORS + 0x88n, OPS.ERET)
    .privileged(1, VECTORS + 0x180n, OPS.MFC0, 13, 8n << 2n)
    .part(0, 3, 1, 4, [
      { at: 1, address: 0xfff3211c48n, size: 8, page: 7276 },
      { at: 3, address: 0xffffffffb8000300n, size: 2, store: true, device: true },
    ])
    .part(1, 2, 1, 2)
    .privileged(1, VECTORS + 0x188n, OPS.ERET)
    .exec(1, 3, [{ at: 1, address: 0x9000000004985ff8n, size: 8 }])
    .discon(1, 0, USER + 28n, VECTORS + 0x200n)
    .end();
}

const attempt = async (bytes: Uint8Array, piece?: number) => spell(await openMtrc(bytes, piece));

/** The message of the InputError that reading must end with. */
async function complaint(bytes: Uint8Array): Promise<string> {
  try {
    await attempt(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(InputError);
    return (error as InputError).message;
  }
  throw new Error('read without complaint');
}

describe('damaged MTRC files', () => {
  it('are said to be truncated wherever they end', async () => {
    const whole = sample();
    await attempt(whole);
    for (let length = 0; length < whole.length; length++) {
      expect(await complaint(whole.subarray(0, length))).toBe(
        `test.mtrc: the file is truncated at byte ${length} (uncompressed): copy it again`,
      );
    }
  });

  it('get one clear line with the place', async () => {
    const start = () => mtrcEncoder(2).block(3, USER, 0x5000n, '.L.');
    const at = start().length();
    const cases: [string, Uint8Array][] = [
      ['a record of unknown kind 5', start().raw(0x50).end()],
      ['record of CPU 2, but the file has 2', start().raw(0x12, 3, 0).end()],
      ['EXEC of a block that was not defined', start().exec(0, 4).end()],
      ['EXEC leaves its block of 3 instructions', start().part(0, 3, 1, 3).end()],
      ['EXEC leaves its block of 3 instructions', start().part(0, 3, 0, 0).end()],
      [
        'EXEC of 3 instructions with more than 24 references',
        start().raw(0x10, 3, 255, 255, 255, 255, 15).end(),
      ],
      [
        'reference of instruction 2, which was not executed',
        start()
          .part(0, 3, 0, 2, [{ at: 2, address: 8n, page: 1 }])
          .end(),
      ],
      [
        'a reference that crosses a page',
        start()
          .exec(0, 3, [{ at: 1, address: 4095n, size: 2, page: 1 }])
          .end(),
      ],
      [
        'a direct flag that contradicts the address',
        start()
          .exec(0, 3, [{ at: 1, address: 4096n }])
          .end(),
      ],
      [
        'a physical page beyond 2^52',
        start()
          .exec(0, 3, [{ at: 1, address: 4096n, page: 2 ** 52 }])
          .end(),
      ],
      ['reference with flags 32', start().raw(0x10, 3, 1, 1, 32).raw(0, 0, 0).end()],
      [
        'PRIV at another address than the last instruction',
        start().exec(0, 3).privileged(0, USER, 0, 1).end().subarray(),
      ],
      ['PRIV with op 16', start().privileged(0, USER, 16).end()],
      ['PRIV of register 32, select 0', start().privileged(0, USER, 0, 32).end()],
      ['DISCON of type 3', start().discon(0, 3, USER, VECTORS).end()],
      [
        'DISCON with a misaligned address',
        start()
          .discon(0, 0, USER + 1n, VECTORS)
          .end(),
      ],
      ['BLOCK 3 is defined twice', start().block(3, USER, 0x5000n, '.').end()],
      [
        'BLOCK 4 is misaligned or leaves its page',
        start()
          .block(4, USER + 0xffcn, 0x5ffcn, '..')
          .end(),
      ],
      ['BLOCK 4 is misaligned or leaves its page', start().block(4, USER, 0x5004n, '.').end()],
      [
        'BLOCK id beyond 4194304',
        start()
          .block(1 << 22, USER, 0x5000n, '.')
          .end(),
      ],
      ['BLOCK of more than 220 instructions', start().block(4, USER, 0x5000n, '.'.repeat(221)).end()],
      ['BLOCK of 0 instructions', start().block(4, USER, 0x5000n, '').end()],
      [
        'BLOCK 4 in a direct segment has a physical address of its own',
        start().block(4, 0xffffffff80000000n, 0x5000n, '.').end(),
      ],
      ['DEVICE with a name of more than 4096 bytes', start().device(1, 'x'.repeat(5000)).end()],
      [
        'a number longer than 64 bits',
        start()
          .raw(0x30, ...new Array<number>(10).fill(255), 1)
          .end(),
      ],
    ];
    for (const [what, bytes] of cases) {
      const message = await complaint(bytes);
      expect(message).toContain(`${what}; the file is damaged: copy it again`);
      if (!what.startsWith('PRIV at')) expect(message).toContain(`byte ${at} (uncompressed)`);
    }
    expect(await complaint(start().raw(0, 0).end())).toContain(
      `byte ${at + 1} (uncompressed): bytes after the end record`,
    );
    expect(await complaint(start().end())).toContain('holds no reference at all');
  });

  it('of a 32-bit machine may not have longer addresses', async () => {
    const start = () => mtrcEncoder(1, 32).block(3, 0x400000n, 0x5000n, 'L');
    expect(
      await complaint(
        start()
          .exec(0, 3, [{ at: 0, address: 0x80000000n, page: 1 }])
          .end(),
      ),
    ).toContain('more than 32 bits');
    expect(await complaint(start().block(4, 0x80000000n, 0n, '.').end())).toContain('more than 32 bits');
    expect(await complaint(start().discon(0, 0, 0x400000n, 0x80000000n).end())).toContain(
      'more than 32 bits',
    );
  });

  it('with a header of another kind are refused', async () => {
    const header = (...bytes: number[]) =>
      Uint8Array.from([...new TextEncoder().encode('MTRC0002'), ...bytes, 0]);
    expect(await complaint(header(0, 64, 0, 0))).toContain('0 CPUs, not 1 to 16');
    expect(await complaint(header(17, 64, 0, 0))).toContain('17 CPUs');
    expect(await complaint(header(1, 48, 0, 0))).toContain('addresses of 48 bits');
    expect(await complaint(header(1, 64, 1, 0))).toContain('reserved bytes');
    const newer = new TextEncoder().encode('MTRC0003....');
    expect(await complaint(newer)).toContain('"MTRC0003" is not MTRC0002; record it in version 0002');
  });

  it('never do worse than an InputError, whatever bytes are changed', async () => {
    const whole = sample();
    let refused = 0;
    const mutation = fc.oneof(
      fc.record({
        kind: fc.constant('flip' as const),
        at: fc.nat(whole.length - 1),
        value: fc.integer({ min: 1, max: 255 }),
      }),
      fc.record({
        kind: fc.constant('cut' as const),
        at: fc.nat(whole.length - 1),
        value: fc.integer({ min: 1, max: 8 }),
      }),
      fc.record({ kind: fc.constant('insert' as const), at: fc.nat(whole.length - 1), value: fc.nat(255) }),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 64 }),
        async (mutations, piece) => {
          let bytes = [...whole];
          for (const { kind, at, value } of mutations) {
            if (kind === 'flip') bytes[at % bytes.length]! ^= value;
            else if (kind === 'cut') bytes.splice(at, value);
            else bytes = [...bytes.slice(0, at), value, ...bytes.slice(at)];
          }
          try {
            await attempt(Uint8Array.from(bytes), piece);
          } catch (error) {
            expect(error).toBeInstanceOf(InputError);
            refused++;
          }
        },
      ),
      { numRuns: 5000 },
    );
    // What is not refused changed a value that another recording might hold.
    expect(refused).toBeGreaterThan(2500);
  });
});
