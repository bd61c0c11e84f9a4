import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { shellWord } from '../sweep/slurm.ts';

/** This program as it was started, and others, as a shell sees them. */

/** The command line of this process, to be pasted. */
export const commandLine = (): string => `vmtax ${process.argv.slice(2).map(shellWord).join(' ')}`;

/** The executable file that a command's name stands for, as a shell would look it up. */
export function findProgram(name: string): string | null {
  const candidates = name.includes('/')
    ? [name]
    : (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory || '.', name));
  for (const path of candidates) {
    try {
      accessSync(path, constants.X_OK);
      if (statSync(path).isFile()) return path;
    } catch {
      // Not this one.
    }
  }
  return null;
}
