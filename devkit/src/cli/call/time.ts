// Times on a command line.
import { UsageError } from "../backoffice/usage-error.ts";

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** The milliseconds of `500ms`, `30s`, `5m` or `1h`; @throws UsageError for anything else. */
export function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const [, number = "", unit = ""] = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Number(number) * (units[unit] ?? Number.NaN);
  if (ms >= 1) return Math.round(ms);
  throw new UsageError(`--deadline must be like 500ms, 30s or 5m: current value is "${text}"`);
}
