// Which instance of a proto service a call goes to (C3): all the rules of this folder together. No I/O, no timer: it is told
// what there is and what became of calls, and asks for the time. Invariants:
//   B1. What was tried, or is left out, is picked as N1 and N2 of plan.ts say.
//   B2. Who comes later warms up (P2 of least-loaded.ts), unless most do: then nobody could spare them. In the first ten
//       seconds nobody is late: what is new to this caller may be old.
//   B3. A change of policy is in force with the next pick.
//   B4. Who cannot be reached, or keeps a call waiting for long or past its deadline, and many times as long as usual, is asked
//       whether it is there.
import { Code } from "@connectrpc/connect";
import type { Balancing, ServicePolicy } from "../policy/index.ts";
import { Ejection, type Ejected } from "./ejection.ts";
import { HashRing } from "./hash-ring.ts";
import type { LoadEntry } from "./instance-load.ts";
import { warmingMs } from "./least-loaded.ts";
import { isHealthy, type Member } from "./member.ts";
import type { CallOutcome, FailedCall } from "./outcome.ts";
import { Plan } from "./plan.ts";

/** How the instance of a call is chosen. */
export interface Choice {
  /** Default `least-loaded`. */
  readonly balancing?: Balancing;
  /** For `by-key`; without a key the choice is `least-loaded`. */
  readonly key?: string | undefined;
  /** A stream is compared with streams. Default false. */
  readonly isStream?: boolean;
}

export interface BalancerOptions<M> {
  /** Asked at each pick; the same object as long as nothing changed. */
  readonly policy: () => ServicePolicy;
  /** The caller's; empty for none. */
  readonly zone: string;
  /** The process's own number, for its subset. */
  readonly seed: number;
  /** Somebody has to find out whether a member is there, and say so by `found`. */
  readonly onDoubt: (member: M) => void;
  readonly onEjected: (ejected: Ejected<M>) => void;
  readonly onBack: (member: M) => void;
  /** In milliseconds, and never going back. */
  readonly now: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** A call without an answer for so long raises doubts, where that is ten times the usual (B4). */
const doubtAfterMs = 1_000;
const doubtSlowness = 10;
const doubtAgainMs = 5_000;
const noneTried: ReadonlySet<never> = new Set();
const anyCall: Choice = {};

export class Balancer<M extends Member> {
  readonly #options: BalancerOptions<M>;
  readonly #ejection: Ejection<M>;
  #members: readonly M[] = [];
  #plan: Plan<M> | undefined;
  #ring: HashRing<M> | undefined;
  /** When the next one that is left out is due. */
  #nextMs = Infinity;
  /** Since when there are members. */
  #sinceMs: number | undefined;
  #turn = 0;
  #inFlight = 0;

  constructor(options: BalancerOptions<M>) {
    this.#options = options;
    this.#ejection = new Ejection<M>(options.policy);
  }

  get members(): readonly M[] {
    return this.#members;
  }

