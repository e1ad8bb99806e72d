// Who the service is, where it has an identity: what its port and its clients need for that.
import { openAuthorizer, openIdentity, type Registration, type Registry } from "@samspel/registry";
import type { DescMethod } from "@bufbuild/protobuf";
import type { ClientIdentity } from "../client/index.ts";
import { allowedCallers } from "../descriptor/index.ts";
import { invalidConfiguration } from "../errors/index.ts";
import type { RpcServer, ServerIdentity, ServiceBinding } from "../service/index.ts";
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

/**
 * Rules of who may call a method need an identity: without one, nobody could be told apart. In production that stops
 * the start; elsewhere it is said, and everybody may call.
 * @throws SAMSPEL_INVALID_CONFIGURATION that names the first such method.
 */
export function checkAllowRules(
  bindings: readonly ServiceBinding[],
  { name, identity, isProduction }: ResolvedServiceOptions,
  logger: Logger,
): void {
  if (identity !== "none") return;
  const ruled: readonly DescMethod[] = bindings
    .flatMap(({ service }) => service.methods)
    .filter((method) => allowedCallers(method) !== undefined);
  const [first] = ruled;
  if (first === undefined) return;
  const message = `${first.parent.typeName}/${first.name} says who may call it (samspel.v1.allow), but service ${name} has no identity to tell callers apart: set SAMSPEL_IDENTITY=consul`;
  if (isProduction) throw invalidConfiguration(message);
  logger.warn({ methods: ruled.length }, `${message}. Everybody may call it now`);
}
