// A unary call that is sent to more instances when the first takes long, or fails in a way that may be mended (gRFC A6).
// Invariants:
//   G1. Only methods that are safe to repeat, at most `maxAttempts` in all, within deadline and budget (C2).
//   G2. The next attempt begins `delayMs` after the last one, or at once when one has failed; while others run, only on an
//       instance that has none of them.
//   G3. The first answer wins, and so does a failure that no other attempt may mend. The others are cancelled, here and
//       there, and say nothing of their instances.
import { Code, ConnectError } from "@connectrpc/connect";
import type { HedgePolicy } from "../policy/index.ts";
import { addSpanEvent, describeSpan } from "../telemetry/index.ts";
import type { Attempt } from "./attempt.ts";
import { noteRetry, type Send } from "./attempts.ts";
import type { Call } from "./call.ts";
import type { Channel } from "./channel.ts";
import { awaitAttempt, beginAttempt } from "./choose.ts";
import type { Failure } from "./failure.ts";
import { judgeAttempt, mayBeMended, nextAttemptMs } from "./judge-attempt.ts";
import { pushbackMs } from "./pushback.ts";

/** Runs attempts beside each other until one of them decides. */
export function hedgeCall<T>(call: Call, hedge: HedgePolicy, send: Send<T>): Promise<T> {
  return new HedgedCall(call, hedge, send).run();
}

class HedgedCall<T> {
  readonly #call: Call;
  readonly #hedge: HedgePolicy;
  readonly #send: Send<T>;
  readonly #outcome = Promise.withResolvers<T>();
  readonly #running = new Map<Attempt, AbortController>();
  readonly #tried = new Set<Channel>();
  #begun = 0;
  #isOver = false;
  /** A server has asked for no other attempt. */
  #isLast = false;
  /** One is about to begin after a failure. */
  #isNextDue = false;
  #last: Failure | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(call: Call, hedge: HedgePolicy, send: Send<T>) {
    this.#call = call;
    this.#hedge = hedge;
    this.#send = send;
  }

  run(): Promise<T> {
    const { signal, environment } = this.#call;
    environment.budget.earn();
    if (signal?.aborted === true) this.handleEvent();
    else {
      signal?.addEventListener("abort", this);
      this.#begin();
    }
    return this.#outcome.promise;
  }

  /** The caller has left. */
  handleEvent(): void {
    this.#fail(ConnectError.from(this.#call.signal?.reason, Code.Canceled));
  }

  #begin(): void {
    this.#isNextDue = true;
    this.#choose().then(
      (attempt) => {
        this.#isNextDue = false;
        if (this.#isOver) attempt.left();
        else this.#run(attempt);
      },
      (error: unknown) => {
        this.#isNextDue = false;
        if (this.#running.size === 0) this.#fail(error);
      },
    );
  }

  async #choose(): Promise<Attempt> {
    const call = this.#call;
    return beginAttempt(call, this.#tried) ?? awaitAttempt(call, this.#tried, this.#last);
  }

  /** G2 */
  #run(attempt: Attempt): void {
    this.#begun += 1;
    this.#tried.add(attempt.channel);
    const own = new AbortController();
    this.#running.set(attempt, own);
    describeSpan({ "samspel.instance": attempt.channel.name });
    this.#wait(this.#hedge.delayMs, () => this.#sendAnother());
    // It may throw where it stands.
    const sent = (async () => this.#send(attempt, this.#begun, own.signal))();
    sent.then(
      (answer) => this.#onAnswer(attempt, answer),
      (error: unknown) => this.#onFailure(attempt, error),
    );
  }

  /** The last one takes its time. */
  #sendAnother(): void {
    const call = this.#call;
    if (this.#begun >= this.#hedge.maxAttempts || this.#isLast) return;
    if (!call.environment.instances.hasAnother(this.#tried)) {
      // One may come.
      return this.#wait(this.#hedge.delayMs, () => this.#sendAnother());
    }
    if (!call.environment.budget.spend()) return;
    // Its time may be over already.
    const attempt = call.deadline.isOver ? undefined : beginAttempt(call, this.#tried);
    if (attempt === undefined) return;
    if (this.#tried.has(attempt.channel)) return attempt.left();
    addSpanEvent("hedge", {
      "samspel.attempt": this.#begun + 1,
      "samspel.instance": attempt.channel.name,
    });
    call.calls.hedged();
    call.environment.logger?.debug(
      { method: call.name, attempt: this.#begun + 1, instance: attempt.channel.name },
      "a call is hedged",
    );
    this.#run(attempt);
  }

  #onAnswer(attempt: Attempt, answer: T): void {
    attempt.answered();
    this.#running.delete(attempt);
    if (this.#isOver) return;
    this.#end("another attempt has answered");
    describeSpan({ "samspel.instance": attempt.channel.name });
    this.#outcome.resolve(answer);
  }

  #onFailure(attempt: Attempt, error: unknown): void {
    this.#running.delete(attempt);
    // G3
    if (this.#isOver) return attempt.left();
    const call = this.#call;
    const failure = judgeAttempt(call, attempt, error);
    attempt.failed(failure);
    if (!mayBeMended(call, failure)) return this.#fail(failure.error);
    this.#last = failure;
    if (pushbackMs(failure.error) === Infinity) {
      this.#isLast = true;
      const about = { method: call.name, instance: attempt.channel.name };
      call.environment.logger?.debug(about, "a server wants no other attempt of a call");
    }
    if (!this.#beginNext(failure, attempt) && this.#running.size === 0) this.#fail(failure.error);
  }

  /** Whether another attempt follows a failure, now or a little later. */
  #beginNext(failure: Failure, attempt: Attempt): boolean {
    const call = this.#call;
    if (this.#isNextDue) return true;
    if (this.#isLast) return false;
    if (this.#running.size > 0 && !call.environment.instances.hasAnother(this.#tried)) return false;
    const delayMs = nextAttemptMs(call, failure, {
      count: this.#begun,
      max: this.#hedge.maxAttempts,
      tried: this.#tried,
    });
    if (delayMs === undefined) return false;
    noteRetry(call, attempt, this.#begun, failure);
    this.#isNextDue = true;
    this.#wait(delayMs, () => this.#begin());
    return true;
  }

  #wait(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    if (ms > 0) this.#timer = setTimeout(then, ms);
    else then();
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#end("the call is over");
    this.#outcome.reject(error);
  }

  /** G3 */
  #end(why: string): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#call.signal?.removeEventListener("abort", this);
    for (const [attempt, own] of this.#running) {
      attempt.left();
      own.abort(new ConnectError(why, Code.Canceled));
    }
  }
}
