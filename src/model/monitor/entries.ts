import { PAGE_BITS } from '../../trace/types.ts';

/**
 * Entries of pmap and memmap are by page number. Machine addresses have 40 bits (Disco, SOSP'97, section 4.2.2), so
 * pages of 4 KB that a guest knows take entries below 2^28 (those of virtual machine v 2^36 × v further on). Machine
 * pages that no guest knows come next, and network buffers after 2^28 of these.
 */
export const MEMMAP_BEYOND = 2 ** (40 - PAGE_BITS);
export const NETWORK_ENTRIES = 2 * MEMMAP_BEYOND;
