// One attempt of a call at an instance: counted there, and seen by the breaker before it, until it ends once.
import type { BreakerTerms, Breaker, BreakerTurn } from "../resilience/index.ts";
import { answered, isFault, left, type CallOutcome } from "../balance/index.ts";
import type { Call } from "./call.ts";
import type { CallTrack, Channel } from "./channel.ts";
import type { Failure } from "./failure.ts";

// A grpc-timeout has eight digits.
const longestTimeoutMs = 99_999_999;

export class Attempt {
  readonly channel: Channel;
  /** What it may take, at least 1, as Connect reads 0 as "no deadline"; undefined for as long as it likes. */
  readonly timeoutMs: number | undefined;
  /** As `performance.now()`, where it has a time of its own that is shorter than the call's. */
  readonly overMs: number | undefined;
  readonly #track: CallTrack;
  readonly #breaker: Breaker | undefined;
  readonly #terms: BreakerTerms | undefined;
  readonly #turn: BreakerTurn;
  #isOver = false;

  /** @throws the call's deadline is over. */
  constructor(call: Call, channel: Channel, nowMs: number) {
    const leftMs = call.deadline.leftMs(nowMs);
    if (leftMs !== undefined && leftMs <= 0) throw call.deadline.error(call.name);
    const ownMs = call.calls.isSafeToHedge ? call.policy.retry.attemptTimeoutMs : undefined;
    const isOwn = ownMs !== undefined && (leftMs === undefined || ownMs < leftMs);
    const timeoutMs = isOwn ? ownMs : leftMs;
    this.timeoutMs =
      timeoutMs === undefined ? undefined : Math.min(longestTimeoutMs, Math.max(1, Math.ceil(timeoutMs)));
    this.overMs = isOwn ? nowMs + ownMs : undefined;
    this.channel = channel;
    this.#terms = call.policy.breaker;
    this.#breaker = this.#terms === undefined ? undefined : call.calls.breakerOf(channel);
    this.#turn = this.#breaker?.begin(nowMs) ?? 0;
    this.#track = channel.begin(call.method);
  }

  /** A stream has begun to answer. */
  heard(): void {
    this.#breaker?.heard(this.#turn);
  }

  answered(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#track.end(answered);
    if (this.#terms !== undefined) this.#breaker?.succeeded(this.#turn, this.#terms, performance.now());
  }

  /** It says nothing of the instance: its caller has left, or does not wait for it any more. */
  left(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#track.end(left);
    this.#breaker?.left(this.#turn);
  }

  failed(failure: Failure): void {
    if (failure.of === "caller") return this.left();
    if (this.#isOver) return;
    this.#isOver = true;
    const { error, neverRan } = failure;
    const outcome: CallOutcome = { type: "failed", code: error.code, neverRan };
    this.#track.end(outcome);
    if (this.#terms === undefined || this.#breaker === undefined) return;
    // What did not come to the method says nothing of it: a full server works, and keeps most calls away by itself.
    if (failure.of === "connection" || neverRan) return this.#breaker.left(this.#turn);
    const nowMs = performance.now();
    // C4
    if (!isFault(outcome)) return this.#breaker.succeeded(this.#turn, this.#terms, nowMs);
    this.#breaker.failed(this.#turn, this.#terms, { nowMs, reason: error.message });
  }
}
