// A call's place in the bulkhead of its method, where the policy sets one: how many calls a process has under way, so that a
// method whose server is slow cannot take all that the process has.
import { setImmediate as turn } from "node:timers/promises";
import { Code, ConnectError } from "@connectrpc/connect";
import { SamspelError, toConnectError } from "../errors/index.ts";
import { addSpanEvent } from "../telemetry/index.ts";
import type { Call } from "./call.ts";

export function isBounded({ policy }: Call): boolean {
  return policy.bulkhead.maxInFlight !== Infinity;
}

/**
 * Waits for a place, in the order of coming and within the deadline; `leavePlace` gives it back.
 * @throws SAMSPEL_BULKHEAD_FULL
 */
export async function takePlace(call: Call): Promise<void> {
  const { bulkhead } = call.calls;
  const limits = call.policy.bulkhead;
  if (bulkhead.tryEnter(limits)) return;
  if (!bulkhead.mayWait(limits)) {
    // Who calls again and again in a loop would else leave no room for the answers that others wait for.
    await turn();
    throw full(call, "and no more may wait");
  }
  const beganMs = performance.now();
  const what = await bulkhead.wait(call.deadline.leftMs(), call.signal);
  addSpanEvent("bulkhead wait", { "samspel.bulkhead.waited_ms": Math.round(performance.now() - beganMs) });
  if (what === "aborted") throw ConnectError.from(call.signal?.reason, Code.Canceled);
  if (what === "late") throw full(call, "and none ended within the deadline");
}

export function leavePlace({ calls, policy }: Call): void {
  calls.bulkhead.leave(policy.bulkhead);
}

function full({ name, calls, policy, environment }: Call, why: string): ConnectError {
  const { maxInFlight, maxWaiting } = policy.bulkhead;
  calls.turnedAway();
  environment.logger?.debug(
    { method: name, maxInFlight, maxWaiting },
    "a call is turned away at its bulkhead",
  );
  return toConnectError(
    new SamspelError(
      "SAMSPEL_BULKHEAD_FULL",
      `This process has ${maxInFlight} calls of ${name} under way, as many as its policy allows, ${why}: make fewer ` +
        `at a time, or raise the policy's bulkhead (maxInFlight ${maxInFlight}, maxWaiting ${maxWaiting})`,
      { metadata: { method: name, max_in_flight: String(maxInFlight), max_waiting: String(maxWaiting) } },
    ),
  );
}
