import { z } from 'zod';

/** Fields that the schemas of workloads share. Bytes take K, M, G as powers of 1024, counts as powers of 1000. */

const UNITS = ['', 'K', 'M', 'G'];

function quantity(base: number, what: string, example: string) {
  return z
    .union([z.number(), z.string().regex(/^\d+(\.\d+)?[KMG]?$/, `expected ${what}, e.g. ${example}`)])
    .transform((value) => {
      if (typeof value === 'number') return value;
      return Math.round(Number.parseFloat(value) * base ** Math.max(0, UNITS.indexOf(value.slice(-1))));
    });
}

const MOST = 2 ** 40;

/** A number of bytes, at least 1. */
export const bytes = quantity(1024, 'bytes as a whole number, or with K, M or G', '256K').pipe(
  z.number().int().min(1).max(MOST),
);
/** A number of bytes that may be 0. */
export const offset = quantity(1024, 'bytes as a whole number, or with K, M or G', '256K').pipe(
  z.number().int().min(0).max(MOST),
);
/** A number of instructions, requests, …, at least 1. */
export const count = quantity(1000, 'a whole number, or a number with K, M or G', '10M').pipe(
  z.number().int().min(1).max(MOST),
);
/** The same, or 0. */
export const countOrNone = quantity(1000, 'a whole number, or a number with K, M or G', '10M').pipe(
  z.number().int().min(0).max(MOST),
);
export const probability = z.number().min(0).max(1);
export const weight = z.number().min(0).max(1e9);

/** Names of regions, services, locks, files. */
export const name = z
  .string()
  .regex(/^[A-Za-z][\w .:-]{0,63}$/, 'expected a name: a letter, then letters, digits, blanks, _ . : -');
