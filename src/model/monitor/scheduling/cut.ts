import { partOf, splitAfter } from '../../split.ts';
import type { ScheduleAction, Scheduled } from './types.ts';

/**
 * Cuts a scheduled chunk after its `instruction`-th replayed instruction, as `splitAfter` and `partOf` cut an
 * unscheduled one. What was done at the cut goes with the second part.
 */
export function cutScheduled(
  scheduled: Scheduled,
  instruction: number,
  instructionBytes: 0 | 4,
): { readonly head: Scheduled; readonly tail: Scheduled; readonly instructions: number } {
  const { chunk: whole, eventCpu, actions } = scheduled;
  const { chunk, record, instructions } = splitAfter(whole, instruction, instructionBytes);
  const head = partOf(chunk, record, true);
  const tail = partOf(chunk, record, false);
  const cut = head.segments.length;
  // A segment that was cut in two is the same CPU's twice.
  const more = chunk.segments.length - whole.segments.length;
  const tailCpu = scheduled.segmentCpu.slice(cut - more, whole.segments.length);
  const isBefore = ({ segment }: ScheduleAction): boolean => segment < cut;
  return {
    head: { chunk: head, segmentCpu: scheduled.segmentCpu, eventCpu, actions: actions.filter(isBefore) },
    tail: {
      chunk: tail,
      segmentCpu: tailCpu,
      eventCpu: eventCpu.slice(head.events.length, whole.events.length),
      actions: actions
        .filter((action) => !isBefore(action))
        .map((action) => ({
          ...action,
          segment: action.segment + more - cut,
          event: Math.max(0, action.event - head.events.length),
        })),
    },
    instructions,
  };
}
