// One peer of a server with an identity: who it is, for how long, and whether it is still welcome.
import type { Caller as AskedCaller, SpiffeId } from "@samspel/registry";
import { createContextKey, type ContextKey, type ContextValues } from "@connectrpc/connect";
import type { X509Certificate } from "node:crypto";
import { principalKey, type ServicePrincipal } from "../auth/index.ts";
import type { SamspelError } from "../errors/index.ts";
import { identityKey, type Caller } from "./caller.ts";

/** A connection whose certificate has been verified. */
export interface Peer {
  readonly id: SpiffeId;
  /** As calls see it. */
  readonly caller: Caller;
  /** Who asks by its calls, where they bring no user's token. */
  readonly principal: ServicePrincipal;
  /** Its own certificate first. */
  readonly chain: readonly X509Certificate[];
  /** As intentions are asked about it. */
  readonly asked: AskedCaller;
  /** When its certificate ends, and when it has to come back with another: a little before. As `Date.now()`. */
  readonly expiresAt: number;
  readonly renewAt: number;
  /** Aborts, with the reason, when the peer is no longer welcome. */
  readonly revoked: AbortSignal;
  revoke(reason: SamspelError): void;
}

/** Whose call it is; undefined for an anonymous one. */
export const peerKey: ContextKey<Peer | undefined> = createContextKey<Peer | undefined>(undefined, {
  description: "samspel.peer",
});

/** Puts where handlers find it whose connection a call came by. */
export function describePeer(values: ContextValues, peer: Peer | undefined): void {
  if (peer === undefined) return;
  values.set(peerKey, peer).set(identityKey, peer.caller).set(principalKey, peer.principal);
}

const longestMarginMs = 60_000;

export function createPeer(id: SpiffeId, chain: readonly X509Certificate[]): Peer {
  const [certificate] = chain;
  const expiresAt = certificate?.validToDate.getTime() ?? 0;
  const lifeMs = expiresAt - (certificate?.validFromDate.getTime() ?? 0);
  const revocation = new AbortController();
  return {
    id,
    caller: { type: "service", service: id.service, spiffeId: id.uri },
    principal: { type: "service", name: id.service, spiffeId: id.uri },
    chain,
    asked: { uri: id.uri, service: id.service, serial: certificate?.serialNumber ?? "" },
    expiresAt,
    renewAt: expiresAt - Math.min(longestMarginMs, lifeMs / 10),
    revoked: revocation.signal,
    revoke: (reason) => revocation.abort(reason),
  };
}
