// Commands that come by calls. A call's signal and headers are dear to make, and most handlers look at neither: so they are
// made when somebody looks. By getters of classes: an object literal with getters has a shape of its own each time that it
// is made, which V8 keeps until the next full collection, and all that the getters see with it.
import type { Message } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { anonymousPrincipal, type Principal } from "../auth/index.ts";
import { ownProperties } from "../grpc/index.ts";
import { anonymous, type Caller } from "../service/index.ts";
import type { CommandContext } from "./command-context.ts";
import type { CommandRequest } from "./command-request.ts";

type Call = Pick<HandlerContext, "signal" | "requestHeader">;

/** What there is of a command's request at once. */
export interface CallRequestParts extends Omit<CommandRequest, keyof Call | "firedBy"> {
  readonly call: Call;
}

export class CallRequest implements CommandRequest {
  readonly command: string;
  readonly entityId: string;
  readonly request: Message;
  readonly commandId: string | undefined;
  readonly client: CommandContext["client"];
  readonly call: Call;
  readonly caller: Caller;
  readonly principal: Principal;
  readonly onRevision?: (revision: bigint) => void;

  constructor(parts: CallRequestParts) {
    this.command = parts.command;
    this.entityId = parts.entityId;
    this.request = parts.request;
    this.commandId = parts.commandId;
    this.client = parts.client;
    this.call = parts.call;
    this.caller = parts.caller ?? anonymous;
    this.principal = parts.principal ?? anonymousPrincipal;
    if (parts.onRevision !== undefined) this.onRevision = parts.onRevision;
  }

  get signal(): AbortSignal {
    return this.call.signal;
  }

  get requestHeader(): Headers {
    return this.call.requestHeader;
  }
}

class CallCommandContext implements CommandContext {
  readonly entityId: string;
  readonly revision: bigint;
  readonly commandId: string | undefined;
  readonly timer: CommandContext["timer"];
  readonly client: CommandContext["client"];
  readonly caller: Caller;
  readonly principal: Principal;
  readonly #call: Call;

  constructor(request: CommandRequest, call: Call, revision: bigint) {
    this.entityId = request.entityId;
    this.revision = revision;
    this.commandId = request.commandId;
    this.timer = timerOf(request);
    this.client = request.client;
    this.caller = request.caller ?? anonymous;
    this.principal = request.principal ?? anonymousPrincipal;
    this.#call = call;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  get requestHeader(): Headers {
    return this.#call.requestHeader;
  }
}

/**
 * What a handler learns of a command. Of a call it is a proxy, for which the getters are properties: people spread a
 * context, or look at what it has.
 */
export function commandContext(request: CommandRequest, revision: bigint): CommandContext {
  const { call } = request;
  if (call !== undefined) return new Proxy(new CallCommandContext(request, call, revision), asOwn);
  const { entityId, commandId, client, signal, requestHeader } = request;
  const { caller = anonymous, principal = anonymousPrincipal } = request;
  const timer = timerOf(request);
  return { entityId, revision, commandId, timer, client, signal, caller, principal, requestHeader };
}

function timerOf({ firedBy }: CommandRequest): CommandContext["timer"] {
  return firedBy && { name: firedBy.name };
}

const names = [
  "entityId",
  "revision",
  "commandId",
  "timer",
  "client",
  "caller",
  "principal",
  "signal",
  "requestHeader",
] as const satisfies readonly (keyof CommandContext)[];

const asOwn = ownProperties<CallCommandContext>(names);
