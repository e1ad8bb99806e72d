// Credentials of stock grpc-js channels and servers by an identity of the registry's CA.
//
//   I1. Certificates and roots are followed: what connects after a change connects with the new ones.
//   I2. The peer's certificate leads to the roots, which TLS sees to, and names one service, which must be an expected
//       one at a channel, and one that the intentions let in at a server; there at each call.
import { X509Certificate } from "node:crypto";
import {
  experimental,
  Metadata,
  ServerInterceptingCall,
  status,
  type ChannelCredentials,
  type ServerCredentials,
  type ServerInterceptor,
} from "@grpc/grpc-js";
import { IdentityError, identifyPeer, uriNames, type Authorizer, type Identity } from "../identity/index.ts";

export interface ChannelIdentityOptions {
  /** Who calls. */
  readonly identity: Identity;
  /** The service that is called, by its name in the registry; or all that serve the same proto service. */
  readonly service: string | readonly string[];
}

/** Credentials of a channel that shows who calls, and takes no other server than one of the given services. */
export function identityChannelCredentials({
  identity,
  service,
}: ChannelIdentityOptions): ChannelCredentials {
  const expected: readonly string[] = typeof service === "string" ? [service] : service;
  const provider = certificateProvider(identity);
  return experimental.createCertificateProviderChannelCredentials(provider, provider, {
    checkServerIdentity(_, { raw }) {
      try {
        const peer = identifyPeer(uriNames(new X509Certificate(raw)), identity.trust.trustDomain);
        if (expected.includes(peer.service)) return undefined;
        return new IdentityError("service", `the server is ${peer.uri}, not ${expected.join(" or ")}`);
      } catch (error) {
        return error instanceof Error ? error : new Error(String(error));
      }
    },
  });
}

export interface ServerIdentityOptions {
  /** Who serves. */
  readonly identity: Identity;
  /** Who may call. */
  readonly authorizer: Authorizer;
}

/** Credentials of a server that shows who it is, takes callers with certificates only, and asks whether they may call. */
export function identityServerCredentials({
  identity,
  authorizer,
}: ServerIdentityOptions): ServerCredentials {
  const provider = certificateProvider(identity);
  return experimental.createServerCredentialsWithInterceptors(
    experimental.createCertificateProviderServerCredentials(provider, provider, true),
    [authorizing(identity, authorizer)],
  );
}

function authorizing(identity: Identity, authorizer: Authorizer): ServerInterceptor {
  return (_, call) => {
    const refuse = (code: status, details: string): void =>
      call.sendStatus({ code, details, metadata: new Metadata() });
    return new ServerInterceptingCall(call, {
      async start(next) {
        try {
          const raw = call.getAuthContext().sslPeerCertificate?.raw;
          const certificate = raw === undefined ? undefined : new X509Certificate(raw);
          const names = certificate === undefined ? [] : uriNames(certificate);
          const { uri, service } = identifyPeer(names, identity.trust.trustDomain);
          const caller = { uri, service, serial: certificate?.serialNumber ?? "" };
          if ((await authorizer.authorize(caller)).type === "allowed") return next();
          refuse(status.PERMISSION_DENIED, `${service} may not call ${authorizer.service}`);
        } catch (error) {
          if (error instanceof IdentityError) refuse(status.UNAUTHENTICATED, error.message);
          else refuse(status.UNAVAILABLE, "the registry does not say who may call");
        }
      },
    });
  };
}

function certificateProvider(identity: Identity): experimental.CertificateProvider {
  const unfollow = new Map<unknown, () => void>();
  const follow = (listener: unknown, tell: () => void): void => {
    unfollow.set(listener, identity.onChange(tell));
    // Not at once: a server that adds us has nobody yet to pass it on to.
    process.nextTick(() => {
      if (unfollow.has(listener)) tell();
    });
  };
  const leave = (listener: unknown): void => {
    unfollow.get(listener)?.();
    unfollow.delete(listener);
  };
  return {
    addCaCertificateListener: (listener) =>
      follow(listener, () => listener({ caCertificate: Buffer.from(identity.roots.join("\n")) })),
    removeCaCertificateListener: leave,
    addIdentityCertificateListener: (listener) =>
      follow(listener, () =>
        listener({
          certificate: Buffer.from(identity.leaf.certificates),
          privateKey: Buffer.from(identity.leaf.privateKey),
        }),
      ),
    removeIdentityCertificateListener: leave,
  };
}
