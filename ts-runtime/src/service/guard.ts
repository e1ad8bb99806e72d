// Who calls, and whether it may. Invariants:
//   G1. A peer is known by a certificate that OpenSSL has verified, and that names one service of the trust domain.
//       It is asked for at every handshake: no session is resumed, which would skip that.
//   G2. Each call is asked about: the intentions, where the service has an identity, then who its user is, where it brings
//       a token, then the method's own rule. Only a token and what was never asked before takes time.
//   G3. A peer that is no longer welcome (a new intention, a root that is gone, a certificate that is over) is told so:
//       its streams end, its next calls are refused, its connection is closed. Unary calls that run may end.
import type { Authorizer, Identity } from "@samspel/registry";
import type { DescMethod } from "@bufbuild/protobuf";
import {
  anonymousPrincipal,
  createCallRules,
  isExempt,
  type CallRules,
  type SignedIn,
  type VerifyToken,
} from "../auth/index.ts";
import { SamspelError } from "../errors/index.ts";
import type { Peer } from "./peer.ts";

/** A server's own identity, and who it lets in. */
export interface ServerIdentity {
  readonly identity: Identity;
  readonly authorizer: Authorizer;
  /** `permissive` takes plaintext beside TLS, from anonymous callers. */
  readonly mode: "strict" | "permissive";
}

/** How a server knows who asks, and who may. */
export interface ServerAuth {
  readonly rules: CallRules;
  /** Verifies users' tokens; undefined where the service knows no issuer, and does not look at them. */
  readonly verify: VerifyToken | undefined;
}

/** A call, as the guard sees it. */
interface Asking {
  /** Undefined for an anonymous caller. */
  readonly peer: Peer | undefined;
  readonly method: DescMethod;
  /** The header, where there is one. */
  readonly authorization: string | undefined;
}

export interface Guard {
  /**
   * Whether a call may be made; the user who makes it, if one does. It answers at once where all is known, as it mostly is.
   *
   * @throws SAMSPEL_CALLER_DENIED, SAMSPEL_IDENTITY_REFUSED, and what `VerifyToken` throws; SAMSPEL_REGISTRY_UNREACHABLE
   *   where nobody could say.
   */
  admit(asking: Asking): SignedIn | undefined | Promise<SignedIn | undefined>;
  /** Looks at a peer again, after a change; revokes it where it is no longer welcome. */
  reconsider(peer: Peer): Promise<void>;
}

export interface GuardOptions {
  /** Undefined for a service without an identity: it has no peers. */
  readonly server: ServerIdentity | undefined;
  /** Default: rules that services can be told apart for, and no users. */
  readonly auth: ServerAuth | undefined;
}

export function createGuard({ server, auth }: GuardOptions): Guard {
  const own = server?.identity.service ?? "this service";
  const { rules, verify } = auth ?? { rules: rulesOfServices(own), verify: undefined };

  const byRule = ({ peer, method }: Asking, signedIn: SignedIn | undefined): SignedIn | undefined => {
    rules.check(method, signedIn?.user ?? peer?.principal ?? anonymousPrincipal);
    return signedIn;
  };
  const admitKnown = (asking: Asking): SignedIn | undefined | Promise<SignedIn | undefined> => {
    const { peer, method, authorization } = asking;
    if (verify === undefined || authorization === undefined || isExempt(method)) {
      return byRule(asking, undefined);
    }
    const verified = verify(authorization, peer?.id.service);
    return verified instanceof Promise
      ? verified.then((signedIn) => byRule(asking, signedIn))
      : byRule(asking, verified);
  };
  const byDefault = "no intention allows it";
  const check = (peer: Peer, method: string, known: { type: string; by?: string }): void => {
    if (known.type === "allowed") return;
    throw denied(peer, own, method, known.by === "default" ? byDefault : "an intention denies it");
  };
  const ask = async (
    { authorizer }: ServerIdentity,
    peer: Peer,
  ): Promise<Awaited<ReturnType<Authorizer["authorize"]>>> => {
    try {
      return await authorizer.authorize(peer.asked);
    } catch (error) {
      throw new SamspelError(
        "SAMSPEL_REGISTRY_UNREACHABLE",
        `${own} cannot say whether ${peer.id.service} may call it, as its registry does not answer`,
        { cause: error },
      );
    }
  };

  return {
    admit(asking) {
      const { peer, method } = asking;
      if (peer === undefined || server === undefined) return admitKnown(asking);
      if (peer.revoked.aborted) throw peer.revoked.reason;
      if (Date.now() >= peer.expiresAt) throw expired(peer);
      const known = server.authorizer.look(peer.asked);
      if (known.type === "unknown") {
        return ask(server, peer).then((settled) => {
          check(peer, nameOf(method), settled);
          return admitKnown(asking);
        });
      }
      check(peer, nameOf(method), known);
      return admitKnown(asking);
    },
    async reconsider(peer) {
      if (server === undefined) return;
      try {
        server.identity.verifyPeer(peer.chain);
      } catch (error) {
        return peer.revoke(refusedIdentity(peer, error));
      }
      // Where nobody can say, each call is asked about, and refused (G2).
      const settled = await ask(server, peer).catch(() => undefined);
      if (settled?.type !== "denied") return;
      const why = settled.by === "default" ? byDefault : "an intention denies it";
      peer.revoke(denied(peer, own, undefined, why));
    },
  };
}

function rulesOfServices(service: string): CallRules {
  return createCallRules({ service, default: "allow", knowsServices: true, knowsUsers: false });
}

function denied(peer: Peer, own: string, method: string | undefined, why: string): SamspelError {
  const caller = peer.id.service;
  return new SamspelError("SAMSPEL_CALLER_DENIED", `${caller} may not call ${own}: ${why}`, {
    metadata: { service: own, caller, ...(method === undefined ? {} : { method }) },
  });
}

function expired(peer: Peer): SamspelError {
  return new SamspelError(
    "SAMSPEL_IDENTITY_REFUSED",
    `the certificate of ${peer.id.uri} ended at ${new Date(peer.expiresAt).toISOString()}: connect again with a new one`,
  );
}

function refusedIdentity(peer: Peer, cause: unknown): SamspelError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new SamspelError("SAMSPEL_IDENTITY_REFUSED", `${peer.id.uri} is no longer accepted: ${why}`, {
    cause,
  });
}

function nameOf(method: DescMethod): string {
  return `${method.parent.typeName}/${method.name}`;
}
