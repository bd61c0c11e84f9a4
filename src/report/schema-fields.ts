import { z } from 'zod';

/* What the schemas of a result are made with. */

export const integer = z.number().int();
export const count = integer.nonnegative();
export const text = z.string();
export const share = z.number().min(0);
