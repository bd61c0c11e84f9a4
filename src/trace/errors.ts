/**
 * A mistake in the input or in what was asked, as opposed to a defect of the program. The command line
 * prints its message as one line (what, where, what to do) and exits with status 2.
 */
export class InputError extends Error {
  override readonly name = 'InputError';
}
