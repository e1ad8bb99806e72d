// What a command handler knows beside the state and the request.
import type { Principal } from "../auth/index.ts";
import type { Caller } from "../service/index.ts";
import type { TellingClients } from "../tell/index.ts";

/** The circumstances of one command. */
export interface CommandContext {
  /** The entity that the command is for: the request's key. */
  readonly entityId: string;
  /** The revision of the state at hand; 0 for an entity without events. */
  readonly revision: bigint;
  /** The id under which the command is de-duplicated (J3), if the caller sent one. */
  readonly commandId: string | undefined;
  /** The timer that this command comes from, if it comes from one. */
  readonly timer?: { readonly name: string } | undefined;
  /**
   * Typed clients of other services; their calls inherit what is left of this command's deadline (C1). What this command
   * is to tell for certain, it tells with its effect: `persist(…).tell(…)`.
   */
  readonly client: TellingClients["client"];
  /** Aborts when the caller has gone or the deadline is over. */
  readonly signal: AbortSignal;
  /** Who calls, by its certificate; anonymous without an identity of the service, and for tells and timers. */
  readonly caller: Caller;
  /**
   * Who asks: a user by a token, a service by its certificate, or nobody that is known, as for tells and timers.
   * `requireUser(context)` is the user, or a refusal. What is to be known later of who it was belongs into the event.
   */
  readonly principal: Principal;
  /** The headers of the request. */
  readonly requestHeader: Headers;
}
