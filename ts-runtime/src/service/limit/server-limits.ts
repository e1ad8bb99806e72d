// What a server takes on at a time, so that it cannot be killed by its callers: who is one too many is told so at once, and
// those who are in are served as if nobody else were there. Invariants:
//   O1. A call is refused before its handler, never after: the refusal says so, and the call may go elsewhere (C2).
//   O2. What must answer under load has no limit: health, reflection, inspection.
//   O3. A stream holds a place while it begins, which is when it costs, and no longer than `beginsMs`: ten thousand that
//       idle are no load, ten thousand that begin at once are.
//   O4. Each place is given back once, whatever ends the call: when its handler is done, as it may go on working for a
//       caller that has gone. One that is not done `lostMs` after its call is over is taken for lost.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { Policies } from "../../policy/index.ts";
import { createCounter, observeGauge, type Logger } from "../../telemetry/index.ts";
import { AdaptiveLimit, type AdaptiveLimitOptions } from "./adaptive-limit.ts";
import { LoopLoad } from "./loop-load.ts";
import { MethodTimes } from "./method-times.ts";
import { Refusals, type RefusalReason } from "./refusal.ts";
import { WaitingCalls, type Waiting } from "./waiting-calls.ts";

const beginsMs = 250;
const tickMs = 20;
const lostMs = 10_000;
const logEveryMs = 10_000;

/** A call of a method that has limits. */
export interface Limited {
  /**
   * Since when it holds a place, as `performance.now()`; 0 before it was admitted, and `withoutPlace` where it waits for
   * one or needs it no longer. The limits' own.
   */
  placedMs: number;
  readonly isOver: boolean;
}

const withoutPlace = -1;

/** A method, as the limits know it. */
interface Gate {
  readonly method: DescMethod;
  readonly isStream: boolean;
  readonly times: MethodTimes;
  /** Streams to their end, too. */
  inFlight: number;
}

interface Held {
  readonly call: Limited;
  readonly sinceMs: number;
}

export interface ServerLimitsOptions {
  /** What has limits (O2). */
  readonly services: readonly DescService[];
  readonly policies: Policies;
  /** Undefined for none but those of methods. */
  readonly concurrency: AdaptiveLimitOptions | undefined;
  readonly logger: Logger;
}

export class ServerLimits implements Disposable {
  readonly #gates: ReadonlyMap<DescMethod, Gate>;
  readonly #policies: Policies;
  readonly #limit: AdaptiveLimit | undefined;
  readonly #logger: Logger;
  readonly #loop = new LoopLoad();
  readonly #waiting = new WaitingCalls();
  readonly #refusals = new Refusals();
  readonly #countRefusal = createCounter("samspel.server.refusals");
  readonly #gauges: readonly Disposable[];
  readonly #beginning: Held[] = [];
  /** Calls that are over, and their handlers are not. */
  readonly #abandoned: (Held & { readonly method: DescMethod })[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isAwake = false;
  #dueMs = 0;
  #hadCalls = false;
  #refused = 0;
  #loggedMs = -Infinity;

