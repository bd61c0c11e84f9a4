import { stat } from 'node:fs/promises';
import { looksLikeStore } from '../store/header.ts';
import { openStore } from '../store/read.ts';
import { openStoreStream } from '../store/read-stream.ts';
import type { Format } from './format.ts';

/** The tool's own store: by position from a regular file, in order from a pipe or a compressed file. */
export const storeFormat: Format = {
  name: 'store',
  description: 'vmtax trace store (docs/store-format.md)',
  sniff: ({ head }) => looksLikeStore(head),
  open: async (input, { progress }) => {
    const { path, compression } = input;
    if (path !== null && compression === null && (await stat(path).catch(() => null))?.isFile() === true) {
      return openStore(path, progress);
    }
    return openStoreStream(input, progress);
  },
};
