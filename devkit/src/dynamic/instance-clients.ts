// Clients of single instances, with the identity that an instance asks for.
import { openIdentity, type Identity, type InstanceState, type Registry } from "@samspel/registry";
import { createClients, type Clients } from "@samspel/runtime";
import { oneInstance } from "./one-instance.ts";

export interface InstanceClientsOptions {
  readonly registry: Registry;
  /** NATS with JetStream, for tells: `nats://host:4222`. Default: telling is refused. */
  readonly natsUrl?: string | undefined;
  /** `SAMSPEL_TOPIC_PREFIX` of the services. Default: empty. */
  readonly topicPrefix?: string | undefined;
  /** As whom it tells, and calls instances with an identity. Default `samspel`. */
  readonly name?: string | undefined;
}

export interface InstanceClients extends AsyncDisposable {
  /** Clients whose calls go to this instance, or, of none, that can tell; whoever makes them closes them. */
  to(instance: InstanceState | undefined): Promise<Clients>;
}

/** Creates them; nothing connects before the first call. The identity, once it is needed, is kept. */
export function createInstanceClients(options: InstanceClientsOptions): InstanceClients {
  const { registry, natsUrl, topicPrefix = "", name = "samspel" } = options;
  let identity: Promise<Identity> | undefined;

  /** Only instances that want TLS need one, and not every registry can give one. */
  const identityFor = (instance: InstanceState | undefined): Promise<Identity> | undefined => {
    if (instance?.meta["secure"] !== "true") return undefined;
    return (identity ??= openIdentity({ registry, service: name }).catch((error: unknown) => {
      identity = undefined;
      throw error;
    }));
  };

  return {
    async to(instance) {
      const own = await identityFor(instance);
      return createClients({
        registry: oneInstance(registry.url, instance),
        name,
        topicPrefix,
        ...(natsUrl === undefined ? {} : { natsUrl }),
        ...(own === undefined ? {} : { identity: { identity: own, mode: "permissive" } }),
      });
    },
    async [Symbol.asyncDispose]() {
      (await identity?.catch(() => undefined))?.close();
    },
  };
}
