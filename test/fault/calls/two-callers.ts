// The same load by two callers at once, on the same instances: our clients, and grpc-js with its round robin over fixed
// addresses. What became of each call is kept, to be compared.
import { setTimeout as sleep } from "node:timers/promises";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import type { Test } from "tap";
import { createClients, type InstanceSource, type Target } from "../../../ts-runtime/src/client/index.ts";
import { until } from "../../support/until.ts";
import {
  EchoOnceRequestSchema,
  EchoOnceResponseSchema,
  EchoService,
} from "../../gen/samspel/test/v1/echo_pb.ts";

export const workers = 8;
const restMs = 6;

interface Made {
  readonly tookMs: number;
  /** What was answered; undefined of one that failed. */
  readonly answer: string | undefined;
}

/** What became of the calls of one caller in some time. */
export interface Tally {
  readonly calls: number;
  readonly failed: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** How many were answered with that. */
  answeredWith(text: string): number;
}

export interface TwoCallers {
  /**
   * What became of the calls that end within so many milliseconds from now, or while something goes on, or later, until each
   * caller has had so many: on a busy machine a time says little. Default 1 call.
   */
  during(
    what: number | Promise<unknown>,
    calls?: number,
  ): Promise<{ readonly ours: Tally; readonly stock: Tally }>;
}

export interface TwoCallersOptions {
  readonly source: InstanceSource;
  /** The addresses that grpc-js has; none for no such caller. */
  readonly stock: readonly Pick<Target, "port">[];
  /** Of each call. Default 500. */
  readonly deadlineMs?: number;
}

/** Begins to call; ends with the test. */
export function startTwoCallers(
  t: Pick<Test, "teardown">,
  { source, stock, deadlineMs = 500 }: TwoCallersOptions,
): TwoCallers {
  const clients = createClients({ registry: source });
  const echo = clients.client(EchoService);
  const channel = stock.length === 0 ? undefined : roundRobin(stock);
  const stopped = new AbortController();
  const made = { ours: new Array<Made>(), stock: new Array<Made>() };
  const run = async (caller: keyof typeof made, call: () => Promise<string>): Promise<void> => {
    while (!stopped.signal.aborted) {
      const beganAtMs = performance.now();
      const answer = await call().catch(() => undefined);
      made[caller].push({ tookMs: performance.now() - beganAtMs, answer });
      await sleep(restMs);
    }
  };
  const running = Array.from({ length: workers }, () => [
    run("ours", async () => (await echo.echoOnce({ text: "hej" }, { timeoutMs: deadlineMs })).text),
    ...(channel === undefined ? [] : [run("stock", () => echoOnceByGrpcJs(channel, deadlineMs))]),
  ]);
  t.teardown(async () => {
    stopped.abort();
    await Promise.all(running.flat());
    channel?.close();
    await clients.close();
  });
  return {
    async during(what, calls = 1) {
      const before = { ours: made.ours.length, stock: made.stock.length };
      const enough = (caller: keyof typeof made): boolean => made[caller].length - before[caller] >= calls;
      await (typeof what === "number" ? sleep(what) : what);
      await until(
        "there are calls enough",
        () => enough("ours") && (channel === undefined || enough("stock")),
      );
      return {
        ours: tallyOf(made.ours.slice(before.ours)),
        stock: tallyOf(made.stock.slice(before.stock)),
      };
    },
  };
}

function roundRobin(targets: readonly Pick<Target, "port">[]): Client {
  return new Client(
    `ipv4:${targets.map(({ port }) => `127.0.0.1:${port}`).join(",")}`,
    credentials.createInsecure(),
    { "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }) },
  );
}

function echoOnceByGrpcJs(channel: Client, deadlineMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    channel.makeUnaryRequest(
      `/${EchoService.typeName}/EchoOnce`,
      (text: string) => Buffer.from(toBinary(EchoOnceRequestSchema, create(EchoOnceRequestSchema, { text }))),
      (bytes: Buffer) => fromBinary(EchoOnceResponseSchema, bytes).text,
      "hej",
      { deadline: Date.now() + deadlineMs },
      (error: ServiceError | null, text?: string) => (error === null ? resolve(text ?? "") : reject(error)),
    );
  });
}

function tallyOf(calls: readonly Made[]): Tally {
  const sorted = calls.map(({ tookMs }) => tookMs).toSorted((a, b) => a - b);
  return {
    calls: calls.length,
    failed: calls.filter(({ answer }) => answer === undefined).length,
    p50Ms: Math.round(sorted[Math.floor(sorted.length * 0.5)] ?? 0),
    p99Ms: Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0),
    answeredWith: (text) => calls.filter(({ answer }) => answer === text).length,
  };
}