  /** The members are these now: those that stay are the same objects. */
  update(members: readonly M[]): void {
    const nowMs = this.#options.now();
    const former = new Set(this.#members);
    const added = members.filter((member) => !former.has(member));
    const warming = members.filter((member) => !former.has(member) || isWarming(member, nowMs));
    if (members.length > 0) this.#sinceMs ??= nowMs;
    // B2
    const isEarly = nowMs - (this.#sinceMs ?? nowMs) < warmingMs;
    if (!isEarly && warming.length * 2 <= members.length)
      for (const { health } of added) health.warmingSinceMs = nowMs;
    else for (const { health } of warming) health.warmingSinceMs = undefined;
    this.#members = members;
    this.#ring = undefined;
    this.#plan = undefined;
    for (const member of this.#ejection.update(members)) this.#restore(member, nowMs);
    this.#nextMs = this.#ejection.nextMs;
  }

  /** A member for the next attempt of a call; undefined where there is none (B1). */
  pick(tried: ReadonlySet<unknown> = noneTried, choice: Choice = anyCall): M | undefined {
    const nowMs = this.#options.now();
    if (nowMs >= this.#nextMs) this.#askDue(nowMs);
    const plan = this.#currentPlan();
    const { balancing, key, isStream = false } = choice;
    this.#turn += 1;
    this.#lookRound(nowMs);
    const owner = balancing === "by-key" && key !== undefined ? this.#ownerOf(key, tried) : undefined;
    if (owner !== undefined) return owner;
    if (tried.size > 0) return plan.another(tried, isStream, nowMs);
    if (balancing === "round-robin") return plan.inTurn(this.#turn);
    return plan.leastLoaded(isStream, nowMs);
  }

  /** Whether there is a member that was not tried. */
  hasAnother(tried: ReadonlySet<unknown>): boolean {
    return this.#members.some((member) => !tried.has(member));
  }

  /** A call goes to a member: `entry` is what it counts as. */
  begin(member: M, entry: LoadEntry): void {
    member.load.begin(entry);
    member.inFlight += 1;
    this.#inFlight += 1;
  }

  /** It is over: once for each that began. */
  end(member: M, entry: LoadEntry, outcome: CallOutcome): void {
    const nowMs = this.#options.now();
    member.load.end(entry, outcome, nowMs);
    member.inFlight -= 1;
    this.#inFlight -= 1;
    const ejected = this.#ejection.record(member, outcome, entry.beganAtMs, nowMs);
    if (ejected !== undefined) this.#eject(ejected);
    else if (outcome.type === "failed") this.#doubtAfter(member, outcome, nowMs);
  }

  /**
   * The answer to a doubt: a member whose time was over is back, or stays out for longer; a healthy one stays, or is left out.
   * One that was left out meanwhile has to wait for its time.
   */
  found(member: M, isThere: boolean): void {
    const { type } = member.health.standing;
    if (type === "ejected" || !this.#members.includes(member)) return;
    const nowMs = this.#options.now();
    const ejected = isThere ? undefined : this.#ejection.eject(member, "silent", nowMs);
    if (ejected !== undefined) this.#eject(ejected);
    else if (type === "probed") this.#restore(member, nowMs);
  }

  #ownerOf(key: string, tried: ReadonlySet<unknown>): M | undefined {
    const ring = (this.#ring ??= new HashRing(this.#members));
    return (
      ring.pick(key, this.#inFlight, (member) => isHealthy(member) && !tried.has(member)) ??
      ring.pick(key, this.#inFlight, (member) => !tried.has(member))
    );
  }

  #currentPlan(): Plan<M> {
    const policy = this.#options.policy();
    if (this.#plan?.policy === policy) return this.#plan; // B3
    const { zone, seed, random } = this.#options;
    this.#plan = new Plan(this.#members, { policy, zone, seed, random });
    return this.#plan;
  }

  #eject(ejected: Ejected<M>): void {
    this.#plan = undefined;
    this.#nextMs = this.#ejection.nextMs;
    this.#options.onEjected(ejected);
  }

  #restore(member: M, nowMs: number): void {
    this.#ejection.restore(member, nowMs);
    this.#plan = undefined;
    this.#options.onBack(member);
  }

  #askDue(nowMs: number): void {
    for (const member of this.#ejection.due(nowMs)) this.#ask(member, nowMs);
    this.#nextMs = this.#ejection.nextMs;
  }

  /** One member at each pick, as who keeps calls waiting is not picked any more (B4). */
  #lookRound(nowMs: number): void {
    const member = this.#members[this.#turn % this.#members.length];
    if (member !== undefined && member.load.silentMs(nowMs) >= doubtAfterMs) this.#doubtSlow(member, nowMs);
  }

  #doubtAfter(member: M, { code, neverRan }: FailedCall, nowMs: number): void {
    if (neverRan) this.#doubt(member, nowMs);
    else if (code === Code.DeadlineExceeded) this.#doubtSlow(member, nowMs);
  }

  #doubtSlow(member: M, nowMs: number): void {
    if (member.load.slowness(nowMs) >= doubtSlowness) this.#doubt(member, nowMs);
  }

  #doubt(member: M, nowMs: number): void {
    if (isHealthy(member) && nowMs - member.health.askedAtMs >= doubtAgainMs) this.#ask(member, nowMs);
  }

  #ask(member: M, nowMs: number): void {
    member.health.askedAtMs = nowMs;
    this.#options.onDoubt(member);
  }
}

function isWarming({ health }: Member, nowMs: number): boolean {
  return health.warmingSinceMs !== undefined && nowMs - health.warmingSinceMs < warmingMs;
}
