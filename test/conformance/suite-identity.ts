// The suite's certificates as an identity of ours. They name no service of a registry, so anybody whom the suite's CA has
// signed is let in by one name; that it has signed them is OpenSSL's verdict, as always.
import { X509Certificate } from "node:crypto";
import type { ServerIdentity } from "../../ts-runtime/src/service/index.ts";
import type { ServerCompatRequest } from "../gen/connectrpc/conformance/v1/server_compat_pb.ts";

const spiffeId = "spiffe://suite.test/ns/default/dc/dc1/svc/conformance";

/** Undefined where the suite wants plaintext. */
export function suiteIdentity({
  useTls,
  serverCreds,
  clientTlsCert,
}: ServerCompatRequest): ServerIdentity | undefined {
  if (!useTls || serverCreds === undefined) return undefined;
  const certificates = Buffer.from(serverCreds.cert).toString();
  const {
    serialNumber: serial,
    validFromDate: notBefore,
    validToDate: notAfter,
  } = new X509Certificate(certificates);
  const roots = [Buffer.from(clientTlsCert).toString()];
  const nothing = (): void => {};
  return {
    mode: "strict",
    identity: {
      service: "conformance",
      spiffeId,
      leaf: {
        spiffeId,
        certificates,
        privateKey: Buffer.from(serverCreds.key).toString(),
        serial,
        notBefore,
        notAfter,
      },
      isExpired: false,
      trust: { trustDomain: "suite.test", roots },
      roots,
      onChange: () => nothing,
      verifyPeer: () => ({ uri: spiffeId, trustDomain: "suite.test", datacenter: "dc1", service: "suite" }),
      close: nothing,
      [Symbol.dispose]: nothing,
    },
    authorizer: {
      service: "conformance",
      look: () => ({ type: "allowed" }),
      authorize: async () => ({ type: "allowed" }),
      onChange: () => nothing,
      close: nothing,
      [Symbol.dispose]: nothing,
    },
  };
}
