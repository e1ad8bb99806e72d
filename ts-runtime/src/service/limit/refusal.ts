// The refusals of a server that has enough to do. They come when there is no time to spare, so one is made for many calls.
import type { ConnectError } from "@connectrpc/connect";
import { shareStatus } from "../../grpc/index.ts";
import { neverRanTrailer, SamspelError, toConnectError } from "../../errors/index.ts";

/** Why a call is refused. */
export type RefusalReason =
  /** The adaptive limit is reached. */
  | "limit"
  /** It has waited for a place in vain. */
  | "wait"
  /** The event loop does not keep up. */
  | "loop"
  /** The method has a limit of its own. */
  | "method";

const retryAfterMs = 100;
const freshMs = 100;

const messages: Readonly<Record<RefusalReason, (limit: number, method: string) => string>> = {
  limit: (limit) => `the server works on as many calls as it can, ${limit}, and others wait`,
  wait: (limit) => `the call has waited in vain for one of the ${limit} places of the server`,
  loop: () => "the server cannot keep up: its calls take all the time it has",
  method: (limit, method) => `${method} takes ${limit} calls at a time, and has them`,
};

/** Makes refusals: `SAMSPEL_OVERLOADED`, with the trailers that tell any client that nothing has run (C2). */
export class Refusals {
  readonly #recent = new Map<string, { readonly error: ConnectError; readonly madeMs: number }>();

  of(reason: RefusalReason, nowMs: number, limit = 0, method = ""): ConnectError {
    const key = reason === "method" ? method : reason;
    const recent = this.#recent.get(key);
    if (recent !== undefined && nowMs - recent.madeMs < freshMs) return recent.error;
    const error = toConnectError(
      new SamspelError("SAMSPEL_OVERLOADED", messages[reason](limit, method), {
        retryAfterMs,
        metadata: {
          reason,
          ...(limit === 0 ? {} : { limit: String(limit) }),
          ...(method === "" ? {} : { method }),
        },
      }),
    );
    error.metadata.set(neverRanTrailer, "1");
    // As gRFC A6 has it, for clients that do not read our detail.
    error.metadata.set("grpc-retry-pushback-ms", String(retryAfterMs));
    shareStatus(error);
    this.#recent.set(key, { error, madeMs: nowMs });
    return error;
  }
}
