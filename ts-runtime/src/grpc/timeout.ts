// The header `grpc-timeout`: one to eight digits and a unit.
import { Code, ConnectError } from "@connectrpc/connect";

const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000001,
};
const mostDigits = 99_999_999;

/**
 * The milliseconds that a caller gives.
 * @throws ConnectError `InvalidArgument` for what is no timeout.
 */
export function parseTimeout(value: string): number {
  const unit = unitMs[value.charAt(value.length - 1)];
  if (unit === undefined || !/^\d{1,8}.$/.test(value)) {
    throw new ConnectError(`protocol error: invalid grpc timeout value: ${value}`, Code.InvalidArgument);
  }
  return Number.parseInt(value, 10) * unit;
}

/** The header for milliseconds above 0: whole ones, rounded up, as long as eight digits hold them. */
export function formatTimeout(ms: number): string {
  const whole = Math.ceil(ms);
  if (whole <= mostDigits) return `${whole}m`;
  const seconds = Math.ceil(ms / 1_000);
  if (seconds <= mostDigits) return `${seconds}S`;
  return `${Math.min(mostDigits, Math.ceil(ms / 3_600_000))}H`;
}
