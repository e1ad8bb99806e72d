import type { Database } from "../postgres/index.ts";

/** Where new events are told, once per group. */
export function eventChannel({ schema }: Database): string {
  return `${schema}.event`;
}
