// Which instance an attempt goes to: one that was not tried, as the balancing has it, and none whose breaker is open (C4).
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { SamspelError, toConnectError } from "../errors/index.ts";
import type { BreakerTrip } from "../resilience/index.ts";
import { Attempt } from "./attempt.ts";
import type { Call } from "./call.ts";
import type { Channel } from "./channel.ts";
import type { Failure } from "./failure.ts";

const noneTried: ReadonlySet<Channel> = new Set();
/** How long a call that waits for a breaker sleeps at a time: instances come and go meanwhile. */
const longestSleepMs = 250;
const shortestSleepMs = 5;

/**
 * Begins an attempt; undefined where there is no instance, or none that a breaker lets a call to. No await stands between
 * the choice and the attempt, which counts itself: calls made at once must see each other.
 */
export function beginAttempt(call: Call, tried: ReadonlySet<Channel> = noneTried): Attempt | undefined {
  const { instances } = call.environment;
  const channel = instances.pick(tried, call);
  if (channel === undefined) return undefined;
  const nowMs = performance.now();
  if (call.policy.breaker === undefined || call.calls.breakerOf(channel).allows(nowMs)) {
    return new Attempt(call, channel, nowMs);
  }
  const open = new Set(instances.channels.filter((it) => !call.calls.breakerOf(it).allows(nowMs)));
  const another = instances.pick(new Set([...tried, ...open]), call);
  // With all others tried or open, one that was tried is better than none.
  const chosen = another === undefined || open.has(another) ? instances.pick(open, call) : another;
  return chosen === undefined || open.has(chosen) ? undefined : new Attempt(call, chosen, nowMs);
}

/**
 * Begins an attempt as soon as there is an instance for it: the first one that the registry has, within the deadline; for
 * calls that hold, the first one that a breaker lets a call to.
 * @param last of the attempt before, which says more than that there is no other.
 * @throws SAMSPEL_NO_INSTANCE, SAMSPEL_CIRCUIT_OPEN, or why instances may not be called.
 */
export async function awaitAttempt(
  call: Call,
  tried: ReadonlySet<Channel> = noneTried,
  last?: Failure,
): Promise<Attempt> {
  const { instances } = call.environment;
  for (;;) {
    if (instances.channels.length === 0) {
      await instances.waitForFirst(call.patienceMs, call.signal);
      throwIfLeft(call);
      if (instances.channels.length === 0) throw noInstance(call);
    }
    const attempt = beginAttempt(call, tried);
    if (attempt !== undefined) return attempt;
    if (instances.channels.length === 0) continue;
    const waitMs = Math.max(shortestSleepMs, Math.min(longestSleepMs, opensInMs(call)));
    if (!call.holds || waitMs >= (call.deadline.leftMs() ?? Infinity)) {
      // Who calls again and again in a loop would else leave no room for the answers that close a breaker.
      await turn();
      throw last?.error ?? circuitOpen(call);
    }
    await sleep(waitMs, undefined, call.signal === undefined ? {} : { signal: call.signal }).catch(() => {});
    throwIfLeft(call);
  }
}

export function throwIfLeft({ signal }: Call): void {
  if (signal?.aborted === true) throw ConnectError.from(signal.reason, Code.Canceled);
}

function opensInMs({ calls, environment: { instances } }: Call): number {
  const fromMs = instances.channels.map((channel) => calls.breakerOf(channel).allowsFromMs);
  return Math.max(0, Math.min(...fromMs) - performance.now());
}

function noInstance({ method, environment: { instances, registryUrl } }: Call): ConnectError {
  const service = method.parent.typeName;
  const { refused } = instances;
  if (refused !== undefined) {
    const message = `No instance of ${service} may be called: ${refused}`;
    return toConnectError(new SamspelError("SAMSPEL_IDENTITY_REFUSED", message, { metadata: { service } }));
  }
  return toConnectError(
    new SamspelError(
      "SAMSPEL_NO_INSTANCE",
      `No instance of ${service} is in the registry at ${registryUrl}: start a service that serves it, or ` +
        `check that its health is SERVING and that it uses the same registry`,
      { metadata: { service } },
    ),
  );
}

function circuitOpen(call: Call): ConnectError {
  const { instances } = call.environment;
  const trips = instances.channels.flatMap((channel) => tripOf(call, channel));
  const first = trips.toSorted((a, b) => a.sinceMs - b.sinceMs)[0];
  const retryAfterMs = Math.ceil(opensInMs(call));
  const since = new Date(Date.now() - (performance.now() - (first?.sinceMs ?? 0))).toISOString();
  const { calls, failures, reason } = first ?? { calls: 0, failures: 0, reason: "" };
  return toConnectError(
    new SamspelError(
      "SAMSPEL_CIRCUIT_OPEN",
      `${call.name} is not called at any of its instances (${instances.channels.length}) for ${retryAfterMs} ms: ` +
        `since ${since} it fails, ${failures} of ${calls} calls at first, and last with "${reason}"`,
      {
        retryAfterMs,
        metadata: { method: call.name, since, calls: String(calls), failures: String(failures) },
      },
    ),
  );
}

function tripOf({ calls }: Call, channel: Channel): readonly BreakerTrip[] {
  const { state } = calls.breakerOf(channel);
  return state.type === "closed" ? [] : [state.trip];
}
