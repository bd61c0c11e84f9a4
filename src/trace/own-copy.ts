import { compileFunction } from 'node:vm';

/**
 * The same function, compiled anew from its own text. For factories of hot closures.
 *
 * V8 shares optimised code between all closures that one function makes, and in shared code everything they
 * close over is loaded and checked at each use. A closure that was made only once has it compiled in: masks
 * and shifts as immediates, tables by address, calls inlined without checks. So each kernel, each packer
 * and each loop that decodes lines comes from its own copy of the factory (measured in bench/README.md).
 *
 * `original` must not refer to anything outside itself: what it needs, imports included, are parameters.
 */
export function ownCopy<F extends (...parameters: never[]) => unknown>(original: F): F {
  const make = compileFunction(`'use strict';\nreturn ${original};`, [], {
    filename: `${original.name}-copy`,
  });
  return make() as F;
}
