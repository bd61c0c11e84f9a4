/**
 * Whether to colour what goes to a terminal: NO_COLOR (anything but empty) says no, then FORCE_COLOR says
 * yes (`0` and `false`: no), else it depends on whether there is a terminal that knows colours.
 */
export function wantsColor(stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return !['0', 'false'].includes(env.FORCE_COLOR);
  return stream.isTTY === true && env.TERM !== 'dumb';
}
