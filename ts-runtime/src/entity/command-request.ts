// A command on its way to an entity, and what handles it.
import type { Message } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { FiredTimer, Journal, TimerDue } from "../journal/index.ts";
import type { Principal } from "../auth/index.ts";
import type { Caller } from "../service/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { CommandContext } from "./command-context.ts";
import type { Entity } from "./entity.ts";
import type { LiveEntity } from "./live-entity.ts";

/** A command on its way to an entity. */
export interface CommandRequest extends Omit<CommandContext, "revision" | "timer" | "caller" | "principal"> {
  /** The local name of the method. */
  readonly command: string;
  readonly request: Message;
  /** The timer that fires this command, and ends with it. */
  readonly firedBy?: FiredTimer;
  /** The call that it came by, if it did: `signal` and `requestHeader` are its own, made when they are looked at. */
  readonly call?: Pick<HandlerContext, "signal" | "requestHeader">;
  /** Who calls; absent for an anonymous one. */
  readonly caller?: Caller;
  /** Who asks; absent for an anonymous one. */
  readonly principal?: Principal;
  /** Is told of the revision that the reply rests on, right before it. */
  readonly onRevision?: (revision: bigint) => void;
}

export interface CommandEnvironment {
  readonly entity: Entity;
  readonly journal: Journal;
  readonly live: LiveEntity;
  readonly fingerprint: string;
  readonly logger: Logger | undefined;
  /** Is told of each timer that was scheduled, after the commit. */
  readonly onSchedule: ((due: TimerDue) => void) | undefined;
  /** Who tells, as the tells of commands say: the service's name; undefined where nobody would send them on. */
  readonly source: string | undefined;
}
