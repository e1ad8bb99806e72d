// A server of EchoService for the tests of calls, and a registry that holds what a test says.
import { EventEmitter, once } from "node:events";
import { Code, type HandlerContext, type ServiceImpl } from "@connectrpc/connect";
import type { Test } from "tap";
import { reject } from "../../../ts-runtime/src/errors/index.ts";
import type { InstanceSource, Target } from "../../../ts-runtime/src/client/index.ts";
import {
  bind,
  drainingSignal,
  startRpcServer,
  type RpcServer,
  type RpcServerOptions,
} from "../../../ts-runtime/src/service/index.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { silentLogger } from "../../support/silent-logger.ts";

/** What the handlers of a server saw and do. */
export interface Echo {
  readonly server: RpcServer;
  readonly target: Target;
  /** The contexts of all calls so far. */
  readonly contexts: HandlerContext[];
  /** Resolves when `count` calls in all have come to a handler. */
  called(count: number, withinMs?: number): Promise<void>;
  /** Lets calls whose text is `wait` go on. */
  release(): void;
}

/** Starts a server whose handlers echo; a text of `wait`, `refuse` or `fail` makes them do that. */
export async function startEcho(
  t: Pick<Test, "teardown">,
  options: Partial<RpcServerOptions> = {},
  impl: Partial<ServiceImpl<typeof EchoService>> = {},
): Promise<Echo> {
  const contexts: HandlerContext[] = [];
  const events = new EventEmitter().setMaxListeners(0);
  const gate = Promise.withResolvers<void>();
  const seen = (context: HandlerContext): void => {
    contexts.push(context);
    events.emit("call");
  };
  const act = async (text: string, context: HandlerContext): Promise<{ text: string }> => {
    seen(context);
    if (text === "wait") await gate.promise;
    if (text === "refuse") throw reject(Code.FailedPrecondition, "not today", { metadata: { why: "test" } });
    if (text === "fail") throw new Error("a secret of the service");
    return { text };
  };
  const server = await startRpcServer({
    logger: silentLogger,
    ...options,
    bindings: [
      bind(EchoService, {
        echo: ({ text }, context) => act(text, context),
        echoOnce: ({ text }, context) => act(text, context),
        async *echoMany({ text, count }, context) {
          seen(context);
          for (let i = 0; i < count; i += 1) yield { text };
          if (text === "fail") throw new Error("a secret of the service");
          if (text === "endless") await once(drainingSignal(context), "abort");
        },
        async echoJoined(requests, context) {
          seen(context);
          const texts: string[] = [];
          for await (const { text } of requests) texts.push(text);
          return { text: texts.join(" ") };
        },
        async *echoEach(requests, context) {
          seen(context);
          for await (const { text } of requests) yield { text };
        },
        ...impl,
      }),
    ],
  });
  t.teardown(() => server.close());
  return {
    server,
    target: { address: "127.0.0.1", port: server.port, meta: {} },
    contexts,
    release: gate.resolve,
    async called(count, withinMs = 5_000) {
      const signal = AbortSignal.timeout(withinMs);
      while (contexts.length < count) await once(events, "call", { signal });
    },
  };
}

/** A registry of one service, which holds what it is told. */
export interface FixedSource extends InstanceSource {
  set(targets: readonly Target[]): void;
}

export function fixedSource(...first: Target[]): FixedSource {
  const changes = new EventEmitter().setMaxListeners(0);
  let current: readonly Target[] = first;
  return {
    url: "http://registry.test:8500",
    set(targets) {
      current = targets;
      changes.emit("change");
    },
    watch() {
      const disposed = new AbortController();
      return {
        get current() {
          return current;
        },
        async *[Symbol.asyncIterator]() {
          while (!disposed.signal.aborted) {
            const changed = once(changes, "change", { signal: disposed.signal }).catch(() => {});
            yield current;
            await changed;
          }
        },
        [Symbol.dispose]: () => disposed.abort(),
      };
    },
  };
}
