// How long a call may take: what its caller asks for, capped, or the default (C1).

export interface Deadlines {
  readonly timeoutMs: number;
  readonly maxTimeoutMs: number;
}

const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000_001,
};

/** What `grpc-timeout` says, in milliseconds; undefined for nothing, or nothing that can be read. */
export function parseGrpcTimeout(text: string | undefined): number | undefined {
  const [, digits = "", unit = ""] = /^(\d{1,8})([HMSmun])$/.exec(text ?? "") ?? [];
  const factor = unitMs[unit];
  return factor === undefined ? undefined : Number(digits) * factor;
}

/** What `connect-timeout-ms` says. */
export function parseConnectTimeout(text: string | undefined): number | undefined {
  return /^\d{1,10}$/.test(text ?? "") ? Number(text) : undefined;
}

/** Of streams, only the caller's own counts: they may be without an end. */
export function deadlineOf(
  asked: number | undefined,
  isStream: boolean,
  { timeoutMs, maxTimeoutMs }: Deadlines,
): number | undefined {
  if (asked !== undefined) return Math.max(1, Math.min(asked, maxTimeoutMs));
  return isStream ? undefined : timeoutMs;
}
