// Calls by a policy of a test's own, to servers that do what a test says.
import type { Client, HandlerContext } from "@connectrpc/connect";
import type { Test } from "tap";
import { createClients, type InstanceSource } from "../../../ts-runtime/src/client/index.ts";
import type { BreakerPolicy, CallPolicy } from "../../../ts-runtime/src/policy/index.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { policiesWith } from "../../support/policies.ts";
import { recordingLogger, type LogLine } from "../../support/recording-logger.ts";
import { startEcho, type Echo } from "./echo-server.ts";

/** More than any test takes, so that what waits for it does not pass by waiting. */
export const longMs = 120_000;
export const retry: CallPolicy["retry"] = {
  maxAttempts: 3,
  initialBackoffMs: 1,
  maxBackoffMs: 2,
  attemptTimeoutMs: undefined,
};
export const breaker: BreakerPolicy = {
  failureRatio: 0.5,
  minCalls: 4,
  windowMs: longMs,
  openMs: longMs,
  maxOpenMs: longMs,
};

export interface Setting {
  readonly client: Client<typeof EchoService>;
  readonly lines: readonly LogLine[];
}

export function clientOf(
  t: Test,
  registry: InstanceSource,
  changes: Readonly<Record<string, Partial<CallPolicy>>>,
): Setting {
  const { logger, lines } = recordingLogger();
  const clients = createClients({ registry, policies: policiesWith(changes), logger });
  t.teardown(() => clients.close());
  return { client: clients.client(EchoService), lines };
}

/** A server whose unary methods do what `act` says, with the calls so far. */
export async function startActing(
  t: Test,
  act: (context: HandlerContext, calls: number) => { text: string },
): Promise<Echo & { readonly calls: HandlerContext[] }> {
  const calls: HandlerContext[] = [];
  const answer = (_: unknown, context: HandlerContext): { text: string } => {
    calls.push(context);
    return act(context, calls.length);
  };
  return { ...(await startEcho(t, {}, { echo: answer, echoOnce: answer })), calls };
}
