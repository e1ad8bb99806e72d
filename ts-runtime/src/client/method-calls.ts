// What a process keeps of the calls of a method, whoever makes them: its bulkhead, and a breaker for each instance (C4).
//
//   M1. Memory is bounded by instances times methods that were called; what is kept of an instance goes with its channel.
import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import { Breaker, Bulkhead, type BreakerState } from "../resilience/index.ts";
import { addSpanEvent, createCounter, type Logger } from "../telemetry/index.ts";
import type { Channel } from "./channel.ts";

export class MethodCalls {
  /** `<proto service>/<method>`. */
  readonly name: string;
  /** Whether the file says that it may be sent again (C2). */
  readonly isSafeToRepeat: boolean;
  /** The same of a unary one, which may be given up and sent to another instance while it runs, too. */
  readonly isSafeToHedge: boolean;
  /** Whether it has one answer, for which somebody waits. */
  readonly endsSoon: boolean;
  readonly bulkhead: Bulkhead = new Bulkhead();
  /** M1 */
  readonly #breakers = new WeakMap<Channel, Breaker>();
  readonly #method: DescMethod;
  readonly #telling: Telling;

  constructor(method: DescMethod, telling: Telling) {
    this.name = `${method.parent.typeName}/${method.name}`;
    this.isSafeToRepeat =
      method.idempotency === IdempotencyLevel.NO_SIDE_EFFECTS ||
      method.idempotency === IdempotencyLevel.IDEMPOTENT;
    const { methodKind } = method;
    this.isSafeToHedge = this.isSafeToRepeat && methodKind === "unary";
    this.endsSoon = methodKind === "unary" || methodKind === "client_streaming";
    this.#method = method;
    this.#telling = telling;
  }

  /** The one before the method at an instance. */
  breakerOf(channel: Channel): Breaker {
    let breaker = this.#breakers.get(channel);
    if (breaker === undefined) {
      // Not the channel itself, which would keep itself alive by its breaker.
      const { name } = channel;
      breaker = new Breaker((state) => this.#tell(name, state));
      this.#breakers.set(channel, breaker);
    }
    return breaker;
  }

  retried(): void {
    this.#telling.retries(1, this.#attributes);
  }

  hedged(): void {
    this.#telling.hedges(1, this.#attributes);
  }

  turnedAway(): void {
    this.#telling.turnedAway(1, this.#attributes);
  }

  get #attributes() {
    return { "rpc.service": this.#method.parent.typeName, "rpc.method": this.#method.name };
  }

  #tell(instance: string, state: BreakerState): void {
    const { transitions, logger } = this.#telling;
    addSpanEvent("breaker", { "samspel.instance": instance, "samspel.breaker.state": state.type });
    transitions(1, { ...this.#attributes, "samspel.breaker.state": state.type });
    const about = { method: this.name, instance };
    if (state.type === "open") {
      const { calls, failures, reason } = state.trip;
      logger?.warn(
        { ...about, forMs: state.forMs, calls, failures, reason },
        "the circuit breaker of an instance and method opens",
      );
    } else if (state.type === "half-open") {
      logger?.debug(about, "the circuit breaker of an instance and method lets a probe through");
    } else logger?.info(about, "the circuit breaker of an instance and method closes");
  }
}

interface Telling {
  readonly logger: Logger | undefined;
  readonly retries: ReturnType<typeof createCounter>;
  readonly hedges: ReturnType<typeof createCounter>;
  readonly transitions: ReturnType<typeof createCounter>;
  readonly turnedAway: ReturnType<typeof createCounter>;
}

/** Finds what is kept of a method's calls. */
export type MethodCallsOf = (method: DescMethod) => MethodCalls;

export function createMethodCalls(logger: Logger | undefined): MethodCallsOf {
  const telling: Telling = {
    logger,
    retries: createCounter("samspel.client.retries"),
    hedges: createCounter("samspel.client.hedges"),
    transitions: createCounter("samspel.client.breaker.transitions"),
    turnedAway: createCounter("samspel.client.bulkhead.refusals"),
  };
  // A gateway's methods come and go with the descriptors that it reads.
  const known = new WeakMap<DescMethod, MethodCalls>();
  return (method) => {
    let calls = known.get(method);
    if (calls === undefined) known.set(method, (calls = new MethodCalls(method, telling)));
    return calls;
  };
}
