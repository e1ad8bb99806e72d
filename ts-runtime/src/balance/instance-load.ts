// What the calls of this process are to an instance, over all proto services that it serves. Invariants:
//   L1. Each entry that began ends once; then the counts are what they were before.
//   L2. Slowness is 1 for who takes at most twice the usual: small differences show in the calls in flight anyway, and must
//       not undo weights. Above that it rises at once and falls with time (`PeakEwma`).
//   L3. A call without an answer is as slow as it is old. So one that hangs is enough to see an instance freeze, long before
//       its deadline.
//   L4. One slow answer alone says nothing: a first one waits for a connection and finds nothing compiled, a later one meets a
//       collection of garbage. So an answer counts as no slower than the one before it. (Who is slow for longer has calls in
//       flight meanwhile, and L3.)
//   L5. Streams are counted by themselves and never measured: how long they take says nothing, and a thousand idle ones on
//       the old instances must not draw all other calls to a new one.
import { isFault, type CallOutcome } from "./outcome.ts";
import { PeakEwma } from "./peak-ewma.ts";
import type { UsualLatency } from "./usual-latency.ts";

/** A peak of 15 times the usual is forgotten after 10 s = 5 s × ln(15 / 2). */
const decayMs = 5_000;
const tolerance = 2;
/**
 * What fails is quick, and must not attract calls by that (as Linkerd's load biaser). A fault is forgotten after 7 s; another
 * one before doubles what is left, up to what is forgotten after 14 s.
 */
const faultTimesUsual = 8;
const mostOfFaults = 32;
/** One that has yet to answer its first call is not given more, where another has none. */
const unknownTimesUsual = 8;

/** A call in flight. */
export class LoadEntry {
  readonly beganAtMs: number;
  /** Undefined for a stream. */
  readonly usual: UsualLatency | undefined;
  previous: LoadEntry | undefined;
  next: LoadEntry | undefined;
  isLinked = false;

  constructor(beganAtMs: number, usual: UsualLatency | undefined) {
    this.beganAtMs = beganAtMs;
    this.usual = usual;
  }
}

export class InstanceLoad {
  /** Calls with one answer, in flight. */
  calls = 0;
  /** Streams, in flight. */
  streams = 0;
  readonly #timesUsual = new PeakEwma(decayMs);
  /** What faults count as, in times of the usual. */
  readonly #faults = new PeakEwma(decayMs);
  #hasAnswered = false;
  /** How slow the last answer was. */
  #lastTimesUsual = 1;
  #oldest: LoadEntry | undefined;
  #newest: LoadEntry | undefined;

  begin(entry: LoadEntry): void {
    if (entry.usual === undefined) {
      this.streams += 1;
      return;
    }
    this.calls += 1;
    entry.isLinked = true;
    entry.previous = this.#newest;
    if (this.#newest === undefined) this.#oldest = entry;
    else this.#newest.next = entry;
    this.#newest = entry;
  }

  /** Once for each that began (L1). */
  end(entry: LoadEntry, outcome: CallOutcome, nowMs: number): void {
    const { usual } = entry;
    if (usual === undefined) {
      this.streams -= 1;
      if (isFault(outcome)) this.#noteFault(nowMs);
      return;
    }
    this.calls -= 1;
    this.#unlink(entry);
    const latencyMs = nowMs - entry.beganAtMs;
    const times = usual.timesUsual(latencyMs);
    if (outcome.type === "answered") {
      this.#hasAnswered = true;
      this.#timesUsual.observe(Math.min(times, this.#lastTimesUsual), nowMs); // L4
      this.#lastTimesUsual = times;
      usual.observe(latencyMs);
      return;
    }
    if (isFault(outcome)) this.#noteFault(nowMs);
    if (times > this.#timesUsual.read(nowMs, 0)) this.#timesUsual.observe(times, nowMs);
  }

  /** 1 for one as quick as usual, more for a slow one (L2, L3). */
  slowness(nowMs: number): number {
    const oldest = this.#oldest;
    let times = Math.max(this.#timesUsual.read(nowMs, tolerance), this.#faults.read(nowMs, tolerance));
    if (oldest?.usual !== undefined) {
      times = Math.max(times, oldest.usual.timesUsual(nowMs - oldest.beganAtMs));
      if (!this.#hasAnswered) times = Math.max(times, unknownTimesUsual);
    }
    return times <= tolerance ? 1 : times / tolerance;
  }

  /** Whether a fault is not forgotten yet. */
  isFaulty(nowMs: number): boolean {
    return this.#faults.read(nowMs, tolerance) > tolerance;
  }

  /** For how long the oldest call has waited; 0 without one. */
  silentMs(nowMs: number): number {
    return this.#oldest === undefined ? 0 : nowMs - this.#oldest.beganAtMs;
  }

  /** It came back, perhaps as another process: neither what was known of it nor its old calls say anything any more. */
  forget(nowMs: number): void {
    this.#hasAnswered = false;
    this.#lastTimesUsual = 1;
    this.#timesUsual.reset(nowMs);
    this.#faults.reset(nowMs);
    while (this.#oldest !== undefined) this.#unlink(this.#oldest);
  }

  #noteFault(nowMs: number): void {
    const doubled = 2 * this.#faults.read(nowMs, 0);
    this.#faults.observe(Math.max(faultTimesUsual, Math.min(mostOfFaults, doubled)), nowMs);
  }

  #unlink(entry: LoadEntry): void {
    if (!entry.isLinked) return;
    entry.isLinked = false;
    if (entry.previous === undefined) this.#oldest = entry.next;
    else entry.previous.next = entry.next;
    if (entry.next === undefined) this.#newest = entry.previous;
    else entry.next.previous = entry.previous;
    entry.previous = undefined;
    entry.next = undefined;
  }
}
