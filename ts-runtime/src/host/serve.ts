// A plain service, without an entity: a Connect implementation, made once the service's parts are there.
import type { DescService } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import { bind, type ServiceBinding } from "../service/index.ts";
import { withInbox, type InboxImpl } from "../tell/index.ts";
import type { ServiceContext } from "./service-context.ts";

/** A service on its way to the port: give it to `startService`. */
export interface Serving {
  readonly service: DescService;
  /** Whether its unary methods run in a transaction that records their commands. */
  readonly inbox?: boolean;
  /** Binds the implementation to what the running service has. */
  bind(context: ServiceContext): ServiceBinding;
}

/** What a service serves its methods with. */
export interface InboxOption {
  /**
   * Runs each unary method in a transaction, `context.sql`, which also records the command's id and its reply: a repeated
   * command, by a tell or by a call with a command id, gets the first reply and writes nothing. Needs `DATABASE_URL`.
   */
  readonly inbox: true;
}

/**
 * Serves a proto service with a Connect implementation, or with a function that makes one from the service's clients,
 * database and log.
 */
export function serve<S extends DescService>(
  service: S,
  implementation: ServiceImpl<S> | ((context: ServiceContext) => ServiceImpl<S>),
): Serving;
/** Serves a proto service whose unary methods are carried out once, however often they are sent. */
export function serve<S extends DescService>(
  service: S,
  implementation: InboxImpl<S> | ((context: ServiceContext) => InboxImpl<S>),
  options: InboxOption,
): Serving;
export function serve<S extends DescService>(
  service: S,
  implementation:
    | InboxImpl<S>
    | ServiceImpl<S>
    | ((context: ServiceContext) => InboxImpl<S> | ServiceImpl<S>),
  options?: InboxOption,
): Serving {
  const made = (context: ServiceContext): InboxImpl<S> | ServiceImpl<S> =>
    typeof implementation === "function" ? implementation(context) : implementation;
  if (options?.inbox !== true) {
    return { service, bind: (context) => bind(service, made(context) as ServiceImpl<S>) };
  }
  return {
    service,
    inbox: true,
    bind: (context) =>
      bind(
        service,
        withInbox(service, made(context) as InboxImpl<S>, () => context.sql),
      ),
  };
}
