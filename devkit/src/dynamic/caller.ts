// Calls any method of any kind with JSON in place of messages, and tells those that may be told.
//
// Invariants:
//   Y1. What goes wrong before anything was sent is a DynamicError; what goes wrong afterwards is the call's end.
//   Y2. A call goes to one instance, which its start names. It is made by the runtime's own client, so deadlines,
//       identities and the ends of streams are as between services.
//   Y3. Nothing is kept between calls but the identity.
import type { ApiCatalog } from "./api-catalog.ts";
import { ask } from "./ask.ts";
import type { CallEvent, DynamicCall } from "./call.ts";
import { DynamicError } from "./dynamic-error.ts";
import { createInstanceClients, type InstanceClientsOptions } from "./instance-clients.ts";
import { openRequests } from "./requests.ts";
import { tell } from "./tell.ts";
import { withTrace } from "./trace.ts";

export interface DynamicCaller extends AsyncDisposable {
  /**
   * Makes a call; leaving the loop cancels it.
   *
   * @throws DynamicError where nothing is sent: no such method, no instance, a request that does not fit; or where a
   * later request of a stream does not fit, which ends the call.
   */
  call(call: DynamicCall): AsyncGenerator<CallEvent, void>;
}

export interface DynamicCallerOptions extends InstanceClientsOptions {
  readonly catalog: ApiCatalog;
}

/** Creates a caller; nothing connects before the first call. The registry stays open when it is closed. */
export function createDynamicCaller(options: DynamicCallerOptions): DynamicCaller {
  const { registry, catalog, natsUrl } = options;
  const made = createInstanceClients(options);
  return {
    async *call(call) {
      const { method, types, instance } = await catalog.find(call.method, call.instance);
      const requests = await openRequests(method, call.requests, types);
      const traced = withTrace(call.headers ?? {});
      if (call.tell === true) {
        if (natsUrl === undefined)
          throw new DynamicError(
            "invalid",
            "Cannot tell as nothing says where NATS is: set NATS_URL to nats://host:port",
          );
        await using clients = await made.to(undefined);
        yield* tell({ call, method, types, requests, traced, clients });
        return;
      }
      if (instance === undefined) {
        const { typeName } = method.parent;
        throw new DynamicError(
          "unknown",
          `No instance of ${typeName} in the registry at ${registry.url} is well`,
        );
      }
      await using clients = await made.to(instance);
      yield* ask({ call, method, types, requests, traced, clients }, instance.id);
    },
    [Symbol.asyncDispose]: () => made[Symbol.asyncDispose](),
  };
}
