// The status codes of gRPC that the checks speak of, and ends of calls in words.
import type { CallEnd } from "./call.ts";

export const statusOf = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  UNAUTHENTICATED: 16,
} as const;

const names: ReadonlyMap<number, string> = new Map(
  Object.entries(statusOf).map(([name, code]) => [code, name]),
);

const longestMessage = 200;

/** How a call ended, for people. */
export function endText(end: CallEnd): string {
  switch (end.type) {
    case "status": {
      const name = names.get(end.code) ?? `status ${end.code}`;
      return end.message === "" ? name : `${name} "${end.message.slice(0, longestMessage)}"`;
    }
    case "http":
      return `HTTP status ${end.status} in place of a gRPC status`;
    case "reset":
      return `a stream that was reset (HTTP/2 error code ${end.code}) without a status`;
    default:
      return "no end";
  }
}

export function isStatus(end: CallEnd, ...codes: readonly number[]): boolean {
  return end.type === "status" && codes.includes(end.code);
}
