// The same load by two callers at once, on the same instances: our clients, and grpc-js with its round robin over fixed
// addresses. What became of each call is kept, to be compared.
import { setTimeout as sleep } from "node:timers/promises";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, type ServiceError } from "@grpc/grpc-js";
import type { Test } from "tap";
import { createClients, type InstanceSource, type Target } from "../../../ts-runtime/src/client/index.ts";
import {
  EchoOnceRequestSchema,
  EchoOnceResponseSchema,
  EchoService,
} from "../../gen/samspel/test/v1/echo_pb.ts";

const workers = 8;
const restMs = 6;

interface Made {
  readonly beganAtMs: number;
  readonly tookMs: number;
  readonly failed: boolean;
}

/** What became of the calls of one caller in some time. */
export interface Tally {
  readonly calls: number;
  readonly failed: number;
  readonly p99Ms: number;
  /** Answered, and not before so long. */
  slowerThan(ms: number): number;
}

export interface TwoCallers {
  /** What becomes of the calls that begin within so many milliseconds from now, and end. */
  during(ms: number): Promise<{ readonly ours: Tally; readonly stock: Tally }>;
}

export interface TwoCallersOptions {
  readonly source: InstanceSource;
  /** The addresses that grpc-js has; none for no such caller. */
  readonly stock: readonly Pick<Target, "port">[];
  /** Of each call. Default 400. */
  readonly deadlineMs?: number;
}

/** Begins to call; ends with the test. */
export function startTwoCallers(t: Test, { source, stock, deadlineMs = 400 }: TwoCallersOptions): TwoCallers {
  const clients = createClients({ registry: source });
  const echo = clients.client(EchoService);
  const channel = stock.length === 0 ? undefined : roundRobin(stock);
  const stopped = new AbortController();
  const made = { ours: new Array<Made>(), stock: new Array<Made>() };
  const run = async (caller: keyof typeof made, call: () => Promise<unknown>): Promise<void> => {
    while (!stopped.signal.aborted) {
      const beganAtMs = performance.now();
      const failed = await call().then(
        () => false,
        () => true,
      );
      made[caller].push({ beganAtMs, tookMs: performance.now() - beganAtMs, failed });
      await sleep(restMs);
    }
  };
  const running = Array.from({ length: workers }, () => [
    run("ours", () => echo.echoOnce({ text: "hej" }, { timeoutMs: deadlineMs })),
    ...(channel === undefined ? [] : [run("stock", () => echoOnceByGrpcJs(channel, deadlineMs))]),
  ]);
  t.teardown(async () => {
    stopped.abort();
    await Promise.all(running.flat());
    channel?.close();
    await clients.close();
  });
  return {
    async during(ms) {
      const fromMs = performance.now();
      await sleep(ms);
      const toMs = performance.now();
      await sleep(deadlineMs + 100);
      const within = (calls: readonly Made[]): Tally =>
        tallyOf(calls.filter(({ beganAtMs }) => beganAtMs >= fromMs && beganAtMs < toMs));
      return { ours: within(made.ours), stock: within(made.stock) };
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
    failed: calls.filter(({ failed }) => failed).length,
    p99Ms: Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0),
    slowerThan: (ms) => calls.filter(({ failed, tookMs }) => !failed && tookMs >= ms).length,
  };
}
