// The name in a certificate: `spiffe://<trust domain>/ns/default/dc/<datacenter>/svc/<service>`, as Consul makes it.
import { IdentityError } from "./identity-error.ts";

/** Who a certificate says its holder is. */
export interface SpiffeId {
  /** The whole of it, as it stands in the certificate. */
  readonly uri: string;
  /** In lower case. */
  readonly trustDomain: string;
  readonly datacenter: string;
  readonly service: string;
}

/** What a peer must be beside known to the registry's CA. */
export interface PeerExpectation {
  /** The service that it must be; absent: any. */
  readonly service?: string;
  /** The datacenters that it may be of; absent: all of the trust domain, as intentions do not tell them apart. */
  readonly datacenters?: readonly string[];
}

// Names of services, datacenters and trust domains need no escapes: whatever has one is none of them, and a decoder
// could only be fooled.
const idPattern = /^spiffe:\/\/([A-Za-z0-9._-]+)(\/[^?#]*)?$/;
const pathPattern = /^\/ns\/default\/dc\/([A-Za-z0-9][A-Za-z0-9._-]*)\/svc\/([A-Za-z0-9][A-Za-z0-9._-]*)$/;

/**
 * Who a peer is by the URIs of its certificate's subject, all of them.
 *
 * @param trustDomain of the registry's CA; without case.
 * @throws IdentityError that says what is wrong.
 */
export function identifyPeer(
  uris: readonly string[],
  trustDomain: string,
  { service, datacenters }: PeerExpectation = {},
): SpiffeId {
  const [uri] = uris;
  if (uri === undefined) throw refuse("no-uri", "has no URI to name it by");
  if (uris.length > 1) throw refuse("several-uris", `must have one URI: it has ${uris.join(", ")}`);
  const [, authority, path = ""] = idPattern.exec(uri) ?? [];
  if (authority === undefined) throw refuse("not-spiffe", `must have a SPIFFE id as its URI: it is ${uri}`);
  const domain = authority.toLowerCase();
  if (domain !== trustDomain.toLowerCase()) {
    throw refuse("trust-domain", `must be of the trust domain ${trustDomain}: it is ${uri}`);
  }
  const [, datacenter, name] = pathPattern.exec(path) ?? [];
  if (datacenter === undefined || name === undefined) {
    throw refuse("path", `must be a service's, of the path /ns/default/dc/…/svc/…: it is ${uri}`);
  }
  if (datacenters !== undefined && !datacenters.includes(datacenter)) {
    throw refuse("datacenter", `must be of datacenter ${datacenters.join(" or ")}: it is ${uri}`);
  }
  if (service !== undefined && name !== service) {
    throw refuse("service", `must be that of ${service}: it is ${uri}`);
  }
  return { uri, trustDomain: domain, datacenter, service: name };
}

function refuse(reason: IdentityError["reason"], must: string): IdentityError {
  return new IdentityError(reason, `the peer's certificate ${must}`);
}
