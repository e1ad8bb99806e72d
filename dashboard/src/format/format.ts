// Numbers and times for people.
import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";

const nanosPerMs = 1_000_000;

/** In ms; 0 where there is none. */
export function durationMs(duration: Duration | undefined): number {
  return duration === undefined ? 0 : Number(duration.seconds) * 1000 + duration.nanos / nanosPerMs;
}

/** In ms since 1970; 0 where there is none. */
export function timeMs(time: Timestamp | undefined): number {
  return time === undefined ? 0 : Number(time.seconds) * 1000 + time.nanos / nanosPerMs;
}

/** A duration of a message, from ms. */
export function toDuration(ms: number): { seconds: bigint; nanos: number } {
  const seconds = Math.floor(ms / 1000);
  return { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1000) * nanosPerMs) };
}

/** `480 µs`, `3.2 ms`, `1.24 s`, `3 min 20 s`. */
export function formatMs(ms: number): string {
  if (ms === 0) return "0";
  if (ms < 1) return `${Math.round(ms * 1000)} µs`;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** `12:04:31.250`, in the time zone of the reader. */
export function formatClock(ms: number): string {
  const time = new Date(ms);
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${String(time.getMilliseconds()).padStart(3, "0")}`;
}

/** `just now`, `12 s ago`, `4 min ago`, `3 h ago`, `2 d ago`. */
export function formatAgo(ms: number, now: number = Date.now()): string {
  const seconds = Math.max(0, (now - ms) / 1000);
  if (seconds < 2) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** `1,204`, `1.2 M`. */
export function formatCount(value: number | bigint): string {
  const number = Number(value);
  if (number < 1_000_000) return number.toLocaleString("en");
  return `${(number / 1_000_000).toFixed(1)} M`;
}

/** `1 span`, `12 spans`; `many` for nouns that take no `s`. */
export function counted(value: number | bigint, noun: string, many = `${noun}s`): string {
  return `${formatCount(value)} ${Number(value) === 1 ? noun : many}`;
}

/** From what came within a minute: `12/s`, `0.4/s`, `—` for none. */
export function formatRate(perMinute: number | bigint): string {
  const perSecond = Number(perMinute) / 60;
  if (perSecond === 0) return "—";
  if (perSecond < 0.1) return `${Number(perMinute)}/min`;
  return perSecond < 10 ? `${perSecond.toFixed(1)}/s` : `${formatCount(Math.round(perSecond))}/s`;
}

/** `0.4 %`; empty for none. */
export function formatShare(part: number | bigint, whole: number | bigint): string {
  if (Number(part) === 0 || Number(whole) === 0) return "";
  const percent = (Number(part) / Number(whole)) * 100;
  return percent < 1 ? `${percent.toFixed(1)} %` : `${Math.round(percent)} %`;
}

/** Bytes: `812 B`, `1.4 KB`. */
export function formatBytes(bytes: number | bigint): string {
  const number = Number(bytes);
  if (number < 1000) return `${number} B`;
  if (number < 1_000_000) return `${(number / 1000).toFixed(1)} KB`;
  return `${(number / 1_000_000).toFixed(1)} MB`;
}
