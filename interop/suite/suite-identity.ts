// The suite's own certificate, with which it reaches programs that want one.
import type { createGrpcTransport } from "@connectrpc/connect-node";

interface Leaf {
  readonly CertPEM: string;
  readonly PrivateKeyPEM: string;
}

interface Roots {
  readonly Roots: readonly { readonly RootCert: string }[];
}

async function ask<T>(registryUrl: string, path: string): Promise<T> {
  const answer = await fetch(`${registryUrl}/v1/agent/connect/ca/${path}`);
  if (!answer.ok) throw new Error(`${path}: Consul answers ${answer.status}: ${await answer.text()}`);
  // The shape is Consul's.
  return (await answer.json()) as T;
}

/** How to call a program as the service `suite`. */
export async function identityOptions(
  registryUrl: string,
  port: number,
): Promise<Parameters<typeof createGrpcTransport>[0]> {
  const leaf = await ask<Leaf>(registryUrl, "leaf/suite");
  const roots = await ask<Roots>(registryUrl, "roots");
  return {
    baseUrl: `https://127.0.0.1:${port}`,
    nodeOptions: {
      cert: leaf.CertPEM,
      key: leaf.PrivateKeyPEM,
      ca: roots.Roots.map(({ RootCert }) => RootCert),
      // The certificate names the service, not the host.
      checkServerIdentity: () => undefined,
    },
  };
}
