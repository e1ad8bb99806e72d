// Callers that never rest: one with our clients, one with a stock grpc-js channel, on one registry, while a test takes
// things away. What each call came to is kept.
import { setTimeout as sleep } from "node:timers/promises";
import { fromBinary, toBinary, create } from "@bufbuild/protobuf";
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import {
  createRegistry,
  type Instance,
  type Registration,
  type Registry,
  type RegistryEvent,
  type RegistryOptions,
} from "@samspel/registry";
import { registerConsulResolver } from "@samspel/registry/grpc-js";
import type { Test } from "tap";
import { createClients } from "../../ts-runtime/src/client/index.ts";
import { bind, startRpcServer } from "../../ts-runtime/src/service/index.ts";
import { EchoRequestSchema, EchoResponseSchema, EchoService } from "../gen/samspel/test/v1/echo_pb.ts";
import { silentLogger } from "./silent-logger.ts";

const protoService = EchoService.typeName;

export interface EchoInstance {
  readonly name: string;
  readonly port: number;
  /** Refuses all connections from now on, as a process that was killed does. */
  die(): Promise<void>;
}

/** Starts a server that answers each echo with its name, and registers it with a check every second, and more. */
export async function startEchoInstance(
  t: Test,
  name: string,
  registry: Registry,
  more: Partial<Registration> = {},
): Promise<EchoInstance> {
  const server = await startRpcServer({
    logger: silentLogger,
    bindings: [
      bind(EchoService, {
        echo: () => ({ text: name }),
        echoOnce: () => ({ text: name }),
        async *echoMany() {},
        echoJoined: async () => ({}),
        async *echoEach() {},
      }),
    ],
  });
  t.teardown(() => server.close());
  await registry.register({
    name: "echo",
    address: "127.0.0.1",
    port: server.port,
    protoServices: [protoService],
    check: { type: "grpc", intervalMs: 1_000, timeoutMs: 1_000 },
    ...more,
  });
  return { name, port: server.port, die: () => server.close() };
}

/** Calls Echo as generated code would; who answered. */
export function echoByGrpcJs(channel: Client): Promise<string> {
  return new Promise((resolve, reject) => {
    channel.makeUnaryRequest(
      `/${EchoService.typeName}/Echo`,
      (text: string) => Buffer.from(toBinary(EchoRequestSchema, create(EchoRequestSchema, { text }))),
      (bytes: Buffer) => fromBinary(EchoResponseSchema, bytes).text,
      "",
      { deadline: Date.now() + 5_000 },
      (error: ServiceError | null, text?: string) => (error === null ? resolve(text ?? "") : reject(error)),
    );
  });
}

interface CallOutcome {
  readonly caller: "connect" | "grpc-js";
  readonly atMs: number;
  readonly endedMs: number;
  /** Who answered; undefined where the call failed. */
  readonly answeredBy: string | undefined;
  readonly error: string | undefined;
}

export interface SteadyCallers {
  readonly outcomes: readonly CallOutcome[];
  readonly events: readonly RegistryEvent[];
  /** What the watch of the callers has now. */
  current(): readonly Instance[];
  /** Whether both callers were answered by exactly these, each of them several times, in the last `ms`. */
  answeredBy(names: readonly string[], ms: number): boolean;
  /** How long the watch had fewer than so many, at the longest, since it first had as many. */
  shortOfMs(count: number): number;
  /**
   * Failed calls, as texts. Not those of grpc-js that were under way when an instance died, at a time of
   * `performance.now()`: without a retry policy it does not repeat what may have reached a handler.
   */
  failures(deathsMs?: readonly number[]): readonly string[];
  stop(): Promise<void>;
}

/** Begins to call; ends with the test. */
export function startSteadyCallers(t: Test, options: RegistryOptions): SteadyCallers {
  const events: RegistryEvent[] = [];
  const sizes: { readonly atMs: number; readonly instances: number }[] = [];
  const registry = createRegistry({
    ...options,
    onEvent: (event) => {
      events.push(event);
      if (event.type === "changed") sizes.push({ atMs: performance.now(), instances: event.instances });
    },
  });
  const resolver = registerConsulResolver({ registry });
  const clients = createClients({ registry });
  const echo = clients.client(EchoService);
  const channel = new Client(`consul:///${protoService}`, credentials.createInsecure());
  const watch = registry.watch(protoService);
  const outcomes: CallOutcome[] = [];
  const stopped = new AbortController();

  const byConnect = async (): Promise<string> => (await echo.echo({ text: "" }, { timeoutMs: 5_000 })).text;
  const run = async (caller: CallOutcome["caller"], call: () => Promise<string>): Promise<void> => {
    while (!stopped.signal.aborted) {
      const atMs = performance.now();
      const outcome = await call().then(
        (answeredBy) => ({ answeredBy, error: undefined }),
        (error: unknown) => ({ answeredBy: undefined, error: String(error) }),
      );
      outcomes.push({ caller, atMs, endedMs: performance.now(), ...outcome });
      await sleep(10);
    }
  };
  const running = [run("connect", byConnect), run("grpc-js", () => echoByGrpcJs(channel))];
  const stop = async (): Promise<void> => {
    stopped.abort();
    await Promise.all(running);
    watch[Symbol.dispose]();
    channel.close();
    await clients.close();
    await resolver.close();
    await registry.close();
  };
  t.teardown(() => (stopped.signal.aborted ? undefined : stop()));

  return {
    outcomes,
    events,
    stop,
    current: () => watch.current,
    answeredBy(names, ms) {
      const since = performance.now() - ms;
      return (["connect", "grpc-js"] as const).every((caller) => {
        const recent = outcomes.filter((outcome) => outcome.caller === caller && outcome.atMs >= since);
        const seen = new Set(recent.map((outcome) => outcome.answeredBy));
        return (
          recent.length > 3 * names.length &&
          seen.size === names.length &&
          names.every((name) => seen.has(name))
        );
      });
    },
    shortOfMs(count) {
      let longest = 0;
      let since: number | undefined;
      const reached = sizes.findIndex(({ instances }) => instances >= count);
      for (const { atMs, instances } of [
        ...sizes.slice(reached),
        { atMs: performance.now(), instances: Infinity },
      ]) {
        if (since !== undefined && instances >= count) longest = Math.max(longest, atMs - since);
        since = instances >= count ? undefined : (since ?? atMs);
      }
      return longest;
    },
    failures: (deathsMs = []) =>
      outcomes.flatMap(({ caller, atMs, endedMs, error }) => {
        const sawDeath = deathsMs.some((diedMs) => atMs <= diedMs && diedMs <= endedMs);
        if (error === undefined || (caller === "grpc-js" && sawDeath)) return [];
        return [`${caller} after ${Math.round(atMs)} ms: ${error}`];
      }),
  };
}
