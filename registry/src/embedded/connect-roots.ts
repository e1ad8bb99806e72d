// `/v1/connect/ca/…` and `/v1/agent/connect/ca/…`: the roots of trust, and a certificate for whoever asks.
import type { ConnectCa, Root, SignedLeaf } from "./connect-ca.ts";
import { parseBody } from "./body.ts";
import { parseDuration } from "./duration.ts";
import type { IndexClock } from "./index-clock.ts";
import { Refusal } from "./refusal.ts";
import { answerBlocking, type Reply, type Request, type Route } from "./router.ts";

const rootsResource = "connect-roots";
const leafResource = (service: string): string => `connect-leaf:${service}`;
const longestTimerMs = 2 ** 31 - 1;

export interface ConnectRoots {
  readonly routes: readonly Route[];
  close(): void;
}

export function connectRoots(clock: IndexClock, settings: { readonly leafTtlMs: number }): ConnectRoots {
  let { leafTtlMs } = settings;
  let authority: Promise<ConnectCa> | undefined;
  /** Made at the first question: most systems in development never ask one. */
  const ca = (): Promise<ConnectCa> =>
    (authority ??= import("./connect-ca.ts").then(({ createConnectCa }) => createConnectCa()));
  const leafs = new Map<string, { readonly made: Promise<SignedLeaf>; readonly renewal: NodeJS.Timeout }>();

  const make = (service: string): Promise<SignedLeaf> => {
    clearTimeout(leafs.get(service)?.renewal);
    const made = ca().then((authority) => authority.sign(service, leafTtlMs));
    const renew = (): void => {
      void make(service).then(() => clock.touch(leafResource(service)));
    };
    const renewal = setTimeout(renew, Math.min(longestTimerMs, (leafTtlMs * 2) / 3)).unref();
    leafs.set(service, { made, renewal });
    return made;
  };

  const getRoots = async (request: Request): Promise<Reply> => {
    const authority = await ca();
    return answerBlocking(
      clock,
      request,
      () => clock.of(rootsResource),
      () => ({ body: rootsShape(authority) }),
    );
  };
  const getLeaf = async (request: Request): Promise<Reply> => {
    const service = request.param("service");
    const resource = leafResource(service);
    if (!leafs.has(service)) {
      await make(service);
      clock.touch(resource);
    }
    const { index } = await answerBlocking(
      clock,
      request,
      () => clock.of(resource),
      () => ({}),
    );
    const leaf = await (leafs.get(service)?.made ?? make(service));
    return { body: leafShape(service, leaf, clock.of(resource)), ...(index === undefined ? {} : { index }) };
  };
  const configure = async ({ body: bytes }: Request): Promise<Reply> => {
    const body = parseBody(bytes, {
      known: "Provider Config State ForceWithoutCrossSigning CreateIndex ModifyIndex",
    });
    if (!["", "consul"].includes(body.string("Provider"))) {
      throw new Refusal(
        400,
        `The embedded registry has no CA provider "${body.string("Provider")}": use consul`,
      );
    }
    const config = body.child("Config", {
      known: "PrivateKey RootCert LeafCertTTL IntermediateCertTTL RootCertTTL",
    });
    const ttl = config?.string("LeafCertTTL") ?? "";
    if (ttl !== "") leafTtlMs = parseDuration(ttl) ?? leafTtlMs;
    const [privateKey, rootCert] = [config?.string("PrivateKey") ?? "", config?.string("RootCert") ?? ""];
    if ((privateKey === "") !== (rootCert === "")) {
      throw new Refusal(400, "Give both PrivateKey and RootCert, or neither for a new root");
    }
    const authority = await ca();
    try {
      authority.rotate(privateKey === "" ? undefined : { privateKey, rootCert });
    } catch (error) {
      throw new Refusal(
        400,
        `Cannot use this root: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
    const services = [...leafs.keys()];
    await Promise.all(services.map(make));
    clock.touch(rootsResource, ...services.map(leafResource));
    return {};
  };

  return {
    routes: [
      { method: "GET", path: "/v1/agent/connect/ca/roots", handle: getRoots },
      { method: "GET", path: "/v1/connect/ca/roots", handle: getRoots },
      { method: "GET", path: "/v1/agent/connect/ca/leaf/:service", handle: getLeaf },
      {
        method: "GET",
        path: "/v1/connect/ca/configuration",
        handle: () => ({ body: { Provider: "consul", Config: { LeafCertTTL: `${leafTtlMs / 1_000}s` } } }),
      },
      { method: "PUT", path: "/v1/connect/ca/configuration", handle: configure },
    ],
    close() {
      for (const { renewal } of leafs.values()) clearTimeout(renewal);
    },
  };
}

function rootsShape({ trustDomain, roots }: ConnectCa): unknown {
  const [active] = roots;
  const shape = (root: Root): unknown => ({
    ID: root.id,
    Name: "Consul CA Primary Cert",
    SerialNumber: Number.parseInt(root.certificate.serialNumber.slice(-12), 16),
    SigningKeyID: root.keyId,
    ExternalTrustDomain: trustDomain.replace(/\.consul$/, ""),
    NotBefore: root.certificate.validFromDate,
    NotAfter: root.certificate.validToDate,
    RootCert: root.certificate.toString(),
    IntermediateCerts: null,
    Active: root === active,
    PrivateKeyType: "ec",
    PrivateKeyBits: 256,
  });
  return { ActiveRootID: active?.id, TrustDomain: trustDomain, Roots: roots.map(shape) };
}

function leafShape(service: string, leaf: SignedLeaf, index: bigint): unknown {
  return {
    SerialNumber: leaf.serial,
    CertPEM: leaf.certificates,
    PrivateKeyPEM: leaf.privateKey,
    Service: service,
    ServiceURI: leaf.uri,
    ValidAfter: leaf.notBefore,
    ValidBefore: leaf.notAfter,
    CreateIndex: Number(index),
    ModifyIndex: Number(index),
  };
}
