// A balancer over instances that are nothing but names, with a clock and chances of the test's own.
import {
  Balancer,
  InstanceLoad,
  LoadEntry,
  MemberHealth,
  UsualLatency,
  type CallOutcome,
  type Choice,
  type Ejected,
  type Member,
} from "../../ts-runtime/src/balance/index.ts";
import { defaultPolicies, type ServicePolicy } from "../../ts-runtime/src/policy/index.ts";
import { EchoService } from "../gen/samspel/test/v1/echo_pb.ts";

export interface Stub extends Member {
  weight: number;
  zone: string;
  /** Calls that went to it. */
  calls: number;
}

/** A call in flight. */
export interface StubCall {
  readonly member: Stub;
  end(this: void, outcome?: CallOutcome): void;
}

export interface Balanced {
  readonly balancer: Balancer<Stub>;
  readonly ejected: Ejected<Stub>[];
  readonly back: Stub[];
  /** Those that somebody should look at, until the test says what was found. */
  readonly doubted: Set<Stub>;
  policy: ServicePolicy;
  nowMs: number;
  call(this: void, choice?: Choice, tried?: ReadonlySet<Stub>): StubCall;
}

export function stub(name: string, { weight = 1, zone = "" }: { weight?: number; zone?: string } = {}): Stub {
  return { name, weight, zone, load: new InstanceLoad(), health: new MemberHealth(), inFlight: 0, calls: 0 };
}

export function stubs(count: number, more: { weight?: number; zone?: string } = {}): readonly Stub[] {
  return Array.from({ length: count }, (_, index) => stub(`${more.zone ?? ""}10.0.0.${index}:80`, more));
}

/** Numbers that look random and are the same in each run. */
function drawn(seed = 1): () => number {
  let state = seed;
  return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

export function balanced(
  members: readonly Stub[],
  {
    zone = "",
    seed = 1,
    policy = {},
  }: { zone?: string; seed?: number; policy?: Partial<ServicePolicy> } = {},
): Balanced {
  const usual = new UsualLatency();
  const made: Balanced = {
    balancer: new Balancer<Stub>({
      policy: () => made.policy,
      zone,
      seed,
      now: () => made.nowMs,
      random: drawn(seed),
      onDoubt: (member) => void made.doubted.add(member),
      onEjected: (ejected) => void made.ejected.push(ejected),
      onBack: (member) => void made.back.push(member),
    }),
    ejected: [],
    back: [],
    doubted: new Set(),
    policy: { ...defaultPolicies().ofService(EchoService), ...policy },
    nowMs: 1_000,
    call(choice = {}, tried) {
      const member = made.balancer.pick(tried, choice);
      if (member === undefined) throw new Error("there is no member");
      const entry = new LoadEntry(made.nowMs, choice.isStream === true ? undefined : usual);
      made.balancer.begin(member, entry);
      member.calls += 1;
      return { member, end: (outcome = { type: "answered" }) => made.balancer.end(member, entry, outcome) };
    },
  };
  made.balancer.update(members);
  return made;
}

/** So many calls, one after the other, of which each takes so long. */
export function callsOf(
  { call }: Balanced,
  count: number,
  after: (call: StubCall) => void = ({ end }) => end(),
): void {
  for (let made = 0; made < count; made += 1) after(call());
}

export function at<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`there is no ${index}`);
  return found;
}

/** Of all calls. */
export function shares(members: readonly Stub[]): readonly number[] {
  const all = members.reduce((sum, { calls }) => sum + calls, 0);
  return members.map(({ calls }) => calls / all);
}

/** What is by default. */
export function ejection(): NonNullable<Balanced["policy"]["ejection"]> {
  const { policy } = balanced([]);
  if (policy.ejection === undefined) throw new Error("there is one by default");
  return policy.ejection;
}
