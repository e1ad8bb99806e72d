// How the registry learns that a joined program lives: what was asked for, else the best that the program has.
import type { RegistrationCheck } from "@samspel/registry";
import { setTimeout as sleep } from "node:timers/promises";
import { JoinError } from "./join-error.ts";
import { askHealth, type HealthAnswer } from "./probe.ts";

export type CheckKind = "grpc" | "tcp" | "http" | "ttl" | "none";

export interface CheckOptions {
  readonly host: string;
  readonly port: number;
  /** Default: `grpc` where the program has health, else `tcp`. */
  readonly check: CheckKind | undefined;
  /** What an `http` check gets. */
  readonly checkUrl: string | undefined;
  /** Whether the program wants TLS: then the registry cannot ask for its health. */
  readonly secure: boolean;
  /** How long it may take until the program says that it serves. */
  readonly timeoutMs: number;
}

export interface SettledCheck {
  readonly check: RegistrationCheck;
  /** What is worth a warning. */
  readonly doubts: readonly string[];
}

const everyMs = 200;

/** @throws JoinError where the program lacks what the check needs, or never says that it serves. */
export async function settleCheck(options: CheckOptions, signal: AbortSignal): Promise<SettledCheck> {
  const { host, port, check, checkUrl, secure } = options;
  if (check === "http") {
    if (checkUrl !== undefined) return { check: { type: "http", url: checkUrl }, doubts: [] };
    throw new JoinError(
      "--check http needs --check-url <url>: what the registry gets, such as http://127.0.0.1:8080/healthz",
    );
  }
  if (check === "tcp" || check === "ttl" || check === "none") return { check: { type: check }, doubts: [] };
  if (secure) {
    if (check === undefined) return { check: { type: "tcp" }, doubts: [lost("it wants TLS")] };
    throw new JoinError(
      "--check grpc cannot be had with --secure, as the registry asks in plaintext: give --check tcp",
    );
  }
  const health = await untilServing(options, signal);
  if (health === "serving") return { check: { type: "grpc" }, doubts: [] };
  if (health === "not-serving") {
    throw new JoinError(
      `${host}:${port} does not say that it serves: grpc.health.v1 still answers NOT_SERVING, or not at all, after ${options.timeoutMs / 1_000} s. Set its status to SERVING when it can answer, or give --check tcp`,
    );
  }
  if (health === "no-grpc") {
    throw new JoinError(
      `What answers at ${host}:${port} does not speak gRPC in plaintext: --port must be the one where it serves gRPC; give --secure where it wants TLS`,
    );
  }
  const why = "it has no grpc.health.v1 for the server as a whole";
  if (check === "grpc") {
    throw new JoinError(
      `--check grpc cannot be had as ${host}:${port} lacks it: ${why}. Add it, or give --check tcp`,
    );
  }
  return { check: { type: "tcp" }, doubts: [lost(why)] };
}

function lost(why: string): string {
  return `${why}, so the registry only looks whether its port accepts connections (--check tcp): a program that hangs or is draining still counts as alive`;
}

/** One that is starting gets time; one that has no health is known at once. */
async function untilServing(
  { host, port, timeoutMs }: CheckOptions,
  signal: AbortSignal,
): Promise<HealthAnswer> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const health = await askHealth(host, port, signal);
    if (health !== "not-serving" || performance.now() > deadline) return health;
    await sleep(everyMs, undefined, { signal });
  }
}
