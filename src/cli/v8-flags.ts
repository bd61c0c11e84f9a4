/**
 * How V8 runs this program; imported before everything else, as it counts from then on.
 *
 * A function is optimised after so many bytes of its bytecode were executed. The replay's loops are few and large,
 * and each time V8 meets in one what it had not seen when it compiled it, it throws the code away and compiles again.
 * Waiting longer (the default is 67584) lets it see more first, and leaves out what runs for
 * a moment only: a `vmtax run` of a short trace takes about a tenth less CPU time (bench/README.md). Peeling, which
 * compiles the first round of each inner loop apart, costs as much again in the compiler and gains nothing here.
 */
import { setFlagsFromString } from 'node:v8';

// Node 20 has V8 11. Later ones refuse the first flag, with a message that no one asked for.
if (process.versions.v8.startsWith('11.')) {
  setFlagsFromString('--interrupt-budget=300000');
  setFlagsFromString('--no-turbo-loop-peeling');
}
