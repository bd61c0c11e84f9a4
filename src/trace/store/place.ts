/** Messages: what is wrong in which file, at which byte, and what to do. */
import { InputError } from '../errors.ts';

/** The one line for a damaged store. */
export function damage(label: string, offset: number, what: string): InputError {
  return new InputError(`${label}: byte ${offset}: ${what}; the store is damaged, make it again`);
}

/** Runs `parse`, saying where its InputErrors belong. */
export function located<T>(label: string, offset: number, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw placed(label, offset, error);
  }
}

/** The same for what is done later. */
export async function locatedLater<T>(label: string, offset: number, later: Promise<T>): Promise<T> {
  try {
    return await later;
  } catch (error) {
    throw placed(label, offset, error);
  }
}

function placed(label: string, offset: number, error: unknown): unknown {
  return error instanceof InputError ? damage(label, offset, error.message) : error;
}
