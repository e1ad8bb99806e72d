// How a process that serves and makes calls collects garbage.
import { setFlagsFromString } from "node:v8";

/**
 * Makes V8 allocate all that is new in the young generation. V8 notes which lines of code make objects that live on, and has
 * those made in the old generation from then on. A service starts with a small young generation, in which each call that is
 * in flight lives on: so it would have all of a call made in the old generation for good, where the dead keep the young that
 * they point to, and collections took 12 ms in place of half a millisecond.
 */
export function tuneProcess(): void {
  setFlagsFromString("--no-allocation-site-pretenuring");
}
