// Whether a program answers: its port, and its health.
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "@samspel/runtime/gen/grpc/health/v1/health_pb.js";

const connectMs = 2_000;
const everyMs = 50;

/** A transport for a few questions: its connection ends soon after the last one. */
export function briefTransport(baseUrl: string): Transport {
  return createGrpcTransport({ baseUrl, idleConnectionTimeoutMs: 500 });
}

export function urlOf(host: string, port: number): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Whether somebody accepts connections there. */
export function portAnswers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: connectMs });
    const end = (answers: boolean): void => {
      socket.destroy();
      resolve(answers);
    };
    socket.once("connect", () => end(true));
    socket.once("timeout", () => end(false));
    socket.once("error", () => end(false));
  });
}

/** Waits until the port answers; false when the time is over, or when the signal aborts. */
export async function portOpens(
  host: string,
  port: number,
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!signal.aborted) {
    if (await portAnswers(host, port)) return true;
    if (performance.now() > deadline) return false;
    await sleep(everyMs, undefined, { signal }).catch(() => {});
  }
  return false;
}

/** What `grpc.health.v1` says of a server as a whole. */
export type HealthAnswer =
  | "serving"
  | "not-serving"
  /** It has no health service, or none that knows the server as a whole. */
  | "missing"
  /** What answers speaks no gRPC, or none in plaintext. */
  | "no-grpc";

const healthMs = 5_000;

export async function askHealth(host: string, port: number, signal: AbortSignal): Promise<HealthAnswer> {
  const client = createClient(Health, briefTransport(urlOf(host, port)));
  try {
    const { status } = await client.check({}, { signal, timeoutMs: healthMs });
    return status === Status.SERVING ? "serving" : "not-serving";
  } catch (error) {
    signal.throwIfAborted();
    const { code } = ConnectError.from(error);
    // One that is starting may take long, or hang up.
    if (code === Code.DeadlineExceeded || code === Code.Unavailable) return "not-serving";
    // So Connect calls streams and connections that break.
    return code === Code.Internal || code === Code.Canceled || code === Code.Aborted ? "no-grpc" : "missing";
  }
}
