// Facts of answers in few words.
import { durationMs, timestampDate, type Duration, type Timestamp } from "@bufbuild/protobuf/wkt";
import { WorkState, type Lag, type WorkPart } from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";

/** Such as `12 (3 s)`: how many, and how old the oldest is. */
export function lagText(lag: Lag | undefined): string {
  if (lag === undefined) return "?";
  const count = `${lag.estimated ? "~" : ""}${lag.count}`;
  return lag.age === undefined ? count : `${count} (${ageText(lag.age)})`;
}

/** Such as `320 ms`, `12 s`, `5 min`, `3 h`, `2 d`. */
export function ageText(age: Duration): string {
  const ms = durationMs(age);
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  for (const [unit, size] of [
    ["d", 86_400_000],
    ["h", 3_600_000],
    ["min", 60_000],
  ] as const) {
    if (ms >= 2 * size) return `${Math.floor(ms / size)} ${unit}`;
  }
  return `${Math.round(ms / 1_000)} s`;
}

/** In UTC, to the second. */
export function timeText(time: Timestamp | undefined): string {
  return time === undefined
    ? ""
    : timestampDate(time)
        .toISOString()
        .replace(/\.\d+Z$/, "Z");
}

export function stateText(state: WorkState): string {
  return enumText(WorkState, state);
}

/** The name of an enum's value, in small letters. */
export function enumText(names: Readonly<Record<string, number>>, value: number): string {
  const [name = "?"] = Object.entries(names).find(([, number]) => number === value) ?? [];
  return name.toLowerCase().replaceAll("_", " ");
}

/** How many instances do the work, and how many parts nobody does. */
export function ownersText(parts: readonly WorkPart[]): string {
  const owners = new Set(parts.map(({ owner }) => owner).filter((owner) => owner !== ""));
  const orphans = parts.filter(({ owner }) => owner === "").length;
  const instances = `${owners.size} ${owners.size === 1 ? "instance" : "instances"}`;
  return orphans === 0 || parts.length === 0 ? instances : `${instances}, ${orphans} parts of nobody`;
}

/** A line of each part. */
export function partRows(name: string, parts: readonly WorkPart[]): readonly (readonly string[])[] {
  return parts.map(({ number, owner, position, lag }) => [
    name,
    String(number),
    owner === "" ? "–" : owner,
    position,
    lag === undefined ? "" : lagText(lag),
  ]);
}

export const partHeading: readonly string[] = ["name", "part", "owner", "position", "behind"];

/** One line, not too long for a table. */
export function shortText(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length <= 80 ? line : `${line.slice(0, 79)}…`;
}
