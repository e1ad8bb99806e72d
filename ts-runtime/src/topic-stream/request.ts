// What callers ask for, checked: each refusal names the field, what it must be and what it is.
import { timestampDate, type Timestamp } from "@bufbuild/protobuf/wkt";
import { SamspelError } from "../errors/index.ts";
import type { Start } from "../topic/index.ts";
import { parsePosition } from "./position.ts";
import type { From } from "./read-topic.ts";

/** The `from` of a SubscribeRequest or a ReadRequest. */
type RequestedFrom =
  | { readonly case: "beginning"; readonly value: boolean }
  | { readonly case: "time"; readonly value: Timestamp }
  | { readonly case: "position"; readonly value: string }
  | { readonly case: undefined; readonly value?: undefined };

/** Where to begin; at the end where nothing is said. @throws SAMSPEL_INVALID_REQUEST */
export function fromOf(from: RequestedFrom): From {
  switch (from.case) {
    case undefined:
      return { type: "end" };
    case "beginning":
      return { type: from.value ? "beginning" : "end" };
    case "time":
      return { type: "time", time: timeOf(from.value) };
    case "position":
      return { type: "position", position: parsePosition(from.value) };
  }
}

const groupPattern = /^[A-Za-z0-9_-]{1,64}$/;

/** Where a new group begins. @throws SAMSPEL_INVALID_REQUEST */
export function startOf(from: RequestedFrom): Start {
  if (from.case === "time") return { time: timeOf(from.value) };
  if (from.case === "position") {
    throw refuse("from", "beginning, time or absent with a group, which has its own position", "a position");
  }
  return from.case === "beginning" && from.value ? "beginning" : "end";
}

const defaultUncommitted = 1_000;
const mostUncommitted = 10_000;

/** How many messages may be sent and not yet committed. @throws SAMSPEL_INVALID_REQUEST */
export function windowOf(maxUncommitted: number): number {
  if (maxUncommitted === 0) return defaultUncommitted;
  if (maxUncommitted >= 1 && maxUncommitted <= mostUncommitted) return maxUncommitted;
  throw refuse("max_uncommitted", `1 to ${mostUncommitted}`, String(maxUncommitted));
}

/** @throws SAMSPEL_INVALID_REQUEST for what no group can be called. */
export function requireGroup(group: string): string {
  if (groupPattern.test(group)) return group;
  throw refuse("group", 'of letters, digits, "_" and "-", at most 64', group);
}

/** The group; `undefined` for none. @throws SAMSPEL_INVALID_REQUEST */
export function groupOf(group: string): string | undefined {
  return group === "" ? undefined : requireGroup(group);
}

/** A live topic has no past. @throws SAMSPEL_INVALID_REQUEST */
export function refuseFrom({ name }: { readonly name: string }, from: RequestedFrom): void {
  if (from.case === undefined) return;
  throw refuse(
    from.case,
    `absent, as topic ${name} is live and keeps nothing`,
    from.case === "time" ? `${from.value.seconds} s` : String(from.value),
  );
}

function timeOf(timestamp: Timestamp): Date {
  const time = timestampDate(timestamp);
  if (!Number.isNaN(time.getTime())) return time;
  throw refuse("time", "a time that there is", `${timestamp.seconds} s`);
}

function refuse(field: string, must: string, value: string): SamspelError {
  return new SamspelError(
    "SAMSPEL_INVALID_REQUEST",
    `${field} must be ${must}: current value is "${value.slice(0, 100)}"`,
    { metadata: { field } },
  );
}
