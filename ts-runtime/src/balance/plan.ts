// Whom calls can go to, made anew whenever that changes: who is in the subset, healthy, in the zone and out of it. Invariants:
//   N1. Nobody who is left out is picked while another is healthy that was not tried; where all are left out, all are used.
//   N2. What was tried is picked only when there is nothing else; then one that is left out may be, as it may be back.
import type { ServicePolicy } from "../policy/index.ts";
import { pickLeastLoaded } from "./least-loaded.ts";
import { isHealthy, type Member } from "./member.ts";
import { subsetOf } from "./subset.ts";
import { WeightedDraw } from "./weighted-draw.ts";
import { isCrowded, keptShare } from "./zones.ts";

/** The golden section: its multiples lie evenly, however many there are. */
const golden = 0.618_033_988_749_895;

export interface PlanOptions {
  readonly policy: ServicePolicy;
  /** The caller's; empty for none. */
  readonly zone: string;
  readonly seed: number;
  readonly random: () => number;
}

export class Plan<M extends Member> {
  readonly policy: ServicePolicy;
  readonly #members: readonly M[];
  readonly #here: WeightedDraw<M>;
  readonly #there: WeightedDraw<M>;
  /** The share of calls that stay here. */
  readonly #kept: number;
  readonly #random: () => number;

  constructor(members: readonly M[], { policy, zone, seed, random }: PlanOptions) {
    this.policy = policy;
    this.#members = members;
    this.#random = random;
    const preferred = policy.preferZone ? zone : "";
    const usable = subsetOf(members, { size: policy.subsetSize, seed, zone: preferred });
    const candidates =
      [usable, members].map((some) => some.filter(isHealthy)).find(({ length }) => length > 0) ?? usable;
    const isHere = (member: M): boolean => preferred === "" || member.zone === preferred;
    this.#here = new WeightedDraw(candidates.filter(isHere));
    this.#there = new WeightedDraw(candidates.filter((member) => !isHere(member)));
    this.#kept = keptShare(preferred, this.#here.weight, usable);
  }

  leastLoaded(isStream: boolean, nowMs: number): M | undefined {
    if (!this.#stays()) return pickLeastLoaded(this.#there, isStream, nowMs, this.#random);
    const picked = pickLeastLoaded(this.#here, isStream, nowMs, this.#random);
    const there = this.#there.members;
    if (picked === undefined || there.length === 0) return picked;
    const beyond = there[this.#there.at(this.#random())];
    return beyond !== undefined && isCrowded(picked, beyond, isStream, nowMs) ? beyond : picked;
  }

  /** The one whose turn it is. */
  inTurn(turn: number): M | undefined {
    const draw = this.#stays() ? this.#here : this.#there;
    const { members } = draw;
    return members[draw.isEven ? turn % members.length : draw.at((turn * golden) % 1)];
  }

  /** For a further attempt (N1, N2): healthy ones first, in the zone and then out of it. */
  another(tried: ReadonlySet<unknown>, isStream: boolean, nowMs: number): M | undefined {
    const [here, there] = [this.#here.members, this.#there.members];
    for (const members of [here, there, this.#members.filter(isHealthy), this.#members]) {
      const fresh = members.filter((member) => !tried.has(member));
      if (fresh.length > 0) {
        return pickLeastLoaded(new WeightedDraw(fresh), isStream, nowMs, this.#random);
      }
    }
    return pickLeastLoaded(new WeightedDraw(this.#members), isStream, nowMs, this.#random);
  }

  #stays(): boolean {
    if (this.#there.members.length === 0) return true;
    return this.#here.members.length > 0 && (this.#kept >= 1 || this.#random() < this.#kept);
  }
}