  constructor({ services, policies, concurrency, logger }: ServerLimitsOptions) {
    this.#gates = new Map(
      services
        .flatMap(({ methods }) => methods)
        .map((method) => [
          method,
          { method, isStream: method.methodKind !== "unary", times: new MethodTimes(), inFlight: 0 },
        ]),
    );
    this.#policies = policies;
    this.#logger = logger;
    const limit = concurrency && new AdaptiveLimit(concurrency, performance.now());
    this.#limit = limit;
    this.#gauges =
      limit === undefined
        ? []
        : [
            observeGauge("samspel.server.limit", {}, () => limit.limit),
            observeGauge("samspel.server.in_flight", {}, () => limit.inFlight),
          ];
  }

  /**
   * Lets a call in: at once, or after a short wait.
   * @throws ConnectError SAMSPEL_OVERLOADED
   */
  admit(method: DescMethod, call: Limited): void | Promise<void> {
    const gate = this.#gates.get(method);
    if (gate === undefined) return;
    const nowMs = performance.now();
    this.#hadCalls = true;
    if (!this.#isAwake) this.#wake(nowMs);
    const { maxInFlight } = this.#policies.ofMethod(method).server;
    if (gate.inFlight >= maxInFlight) throw this.#refuse("method", gate, nowMs, maxInFlight);
    const limit = this.#limit;
    if (limit === undefined) {
      this.#enter(gate, call, withoutPlace);
      return;
    }
    if (this.#loop.refuses(nowMs)) throw this.#refuse("loop", gate, nowMs);
    if (!limit.isReached) return this.#place(gate, this.#enter(gate, call, nowMs));
    limit.noteReached();
    if (this.#waiting.count >= limit.limit) throw this.#refuse("limit", gate, nowMs, limit.limit);
    this.#enter(gate, call, withoutPlace);
    return this.#wait(gate, call, nowMs, limit);
  }

  /**
   * A call is over, admitted or not, and so is its handler (O4).
   * @param isWhole whether it ran to its end.
   */
  leave(method: DescMethod, call: Limited, isWhole: boolean): void {
    const { placedMs } = call;
    if (placedMs === 0) return;
    call.placedMs = 0;
    const gate = this.#gates.get(method);
    if (gate === undefined) return;
    gate.inFlight -= 1;
    if (placedMs === withoutPlace || this.#limit === undefined) return;
    const nowMs = performance.now();
    if (gate.isStream) this.#limit.leave();
    else this.#limit.end(gate.times, placedMs, nowMs, isWhole);
    if (this.#waiting.count > 0) this.#grant(nowMs);
  }

  /** A call is over, and its handler goes on (O4). */
  abandon(method: DescMethod, call: Limited, work: PromiseLike<unknown>): void {
    if (call.placedMs <= 0) return this.leave(method, call, false);
    work.then(
      () => this.leave(method, call, false),
      () => this.leave(method, call, false),
    );
    this.#abandoned.push({ method, call, sinceMs: performance.now() });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const gauge of this.#gauges) gauge[Symbol.dispose]();
  }

  #enter(gate: Gate, call: Limited, placedMs: number): Limited {
    gate.inFlight += 1;
    call.placedMs = placedMs;
    return call;
  }

  #place(gate: Gate, call: Limited): void {
    this.#limit?.begin();
    if (gate.isStream) this.#beginning.push({ call, sinceMs: call.placedMs });
  }

  #wait(gate: Gate, call: Limited, nowMs: number, limit: AdaptiveLimit): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        isOver: () => call.isOver,
        granted: () => {
          call.placedMs = performance.now();
          this.#place(gate, call);
          resolve();
        },
        refused: () => reject(this.#refuse("wait", gate, performance.now(), limit.limit)),
      };
      this.#waiting.add(waiting, nowMs);
    });
  }

  #grant(nowMs: number): void {
    while (this.#limit?.isReached === false) {
      const next = this.#waiting.take(nowMs);
      if (next === undefined) return;
      next.granted();
    }
  }

  #refuse(reason: RefusalReason, { method }: Gate, nowMs: number, limit?: number): ConnectError {
    this.#countRefusal(1, {
      "samspel.refusal.reason": reason,
      "rpc.service": method.parent.typeName,
      "rpc.method": method.name,
    });
    this.#refused += 1;
    const error = this.#refusals.of(reason, nowMs, limit, nameOf(method));
    if (nowMs - this.#loggedMs >= logEveryMs) {
      this.#loggedMs = nowMs;
      const { limit: current, inFlight } = this.#limit ?? {};
      this.#logger.warn(
        { reason, method: nameOf(method), limit: current, inFlight, refused: this.#refused },
        `calls are refused: ${error.rawMessage}`,
      );
      this.#refused = 0;
    }
    return error;
  }

  #wake(nowMs: number): void {
    this.#isAwake = true;
    this.#loop.onTick(nowMs, 0);
    this.#arm(nowMs);
  }

  #arm(nowMs: number): void {
    this.#dueMs = nowMs + tickMs;
    if (this.#timer === undefined) this.#timer = setTimeout(() => this.#tick(), tickMs).unref();
    else this.#timer.refresh();
  }

  #tick(): void {
    const nowMs = performance.now();
    this.#loop.onTick(nowMs, nowMs - this.#dueMs);
    this.#waiting.sweep(nowMs);
    for (const { call, sinceMs } of takeOlder(this.#beginning, nowMs - beginsMs))
      this.#release(call, sinceMs);
    for (const { method, call } of takeOlder(this.#abandoned, nowMs - lostMs))
      this.leave(method, call, false);
    if (this.#waiting.count > 0) this.#grant(nowMs);
    const isBusy = this.#waiting.count + this.#beginning.length + this.#abandoned.length > 0;
    if (!this.#hadCalls && !isBusy) {
      this.#isAwake = false;
      return;
    }
    this.#hadCalls = false;
    this.#arm(nowMs);
  }

  /** The stream has begun (O3). */
  #release(call: Limited, sinceMs: number): void {
    if (call.placedMs !== sinceMs) return;
    call.placedMs = withoutPlace;
    this.#limit?.leave();
  }
}

/** Takes out what is older, of a list in the order of time. */
function takeOlder<T extends Held>(list: T[], thanMs: number): readonly T[] {
  if ((list[0]?.sinceMs ?? Infinity) > thanMs) return [];
  const firstToStay = list.findIndex(({ sinceMs }) => sinceMs > thanMs);
  return list.splice(0, firstToStay === -1 ? list.length : firstToStay);
}

function nameOf({ parent, name }: DescMethod): string {
  return `${parent.typeName}/${name}`;
}
