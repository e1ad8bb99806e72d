// Finds an instance of a service by its name, in the registry.
import { UsageError } from "./usage-error.ts";

export interface RegistryAddress {
  /** Consul's HTTP address. */
  readonly url: string;
  readonly token: string | undefined;
}

/** An entry of `/v1/health/service/<name>`, as far as we read it. */
interface HealthEntry {
  readonly Node: { readonly Address: string };
  readonly Service: {
    readonly Address: string;
    readonly Port: number;
    readonly Meta: Readonly<Record<string, string>> | null;
  };
}

export interface FoundInstance {
  readonly url: string;
  /** Whether it takes callers with an identity only. */
  readonly isSecure: boolean;
}

const timeoutMs = 10_000;

/** One of the service's instances that pass their checks. */
export async function findInstance(registry: RegistryAddress, service: string): Promise<FoundInstance> {
  const entries = await ask<readonly HealthEntry[]>(
    registry,
    `/v1/health/service/${encodeURIComponent(service)}?passing=1`,
  );
  const [entry] = entries;
  if (entry === undefined) {
    const tags = await ask<Readonly<Record<string, readonly string[]>>>(registry, "/v1/catalog/services");
    const known = Object.keys(tags).filter((name) => tags[name]?.includes("grpc") === true);
    throw new UsageError(
      `No instance of service ${service} is in the registry at ${registry.url} and well: there are ${known.toSorted().join(", ") || "no services"}`,
    );
  }
  const address = entry.Service.Address || entry.Node.Address;
  const isSecure = entry.Service.Meta?.["secure"] === "true";
  const host = address.includes(":") ? `[${address}]` : address;
  return { url: `${isSecure ? "https" : "http"}://${host}:${entry.Service.Port}`, isSecure };
}

/** The shapes are Consul's; the contract tests of the registry hold the embedded one to them. */
async function ask<T>({ url, token }: RegistryAddress, path: string): Promise<T> {
  let response: Response;
  try {
    response = await fetch(new URL(path, url), {
      signal: AbortSignal.timeout(timeoutMs),
      headers: token === undefined ? {} : { "x-consul-token": token },
    });
  } catch (error) {
    throw new UsageError(
      `The registry at ${url} does not answer (${reasonOf(error)}): give --registry, set CONSUL_HTTP_ADDR, or give the service's --url`,
    );
  }
  if (!response.ok) {
    throw new UsageError(
      `The registry at ${url} answers ${response.status}: ${(await response.text()).trim()}`,
    );
  }
  return (await response.json()) as T;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
