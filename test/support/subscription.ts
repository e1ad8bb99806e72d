// Runs subscriptions to the test's topic, and sees what they handle.
import type { Test } from "tap";
import {
  runSubscription,
  type Broker,
  type RunSubscriptionOptions,
  type Subscription,
} from "../../ts-runtime/src/topic/index.ts";
import { runUntilEnd } from "./run-until-end.ts";
import { silentLogger } from "./silent-logger.ts";

/** Starts an instance of a subscription; the returned function stops it, as the end of the test does. */
export function runInstance(
  t: Test,
  broker: Broker,
  subscription: Subscription,
  options: Partial<Pick<RunSubscriptionOptions, "graceMs" | "database" | "logger">> = {},
): () => Promise<void> {
  return runUntilEnd(t, (signal) =>
    runSubscription({ subscription, broker, logger: silentLogger, signal, ...options }),
  );
}
