// Whatever instances do, a call has one end, and leaves nothing behind: by retries and by hedges (C2, G1–G3).
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import * as fc from "fast-check";
import t from "tap";
import { EchoService } from "../../../test/gen/samspel/test/v1/echo_pb.ts";
import { StreamFailure } from "../grpc/index.ts";
import { defaultPolicies, type CallPolicy } from "../policy/index.ts";
import type { Attempt } from "./attempt.ts";
import { attemptCall } from "./attempts.ts";
import { Call } from "./call.ts";
import type { Channel } from "./channel.ts";
import { hedgeCall } from "./hedging.ts";
import type { Instances } from "./instances.ts";
import { createMethodCalls } from "./method-calls.ts";
import { createRetryBudget } from "./retry-budget.ts";

type Deed = "answers" | "is unavailable" | "refuses" | "was not reached" | "hangs";

interface Scene {
  /** What happens to the attempts, in order of their beginning, and after how long; what is not said answers. */
  readonly deeds: readonly { readonly deed: Deed; readonly ms: number }[];
  readonly instances: number;
  readonly safe: boolean;
  readonly hedged: boolean;
  readonly maxAttempts: number;
  /** When the caller leaves. */
  readonly leavesMs: number | undefined;
}

const scenes = fc.record<Scene>({
  deeds: fc.array(
    fc.record({
      deed: fc.constantFrom<Deed>("answers", "is unavailable", "refuses", "was not reached", "hangs"),
      ms: fc.integer({ min: 0, max: 4 }),
    }),
    { maxLength: 6 },
  ),
  instances: fc.integer({ min: 1, max: 4 }),
  safe: fc.boolean(),
  hedged: fc.boolean(),
  maxAttempts: fc.integer({ min: 1, max: 4 }),
  leavesMs: fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined, freq: 4 }),
});

/** Instances that are nothing but their counts. */
class Stage implements Instances {
  readonly channels: readonly Channel[];
  readonly isDoubted = false;
  readonly refused = undefined;
  running = 0;

  constructor(count: number) {
    this.channels = Array.from({ length: count }, (_, index) => this.#channel(`i${index}`));
  }

  pick(tried: ReadonlySet<Channel>): Channel | undefined {
    return this.channels.find((channel) => !tried.has(channel)) ?? this.channels[0];
  }

  hasAnother(tried: ReadonlySet<Channel>): boolean {
    return this.channels.some((channel) => !tried.has(channel));
  }

  async waitForFirst(): Promise<void> {}
  close(): void {}

  #channel(name: string): Channel {
    const none = (): never => {
      throw new TypeError("attempts are made by the test");
    };
    return {
      name,
      transport: { unary: none, stream: none },
      request: none,
      begin: () => {
        this.running += 1;
        return { end: () => void (this.running -= 1) };
      },
    };
  }
}

async function act(deed: Deed, ms: number, signal: AbortSignal | undefined): Promise<string> {
  if (deed === "hangs") {
    if (signal?.aborted === false) await new Promise((resolve) => signal.addEventListener("abort", resolve));
    throw ConnectError.from(signal?.reason, Code.Canceled);
  }
  await sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {
    throw ConnectError.from(signal?.reason, Code.Canceled);
  });
  if (deed === "answers") return "answer";
  const metadata = { "grpc-status": "set" };
  if (deed === "is unavailable") throw new ConnectError("not now", Code.Unavailable, metadata);
  if (deed === "refuses") throw new ConnectError("no", Code.NotFound, metadata);
  const failure = new StreamFailure("unreachable", "nobody is there");
  throw new ConnectError("nobody is there", Code.Unavailable, undefined, undefined, failure);
}

async function play(scene: Scene): Promise<string | undefined> {
  const stage = new Stage(scene.instances);
  const defaults = defaultPolicies();
  const hedge = { maxAttempts: scene.maxAttempts, delayMs: 1 };
  const retry = {
    maxAttempts: scene.maxAttempts,
    initialBackoffMs: 1,
    maxBackoffMs: 1,
    attemptTimeoutMs: undefined,
  };
  const ofMethod: typeof defaults.ofMethod = (method): CallPolicy => ({
    ...defaults.ofMethod(method),
    retry,
  });
  // What hangs ends with its caller at last.
  const leaving = new AbortController();
  const call = new Call(
    {
      instances: stage,
      budget: createRetryBudget({ perSecond: 1_000 }),
      registryUrl: "",
      logger: undefined,
      holds: false,
      policies: { ...defaults, ofMethod },
      timeoutMs: undefined,
      methodCalls: createMethodCalls(undefined),
    },
    {
      method: scene.safe ? EchoService.method.echo : EchoService.method.echoOnce,
      signal: leaving.signal,
      timeoutMs: 0,
    },
  );
  const begun: { readonly channel: Channel; readonly deed: Deed; over: boolean }[] = [];
  let settled = false;
  let objection: string | undefined;
  const object = (when: boolean, what: string): void => {
    if (when) objection ??= what;
  };
  const hedged = scene.hedged && scene.safe;
  const send = async (
    { channel }: Attempt,
    number: number,
    signal: AbortSignal | undefined,
  ): Promise<string> => {
    object(settled, "an attempt began after the end");
    object(number !== begun.length + 1, "attempts are not counted");
    object(
      begun.some((other) => !other.over && (!hedged || other.channel === channel)),
      "two attempts at a time at one instance, or without hedging",
    );
    const { deed, ms } = scene.deeds[begun.length] ?? { deed: "answers" as const, ms: 0 };
    object(
      !scene.safe && begun.some((other) => other.deed !== "was not reached"),
      "a method that is not safe was sent again though it may have run",
    );
    const own = { channel, deed, over: false };
    begun.push(own);
    try {
      return await act(deed, ms, signal);
    } finally {
      own.over = true;
    }
  };
  const timer = setTimeout(() => leaving.abort(), scene.leavesMs ?? 20);
  const outcome = await (hedged ? hedgeCall(call, hedge, send) : attemptCall(call, send, true)).then(
    () => "answer",
    (error: unknown) => ConnectError.from(error).code,
  );
  settled = true;
  clearTimeout(timer);
  object(begun.length > Math.max(2, scene.maxAttempts), "there were more attempts than may be");
  object(outcome === "answer" && !begun.some(({ deed }) => deed === "answers"), "nobody gave that answer");
  // Those that lost have heard of it, and end.
  for (let turn = 0; begun.some(({ over }) => !over) && turn < 1_000; turn += 1) await sleep(1);
  object(
    begun.some(({ over }) => !over),
    "an attempt goes on",
  );
  await sleep(2);
  object(stage.running !== 0, `${stage.running} attempts are still counted`);
  return objection;
}

t.test("a call has one end, and all its attempts have ended by then or hear of it", async (t) => {
  await fc.assert(
    fc.asyncProperty(scenes, async (scene) => {
      const objection = await play(scene);
      if (objection !== undefined) throw new Error(objection);
    }),
    { numRuns: 120 },
  );
  t.pass("none was found otherwise");
});
