import { cleanText } from '../report/words.ts';

/** Progress on standard error: one line that rewrites itself on a terminal, nothing otherwise. */
export interface Progress {
  /** `done` of `total` (0: unknown) of what is going on. */
  update(what: string, done: number, total: number): void;
  clear(): void;
}

const INTERVAL_MS = 100;

export function createProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  if (!stream.isTTY || process.env.TERM === 'dumb') return { update: () => {}, clear: () => {} };
  let last = 0;
  let shown = false;
  return {
    update: (what, done, total) => {
      const now = Date.now();
      if (now - last < INTERVAL_MS) return;
      last = now;
      shown = true;
      const amount =
        total > 0 ? `${Math.min(100, Math.floor((100 * done) / total))} %` : `${(done / 1e6).toFixed(1)} M`;
      stream.write(
        `\r\x1b[K${`${cleanText(what)}: ${amount}`.slice(0, Math.max(10, (stream.columns ?? 80) - 1))}`,
      );
    },
    clear: () => {
      if (shown) stream.write('\r\x1b[K');
      shown = false;
    },
  };
}
