import { disco } from './disco.ts';
import { none } from './none.ts';
import { numaBalancing } from './numa-balancing.ts';

/** All page policies by name. Another one is a file beside these and a line here. */
export const POLICIES = {
  none,
  disco,
  'numa-balancing': numaBalancing,
};

export type PolicyName = keyof typeof POLICIES;
