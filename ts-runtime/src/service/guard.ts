// Who may call, where the service has an identity. Invariants:
//   G1. A peer is known by a certificate that OpenSSL has verified, and that names one service of the trust domain.
//       It is asked for at every handshake: no session is resumed, which would skip that.
//   G2. Each call is asked about: the intentions, then the method's own rule. Both are looked up in memory.
//   G3. A peer that is no longer welcome (a new intention, a root that is gone, a certificate that is over) is told so:
//       its streams end, its next calls are refused, its connection is closed. Unary calls that run may end.
import type { Authorizer, Identity } from "@samspel/registry";
import type { DescMethod } from "@bufbuild/protobuf";
import { allowedCallers } from "../descriptor/index.ts";
import { SamspelError } from "../errors/index.ts";
import type { Peer } from "./peer.ts";

/** A server's own identity, and who it lets in. */
export interface ServerIdentity {
  readonly identity: Identity;
  readonly authorizer: Authorizer;
  /** `permissive` takes plaintext beside TLS, from anonymous callers. */
  readonly mode: "strict" | "permissive";
}

export interface Guard {
  /**
   * Whether a peer may call a method; undefined is anonymous. Returns nothing where it is known, as it mostly is.
   *
   * @throws SAMSPEL_CALLER_DENIED, SAMSPEL_IDENTITY_REFUSED; SAMSPEL_REGISTRY_UNREACHABLE where nobody could say.
   */
  admit(peer: Peer | undefined, method: DescMethod): void | Promise<void>;
  /** Looks at a peer again, after a change; revokes it where it is no longer welcome. */
  reconsider(peer: Peer): Promise<void>;
}

export function createGuard({ identity, authorizer }: ServerIdentity): Guard {
  const own = identity.service;
  const rules = new Map<DescMethod, ReadonlySet<string> | undefined>();
  const ruleOf = (method: DescMethod): ReadonlySet<string> | undefined => {
    if (rules.has(method)) return rules.get(method);
    const names = allowedCallers(method);
    const rule = names === undefined ? undefined : new Set(names);
    rules.set(method, rule);
    return rule;
  };
  const byRule = (peer: Peer | undefined, method: DescMethod): void => {
    const rule = ruleOf(method);
    if (rule === undefined) return;
    if (peer !== undefined && (rule.has("*") || rule.has(peer.id.service))) return;
    const name = nameOf(method);
    throw denied(peer, own, name, `${name} is not for it: its (samspel.v1.allow) does not name it`);
  };
  const byDefault = "no intention allows it";
  const check = (peer: Peer, method: string, known: { type: string; by?: string }): void => {
    if (known.type === "allowed") return;
    throw denied(peer, own, method, known.by === "default" ? byDefault : "an intention denies it");
  };
  const ask = async (peer: Peer): Promise<Awaited<ReturnType<Authorizer["authorize"]>>> => {
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
    admit(peer, method) {
      if (peer === undefined) return byRule(peer, method);
      if (peer.revoked.aborted) throw peer.revoked.reason;
      if (Date.now() >= peer.expiresAt) throw expired(peer);
      const known = authorizer.look(peer.asked);
      if (known.type === "unknown") {
        return ask(peer).then((settled) => {
          check(peer, nameOf(method), settled);
          byRule(peer, method);
        });
      }
      check(peer, nameOf(method), known);
      byRule(peer, method);
    },
    async reconsider(peer) {
      try {
        identity.verifyPeer(peer.chain);
      } catch (error) {
        return peer.revoke(refusedIdentity(peer, error));
      }
      // Where nobody can say, each call is asked about, and refused (G2).
      const settled = await ask(peer).catch(() => undefined);
      if (settled?.type !== "denied") return;
      const why = settled.by === "default" ? byDefault : "an intention denies it";
      peer.revoke(denied(peer, own, undefined, why));
    },
  };
}

function denied(peer: Peer | undefined, own: string, method: string | undefined, why: string): SamspelError {
  const caller = peer?.id.service;
  return new SamspelError(
    "SAMSPEL_CALLER_DENIED",
    `${caller ?? "a caller without a certificate"} may not call ${own}: ${why}`,
    {
      metadata: {
        service: own,
        ...(caller === undefined ? {} : { caller }),
        ...(method === undefined ? {} : { method }),
      },
    },
  );
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
