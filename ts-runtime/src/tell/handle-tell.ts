// One tell: handled as a call is, by the same handler inside the same interceptors, and its reply kept (T5).
//
// Invariants:
//   H1. The command id that the handler gets is the tell's id: who de-duplicates by it carries the tell out once, however
//       often it comes.
//   H2. A reply is kept before its tell counts as handled. Where that fails, the tell comes again, and the handler gives
//       the reply of the first time.
//   H3. What a handler rejects ends there, with the rejection as its reply; what fails is tried again; what this instance
//       lacks is no fault of the tell, and no attempt of it.
//   H4. Each attempt has a deadline, which the handler's own calls inherit (C1).
import { untilAborted } from "../service/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { GiveUp, Postponed } from "../topic/index.ts";
import type { TellIdentity } from "./address.ts";
import type { IncomingTell } from "./incoming-tell.ts";
import type { ReplyPublisher } from "./reply-publisher.ts";
import { tellContext } from "./told-service.ts";
import { judge } from "./verdict.ts";
import { toConnectError } from "../errors/index.ts";

/** A reason that is made once: an exception for each tell costs as much as reading it. */
const done = new Error("The tell is handled");

export interface HandleTellOptions {
  readonly replies: ReplyPublisher;
  readonly logger: Logger;
  /** How long one attempt may take. */
  readonly timeoutMs: number;
}

/** An attempt at a tell. */
export interface TellAttempt {
  readonly attempt: number;
  /** Aborts when nobody waits for it any longer. */
  readonly signal: AbortSignal;
}

/**
 * Handles a tell; resolves when its reply is kept.
 * @throws GiveUp for what was rejected, Postponed for what does not count; anything else is to be tried again.
 */
export async function handleTell(
  { replies, logger, timeoutMs }: HandleTellOptions,
  tell: IncomingTell,
  { attempt, signal }: TellAttempt,
): Promise<void> {
  const { identity, told, request, requestHeader } = tell;
  const context = tellContext(told, { requestHeader, timeoutMs, signal });
  let reply;
  try {
    reply = await untilAborted(context.signal, told.invoke(request, context));
  } catch (error) {
    if (signal.aborted) throw new Postponed("The handler was told to end", { cause: error });
    const verdict = judge(error);
    if (verdict.type === "postponed") throw new Postponed(verdict.error.message, { cause: error });
    if (verdict.type === "failed") throw error;
    logger.warn({ err: error, ...identity, attempt }, "tell rejected");
    throw new GiveUp(verdict.error.message, { cause: error });
  } finally {
    context.abort(done);
  }
  await replies.replied(identity, told.method, reply).catch((error: unknown) => {
    throw new Postponed("The reply could not be kept", { cause: error });
  });
}

/** Keeps why a tell was given up, before it becomes a dead letter. */
export async function keepFailure(
  replies: ReplyPublisher,
  identity: TellIdentity,
  { error, attempts }: { readonly error: unknown; readonly attempts: number },
): Promise<void> {
  const rejected = error instanceof GiveUp;
  const failure = toConnectError(rejected ? error.cause : error);
  await replies.failed(identity, { error: failure, rejected, attempts });
}
