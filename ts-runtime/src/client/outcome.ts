// What the end of an attempt says of its instance.
import { Code, ConnectError } from "@connectrpc/connect";
import { left, type CallOutcome } from "../balance/index.ts";
import { judgeOf, type Call } from "./attempts.ts";
import type { Channel } from "./channel.ts";

/** Of an attempt that failed. One that its caller ended says nothing; one that ran out of time does. */
export function outcomeOf(call: Call, channel: Channel, error: unknown): CallOutcome {
  if (call.signal?.aborted === true && ConnectError.from(error).code !== Code.DeadlineExceeded) return left;
  const { error: judged, neverRan } = judgeOf(call, channel, error);
  return { type: "failed", code: judged.code, neverRan };
}
