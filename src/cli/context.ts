import type { Progress } from './progress.ts';

/** What every command gets besides its arguments. */
export interface CommandContext {
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
}
