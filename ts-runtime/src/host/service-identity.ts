// Who the service is, where it has an identity: what its port and its clients need for that.
import { openAuthorizer, openIdentity, type Registration, type Registry } from "@samspel/registry";
import type { ClientIdentity } from "../client/index.ts";
import type { RpcServer, ServerIdentity } from "../service/index.ts";
import type { Logger } from "../telemetry/index.ts";
import type { ResolvedServiceOptions } from "./options.ts";

/** How a service shows who it is; see `ServiceOptions.identity`. */
export type IdentityMode = "none" | "consul" | "consul-permissive";

/** One identity, for the port and for the clients. */
export type ServiceIdentity = ServerIdentity & ClientIdentity;

/**
 * Gets the service's certificate and its intentions from the registry, where it is to have an identity.
 * @throws RegistryError when the registry does not give them.
 */
export async function openServiceIdentity(
  { name, identity: mode }: ResolvedServiceOptions,
  registry: Registry,
  { logger, begun }: { readonly logger: Logger; readonly begun: AsyncDisposableStack },
): Promise<ServiceIdentity | undefined> {
  if (mode === "none") return undefined;
  const identity = begun.use(await openIdentity({ registry, service: name }));
  const authorizer = begun.use(await openAuthorizer({ registry, service: name }));
  logger.info(
    { spiffeId: identity.spiffeId, notAfter: identity.leaf.notAfter },
    "the service has an identity",
  );
  const leave = identity.onChange(() =>
    logger.info(
      { serial: identity.leaf.serial, notAfter: identity.leaf.notAfter, roots: identity.trust.roots.length },
      "the certificate or the roots of trust are new",
    ),
  );
  begun.defer(leave);
  return { identity, authorizer, mode: mode === "consul" ? "strict" : "permissive" };
}

/** What the registry is told of a service's identity. */
export function identityMeta(
  own: ServiceIdentity | undefined,
  { healthPort }: Pick<RpcServer, "healthPort">,
): Pick<Registration, "secure" | "connectNative" | "healthPort" | "meta"> {
  if (own === undefined || healthPort === undefined) return {};
  // Who has no identity yet still calls a permissive service in plaintext.
  const how = own.mode === "strict" ? { secure: true } : { meta: { mtls: "optional" } };
  return { connectNative: true, healthPort, ...how };
}
