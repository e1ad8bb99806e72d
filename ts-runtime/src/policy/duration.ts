// Durations as protobuf's JSON has them: `1.5s`.

/** In milliseconds, fractions too; undefined for what is no duration. */
export function parseDuration(text: unknown): number | undefined {
  if (typeof text !== "string") return undefined;
  const [, seconds, fraction = ""] = /^(\d{1,9})(?:\.(\d{1,9}))?s$/.exec(text) ?? [];
  if (seconds === undefined) return undefined;
  return Number(seconds) * 1_000 + Number(fraction.padEnd(9, "0")) / 1_000_000;
}

/** @param ms a whole number. */
export function printDuration(ms: number): string {
  const fraction = String(ms % 1_000)
    .padStart(3, "0")
    .replace(/0+$/, "");
  return `${Math.floor(ms / 1_000)}${fraction === "" ? "" : `.${fraction}`}s`;
}
