// What the registry says of a service: Consul's answers, of whose shape nothing is assumed.
import { redactUrl } from "@samspel/registry/redact-url";
import { array, fallback, nullish, number, object, parse, record, string } from "valibot";

/** One instance, as `/v1/health/service/<name>` has it. */
export interface Entry {
  readonly Node: { readonly Address: string };
  readonly Service: {
    readonly ID: string;
    readonly Service: string;
    readonly Tags: readonly string[];
    readonly Meta: Readonly<Record<string, string>>;
    readonly Address: string;
    readonly Port: number;
  };
  readonly Checks: readonly EntryCheck[];
}

/** One of its checks, as far as Consul shows it. */
export interface EntryCheck {
  readonly CheckID: string;
  readonly Status: string;
  readonly Output: string;
  readonly ServiceID: string;
  /** `grpc`, `ttl`, `http` … */
  readonly Type: string;
  readonly Interval: string;
}

const strings = nullish(array(string()), []);

const entriesShape = array(
  object({
    Node: object({ Address: string() }),
    Service: object({
      ID: string(),
      Service: string(),
      Tags: strings,
      Meta: nullish(record(string(), string()), {}),
      Address: fallback(string(), ""),
      Port: number(),
    }),
    Checks: array(
      object({
        CheckID: string(),
        Status: string(),
        Output: fallback(string(), ""),
        ServiceID: fallback(string(), ""),
        Type: fallback(string(), ""),
        Interval: fallback(string(), ""),
      }),
    ),
  }),
);
const agentChecksShape = record(string(), object({ Output: fallback(string(), "") }));
const servicesShape = record(string(), strings);
const kvShape = array(object({ Value: nullish(string(), "") }));
const rootsShape = object({
  TrustDomain: string(),
  Roots: nullish(array(object({ RootCert: string() })), []),
});
const leafShape = object({ CertPEM: string(), PrivateKeyPEM: string() });

export interface RegistryAddress {
  /** Consul's HTTP address. */
  readonly url: string;
  readonly token: string | undefined;
}

export interface RegistryReader {
  readonly url: string;
  /** All instances of a service, whatever their checks say. */
  instances(name: string): Promise<readonly Entry[]>;
  /**
   * What a check of the agent said last; undefined where it is another agent's. The catalog hears of that late, where
   * the status stays the same.
   */
  checkOutput(checkId: string): Promise<string | undefined>;
  /** Names and tags of all services. */
  services(): Promise<Readonly<Record<string, readonly string[]>>>;
  /** A value of the KV store; undefined where there is none. */
  value(key: string): Promise<Buffer | undefined>;
  /** Whether this agent, and not another one, has an instance. */
  knows(id: string): Promise<boolean>;
  /** Makes the agent forget an instance. */
  deregister(id: string): Promise<void>;
  /** The roots of the registry's CA, and its trust domain; undefined where it has none. */
  roots(): Promise<{ readonly trustDomain: string; readonly certificates: readonly string[] } | undefined>;
  /** A certificate for a service, where the registry gives such. */
  leaf(service: string): Promise<{ readonly certificate: string; readonly key: string }>;
}

/** Why the registry could not be asked: the verification cannot go on without. */
export class RegistryUnanswered extends Error {}

const timeoutMs = 10_000;

/** @throws RegistryUnanswered for a URL that is none. */
export function createRegistryReader({ url: given, token }: RegistryAddress): RegistryReader {
  const base = URL.canParse(given) ? new URL(given) : undefined;
  if (base === undefined || !/^https?:$/.test(base.protocol))
    throw new RegistryUnanswered(
      `--registry must be like http://127.0.0.1:8500: current value is "${redactUrl(given)}"`,
    );
  const headers: Record<string, string> = token === undefined ? {} : { "x-consul-token": token };
  // fetch() refuses a URL with credentials, and shows them: they travel as the header that they mean.
  if (base.username !== "" || base.password !== "") {
    const credentials = `${decodeURIComponent(base.username)}:${decodeURIComponent(base.password)}`;
    headers["authorization"] = `Basic ${Buffer.from(credentials).toString("base64")}`;
    base.username = "";
    base.password = "";
  }
  const url = base.href.replace(/\/+$/, "");
  const ask = async (path: string, method = "GET"): Promise<Response> => {
    let response: Response;
    try {
      response = await fetch(`${url}${path}`, { method, headers, signal: AbortSignal.timeout(timeoutMs) });
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new RegistryUnanswered(
        `The registry at ${url} does not answer (${cause instanceof Error ? cause.message : String(cause)}): give --registry, set CONSUL_HTTP_ADDR, or give the service's --url`,
      );
    }
    if (response.ok || response.status === 404) return response;
    throw new RegistryUnanswered(
      `The registry at ${url} answers ${response.status}: ${(await response.text()).trim().slice(0, 300)}`,
    );
  };
  return {
    url,
    async instances(name) {
      return parse(entriesShape, await (await ask(`/v1/health/service/${encodeURIComponent(name)}`)).json());
    },
    async checkOutput(checkId) {
      return parse(agentChecksShape, await (await ask("/v1/agent/checks")).json())[checkId]?.Output;
    },
    async services() {
      return parse(servicesShape, await (await ask("/v1/catalog/services")).json());
    },
    async value(key) {
      const response = await ask(`/v1/kv/${key.split("/").map(encodeURIComponent).join("/")}`);
      if (response.status === 404) return undefined;
      const [entry] = parse(kvShape, await response.json());
      return entry === undefined ? undefined : Buffer.from(entry.Value, "base64");
    },
    async knows(id) {
      return (await ask(`/v1/agent/service/${encodeURIComponent(id)}`)).status === 200;
    },
    async deregister(id) {
      await ask(`/v1/agent/service/deregister/${encodeURIComponent(id)}`, "PUT");
    },
    async roots() {
      const response = await ask("/v1/agent/connect/ca/roots");
      if (response.status === 404) return undefined;
      const { TrustDomain, Roots } = parse(rootsShape, await response.json());
      return { trustDomain: TrustDomain, certificates: Roots.map(({ RootCert }) => RootCert) };
    },
    async leaf(service) {
      const response = await ask(`/v1/agent/connect/ca/leaf/${encodeURIComponent(service)}`);
      if (response.status === 404) throw new RegistryUnanswered("the registry gives no certificates");
      const { CertPEM, PrivateKeyPEM } = parse(leafShape, await response.json());
      return { certificate: CertPEM, key: PrivateKeyPEM };
    },
  };
}
