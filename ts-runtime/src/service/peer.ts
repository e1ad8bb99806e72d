// One peer of a server with an identity: who it is, for how long, and whether it is still welcome.
import type { Caller as AskedCaller, SpiffeId } from "@samspel/registry";
import { createContextKey, type ContextKey } from "@connectrpc/connect";
import type { X509Certificate } from "node:crypto";
import type { SamspelError } from "../errors/index.ts";
import type { Caller } from "./caller.ts";

/** A connection whose certificate has been verified. */
export interface Peer {
  readonly id: SpiffeId;
  /** As calls see it. */
  readonly caller: Caller;
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

const longestMarginMs = 60_000;

export function createPeer(id: SpiffeId, chain: readonly X509Certificate[]): Peer {
  const [certificate] = chain;
  const expiresAt = certificate?.validToDate.getTime() ?? 0;
  const lifeMs = expiresAt - (certificate?.validFromDate.getTime() ?? 0);
  const revocation = new AbortController();
  return {
    id,
    caller: { type: "service", service: id.service, spiffeId: id.uri },
    chain,
    asked: { uri: id.uri, service: id.service, serial: certificate?.serialNumber ?? "" },
    expiresAt,
    renewAt: expiresAt - Math.min(longestMarginMs, lifeMs / 10),
    revoked: revocation.signal,
    revoke: (reason) => revocation.abort(reason),
  };
}
