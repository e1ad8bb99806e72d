// The TLS side of a port: handshakes with the identity of now, and the verification of who comes (G1).
//
//   T1. A new leaf or root is used from the next handshake on; connections that stand are not touched by it.
//   T2. With a leaf that is over nobody is served: that is said loudly, and every handshake is turned away.
import { constants } from "node:crypto";
import type { Socket } from "node:net";
import tls, { type TLSSocket } from "node:tls";
import { IdentityError, peerChain, type Identity } from "@samspel/registry";
import type { Logger } from "../telemetry/index.ts";
import { turnAway } from "./goodbye.ts";
import { createPeer, type Peer } from "./peer.ts";
import type { RefusedPeer } from "./refusal-log.ts";

const handshakeMs = 10_000;
const expiryWarningMs = 60_000;

export interface TlsPortOptions {
  readonly identity: Identity;
  readonly logger: Logger;
  readonly onRefused: (refused: RefusedPeer) => void;
  /** Gets a connection that stands; it speaks HTTP/2 or 1.1. */
  readonly onPeer: (socket: TLSSocket, peer: Peer, isHttp2: boolean) => void;
}

export interface TlsPort {
  /** Takes a connection that begins with a handshake. */
  accept(socket: Socket): void;
  close(): void;
}

export function createTlsPort({ identity, logger, onRefused, onPeer }: TlsPortOptions): TlsPort {
  const server = tls.createServer({
    ...secureContext(identity),
    ALPNProtocols: ["h2", "http/1.1"],
    requestCert: true,
    // Not by TLS, which would close without a word: `verify` turns away whom OpenSSL has not verified.
    rejectUnauthorized: false,
    handshakeTimeout: handshakeMs,
  });
  let warnedAt = -Infinity;

  server.on("secureConnection", (socket) => {
    const isHttp2 = socket.alpnProtocol === "h2";
    socket.on("error", () => socket.destroy());
    try {
      onPeer(socket, verify(socket, identity), isHttp2);
    } catch (error) {
      if (!(error instanceof IdentityError)) throw error;
      onRefused({ address: socket.remoteAddress ?? "unknown", reason: error.reason, message: error.message });
      turnAway(socket, isHttp2 ? "h2" : "http1", error.message);
    }
  });
  server.on("tlsClientError", (error, socket) => {
    const code = "code" in error && typeof error.code === "string" ? error.code : "handshake";
    // Who goes away in the middle of a handshake is a port scan, or a health check by TCP.
    if (code === "ECONNRESET") return;
    onRefused({ address: socket.remoteAddress ?? "unknown", reason: code, message: error.message });
  });
  const leave = identity.onChange(() => server.setSecureContext(secureContext(identity)));

  return {
    accept(socket) {
      if (identity.isExpired) {
        if (performance.now() - warnedAt > expiryWarningMs) {
          warnedAt = performance.now();
          logger.error(
            { spiffeId: identity.spiffeId, notAfter: identity.leaf.notAfter },
            "THE CERTIFICATE OF THIS SERVICE IS OVER: nobody is served until the registry gives a new one",
          );
        }
        socket.destroy();
        return;
      }
      server.emit("connection", socket);
    },
    close: leave,
  };
}

function secureContext({ leaf, roots }: Identity): tls.SecureContextOptions {
  return {
    cert: leaf.certificates,
    key: leaf.privateKey,
    ca: [...roots],
    minVersion: "TLSv1.2",
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

/** @throws IdentityError that says why the peer is not let in (G1). */
function verify(socket: TLSSocket, identity: Identity): Peer {
  const chain = peerChain(socket.getPeerCertificate(true));
  if (chain.length === 0) throw new IdentityError("no-certificate", "it showed no certificate");
  const id = identity.verifyPeer(chain);
  // OpenSSL has looked at more than we have: purposes, constraints, lengths of paths.
  if (!socket.authorized) {
    throw new IdentityError(
      "untrusted",
      `its certificate was not verified: ${String(socket.authorizationError)}`,
    );
  }
  return createPeer(id, chain);
}
