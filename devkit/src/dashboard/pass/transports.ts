// Connections to instances, for what is passed on.
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import {
  clientTls,
  openIdentity,
  type ClientTls,
  type Identity,
  type InstanceState,
  type Registry,
} from "@samspel/registry";
import { urlOf } from "../../join/index.ts";
import { ownName } from "../calls/index.ts";

export interface Transports extends AsyncDisposable {
  /**
   * To an instance of a service that is well. What it does not serve is UNIMPLEMENTED there.
   * @throws ConnectError UNAVAILABLE where there is none.
   */
  toService(service: string): Promise<Transport>;
  toInstance(instance: InstanceState): Promise<Transport>;
}

const idleMs = 10_000;
const kept = 200;

export function createTransports(registry: Registry, instances: () => readonly InstanceState[]): Transports {
  const transports = new Map<string, Transport>();
  let identity: Promise<Identity> | undefined;

  const tlsTo = async ({ service, meta }: InstanceState): Promise<ClientTls | undefined> => {
    if (meta["secure"] !== "true") return undefined;
    identity ??= openIdentity({ registry, service: ownName }).catch((error: unknown) => {
      identity = undefined;
      throw error;
    });
    return clientTls(await identity, service);
  };

  const toInstance = async (instance: InstanceState): Promise<Transport> => {
    const tls = await tlsTo(instance);
    const known = tls === undefined ? transports.get(instance.id) : undefined;
    if (known !== undefined) return known;
    const { address, port } = instance;
    const url = urlOf(address, port);
    const transport = createGrpcTransport({
      baseUrl: tls === undefined ? url : url.replace(/^http:/, "https:"),
      idleConnectionTimeoutMs: idleMs,
      ...(tls === undefined ? {} : { nodeOptions: tls }),
    });
    // Certificates are renewed: those of a connection that begins later are others.
    if (tls === undefined) transports.set(instance.id, transport);
    for (const oldest of transports.keys()) {
      if (transports.size <= kept) break;
      transports.delete(oldest);
    }
    return transport;
  };

  return {
    toInstance,
    async toService(service) {
      const instance = instances().find(
        (candidate) => candidate.service === service && candidate.health === "passing",
      );
      if (instance !== undefined) return toInstance(instance);
      throw new ConnectError(`No instance of ${service} is well`, Code.Unavailable);
    },
    async [Symbol.asyncDispose]() {
      (await identity?.catch(() => undefined))?.close();
    },
  };
}
