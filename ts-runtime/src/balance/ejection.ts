// Members that fail are left out for a while: after gRPC's outlier detection (gRFC A50) and Finagle's failure accrual.
// Invariants:
//   E1. Never more than `maxEjectedRatio` of the members, or of a subset's number, are left out; the last one never is, at a
//       ratio below 1.
//   E2. An ejection lasts `baseEjectionMs` times the number of those in a row. For each `baseEjectionMs` that it behaved
//       since the last one, one less counts, as in A50.
//   E3. Who comes back is on probation: its first fault ejects it again, until it has answered.
//   E4. A call that began before its member came back says nothing of it any more.
//   E5. Where the others fail as much, it is not the member: then its faults eject nobody.
import type { EjectionPolicy, ServicePolicy } from "../policy/index.ts";
import { healthy, isHealthy, probed, type Member, type MemberHealth } from "./member.ts";
import { isFault, isShed, type CallOutcome } from "./outcome.ts";

export type EjectionReason =
  /** So many faults in a row. */
  | "consecutive-failures"
  /** So large a share of them. */
  | "failure-ratio"
  /** It was asked whether it is there, and said nothing. */
  | "silent";

export interface Ejected<M> {
  readonly member: M;
  readonly reason: EjectionReason;
  readonly forMs: number;
  /** It was left out before, and was asked whether it is back. */
  readonly isAgain: boolean;
}

export class Ejection<M extends Member> {
  readonly #policy: () => ServicePolicy;
  #members: readonly M[] = [];

  /** @param policy asked each time, as it may change. */
  constructor(policy: () => ServicePolicy) {
    this.#policy = policy;
  }

  get ejected(): number {
    let count = 0;
    for (const { health } of this.#members) if (health.standing.type !== "healthy") count += 1;
    return count;
  }

  /** The members are these now. Whoever has to come back before its time, as there are fewer (E1), is the answer. */
  update(members: readonly M[]): readonly M[] {
    this.#members = members;
    const excess = this.ejected - this.#most();
    if (excess <= 0) return [];
    return members
      .filter(({ health }) => health.standing.type !== "healthy")
      .toSorted((a, b) => untilOf(a) - untilOf(b))
      .slice(0, excess);
  }

  /** Takes in what became of a call; what that leads to, if to anything. */
  record(member: M, outcome: CallOutcome, beganAtMs: number, nowMs: number): Ejected<M> | undefined {
    const { health } = member;
    const policy = this.#policy().ejection;
    if (policy === undefined || outcome.type === "left" || isShed(outcome)) return undefined;
    if (health.standing.type !== "healthy" || beganAtMs < health.backAtMs) return undefined; // E4
    if (nowMs - health.intervalAtMs >= policy.intervalMs) {
      health.intervalAtMs = nowMs;
      health.calls = 0;
      health.faults = 0;
    }
    health.calls += 1;
    if (!isFault(outcome)) {
      health.faultsInRow = 0;
      return undefined;
    }
    health.faults += 1;
    health.faultsInRow += 1;
    const reason = reasonOf(health, policy);
    if (reason === undefined || this.#othersFail(member, policy, nowMs)) return undefined;
    return this.eject(member, reason, nowMs);
  }

  /** Leaves a member out, where that may be (E1, E2); one that is asked, for longer. */
  eject(member: M, reason: EjectionReason, nowMs: number): Ejected<M> | undefined {
    const { health } = member;
    const policy = this.#policy().ejection;
    if (policy === undefined || !this.#members.includes(member)) return undefined;
    const isOut = health.standing.type !== "healthy";
    if (!isOut) {
      if (this.ejected + 1 > this.#most()) return undefined;
      const behavedMs = nowMs - health.backAtMs;
      health.ejections = Math.max(0, health.ejections - Math.floor(behavedMs / policy.baseEjectionMs));
    }
    health.ejections += 1;
    const forMs = Math.min(policy.maxEjectionMs, policy.baseEjectionMs * health.ejections);
    health.standing = { type: "ejected", untilMs: nowMs + forMs };
    return { member, reason, forMs, isAgain: isOut };
  }

  /** Those whose time is over; they stand as `probed` now, and stay out until `restore` or `eject`. */
  due(nowMs: number): readonly M[] {
    const due = this.#members.filter(
      ({ health: { standing } }) => standing.type === "ejected" && standing.untilMs <= nowMs,
    );
    for (const { health } of due) health.standing = probed;
    return due;
  }

  /** When the next one is due; Infinity for never. */
  get nextMs(): number {
    let next = Infinity;
    for (const { health } of this.#members) {
      if (health.standing.type === "ejected") next = Math.min(next, health.standing.untilMs);
    }
    return next;
  }

  /** It gets calls again (E3). */
  restore({ health, load }: M, nowMs: number): void {
    health.standing = healthy;
    health.backAtMs = nowMs;
    health.warmingSinceMs = nowMs;
    health.faultsInRow = Math.max(0, (this.#policy().ejection?.consecutiveFailures ?? 1) - 1);
    health.intervalAtMs = -Infinity;
    load.forget(nowMs);
  }

  /** E5 */
  #othersFail(member: M, policy: EjectionPolicy, nowMs: number): boolean {
    let calls = 0;
    let faults = 0;
    for (const other of this.#members) {
      const { health } = other;
      if (other === member || !isHealthy(other) || nowMs - health.intervalAtMs >= policy.intervalMs) continue;
      calls += health.calls;
      faults += health.faults;
    }
    return calls > 0 && faults >= calls * policy.failureRatio;
  }

  /** How many may be left out (E1). */
  #most(): number {
    const { ejection, subsetSize } = this.#policy();
    return Math.floor(Math.min(this.#members.length, subsetSize) * (ejection?.maxEjectedRatio ?? 0));
  }
}

function reasonOf(health: MemberHealth, policy: EjectionPolicy): EjectionReason | undefined {
  if (health.faultsInRow >= policy.consecutiveFailures) return "consecutive-failures";
  const isMuch = health.calls >= policy.minCalls && health.faults >= health.calls * policy.failureRatio;
  return isMuch ? "failure-ratio" : undefined;
}

function untilOf({ health: { standing } }: Member): number {
  return standing.type === "ejected" ? standing.untilMs : -Infinity;
}
