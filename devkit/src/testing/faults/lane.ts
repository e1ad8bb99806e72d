// One direction of one connection: bytes go on in their order, when the rules of the edge let them.
//
//   L1. Order is kept whatever the rules are and however they change: what waits holds what came behind it, also the end of
//       the connection.
//   L2. Nothing is lost but by a reset: when a rule goes, what it held goes on.
//   L3. What waits is bounded: beyond 1 MiB the sender is read no further.
import type { Socket } from "node:net";
import { createCallScan } from "./call-scan.ts";
import type { Direction } from "./fault.ts";
import type { Rule } from "./rule.ts";

const maxWaitingBytes = 1_048_576;
/** With a limit, a chunk goes in pieces, so that the first byte need not wait for the last. */
const piecesPerSecond = 20;

type Item =
  | { readonly type: "bytes"; readonly bytes: Buffer; readonly at: number; readonly ofCall: boolean }
  /** The sender has no more to say. */
  | { readonly type: "end"; readonly at: number; readonly ofCall: true }
  /** The sender is gone. */
  | { readonly type: "broken"; readonly at: number; readonly ofCall: true };

export interface LaneParts {
  readonly source: Socket;
  readonly target: Socket;
  readonly direction: Direction;
  readonly rules: Iterable<Rule>;
}

/** A lane that works; `changed` tells it that the rules are others. */
export interface Lane {
  changed(): void;
}

export function openLane({ source, target, direction, rules }: LaneParts): Lane {
  const scan = createCallScan();
  const waiting: Item[] = [];
  let waitingBytes = 0;
  let ended = false;
  let full = false;
  let freeAt = 0;
  let timer: NodeJS.Timeout | undefined;

  const push = (item: Item): void => {
    waiting.push(item);
    if (item.type === "bytes") waitingBytes += item.bytes.length;
    pump();
    if (waitingBytes > maxWaitingBytes) source.pause(); // L3
  };

  /** How long the item has to wait for now; the longest of what the rules say. */
  const waitMs = (item: Item, now: number): number => {
    let longest = 0;
    for (const rule of rules) {
      if (rule.only !== undefined && (rule.only !== direction || !item.ofCall)) continue;
      const ms = waitFor(rule, item, now);
      if (ms > 0) rule.strike();
      longest = Math.max(longest, ms);
    }
    return longest;
  };

  const waitFor = (rule: Rule, item: Item, now: number): number => {
    switch (rule.type) {
      case "drop":
        return Number.POSITIVE_INFINITY;
      case "delay":
        return item.at + rule.ms - now;
      case "limit":
        return freeAt - now;
      case "cut":
        return 0;
    }
  };

  const limit = (): number =>
    [...rules].reduce(
      (least, rule) =>
        rule.type === "limit" && (rule.only ?? direction) === direction
          ? Math.min(least, rule.bytesPerSecond)
          : least,
      Number.POSITIVE_INFINITY,
    );

  function pump(): void {
    clearTimeout(timer);
    timer = undefined;
    for (let item = waiting[0]; item !== undefined; item = waiting[0]) {
      if (target.destroyed) {
        waiting.length = 0;
        waitingBytes = 0;
        source.resume();
        return;
      }
      const now = performance.now();
      const ms = waitMs(item, now);
      if (ms > 0) {
        if (ms !== Number.POSITIVE_INFINITY) timer = setTimeout(pump, ms);
        return;
      }
      if (full) return;
      waiting.shift();
      pass(item, now);
    }
    if (source.isPaused() && !full && waitingBytes <= maxWaitingBytes / 2) source.resume();
  }

  function pass(item: Item, now: number): void {
    if (item.type === "bytes") passBytes(item, now);
    else if (item.type === "end") target.end();
    else target.resetAndDestroy();
  }

  function passBytes(item: Extract<Item, { type: "bytes" }>, now: number): void {
    const perSecond = limit();
    const piece = Math.max(1, Math.ceil(perSecond / piecesPerSecond));
    const bytes = item.bytes.subarray(0, piece);
    if (bytes.length < item.bytes.length) waiting.unshift({ ...item, bytes: item.bytes.subarray(piece) });
    freeAt = Math.max(now, freeAt) + (bytes.length / perSecond) * 1_000;
    waitingBytes -= bytes.length;
    full = !target.write(bytes);
    if (full) target.once("drain", drained);
  }

  const drained = (): void => {
    full = false;
    pump();
  };

  source.on("data", (bytes: Buffer) => {
    const at = performance.now();
    const call = scan.read(bytes);
    if (call === undefined) push({ type: "bytes", bytes, at, ofCall: false });
    else {
      if (call > 0) push({ type: "bytes", bytes: bytes.subarray(0, call), at, ofCall: false });
      push({ type: "bytes", bytes: bytes.subarray(call), at, ofCall: true });
    }
  });
  source.once("end", () => {
    ended = true;
    push({ type: "end", at: performance.now(), ofCall: true });
  });
  source.once("close", () => {
    if (!ended) push({ type: "broken", at: performance.now(), ofCall: true });
  });
  target.once("close", () => {
    clearTimeout(timer);
    waiting.length = 0;
  });
  return { changed: pump };
}
