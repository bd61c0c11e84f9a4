import { z } from 'zod';
import { decision, definePolicy, NO_MAPPINGS } from './policy.ts';

const LEAVE = decision('leave', 'local');

/** Pages stay where they were placed. */
export const none = definePolicy(z.strictObject({}), () => ({
  miss: () => false,
  decide: () => LEAVE,
  advance: () => NO_MAPPINGS,
  hintFault: () => LEAVE,
  carriedOut: () => {},
}));
