// Parts that run already: only looked at, so that a wrong URL is one clear error at the start (A1).
import postgres from "postgres";
import type { InfraPartName } from "./infra.ts";
import { InfraError, reasonOf } from "./infra-error.ts";
import { natsAnswers } from "./nats-answers.ts";
import type { GivenPart } from "./options.ts";
import { partTitles } from "./part.ts";
import { redactUrl } from "./redact-url.ts";

const timeoutMs = 5000;

const schemes: Readonly<Record<InfraPartName, readonly string[]>> = {
  postgres: ["postgres:", "postgresql:"],
  nats: ["nats:", "tls:"],
  registry: ["http:", "https:"],
};

/** Checks that the part answers; returns its URL in the form that all clients take. */
export async function checkGivenPart(name: InfraPartName, given: GivenPart): Promise<string> {
  const url = normalizeUrl(name, given.url);
  if (!URL.canParse(url) || !schemes[name].includes(new URL(url).protocol)) {
    throw new InfraError(
      `Cannot use ${partTitles[name]} as ${given.variable} must be a URL that starts with ` +
        `${schemes[name].map((scheme) => `${scheme}//`).join(" or ")}: current value is ${redactUrl(given.url)}`,
      { part: name },
    );
  }
  try {
    await probes[name](url);
  } catch (error) {
    throw new InfraError(
      `Cannot reach ${partTitles[name]} at ${redactUrl(url)}, given by ${given.variable}: ${reasonOf(error)}. ` +
        `Start it, correct ${given.variable}, or unset ${given.variable}: then one is started for you`,
      { part: name, cause: error },
    );
  }
  return url;
}

/** The URL in the form that all clients take: Consul's own tools take an address without a scheme. */
export function normalizeUrl(name: InfraPartName, url: string): string {
  return name === "registry" && !url.includes("://") ? `http://${url}` : url.replace(/\/$/, "");
}

const probes: Readonly<Record<InfraPartName, (url: string) => Promise<void>>> = {
  async postgres(url) {
    const sql = postgres(url, { max: 1, connect_timeout: timeoutMs / 1000, onnotice: () => {} });
    try {
      await sql`select 1`;
    } finally {
      await sql.end({ timeout: 1 });
    }
  },
  async nats(url) {
    const { hostname, port } = new URL(url.replace(/^(nats|tls):/, "http:"));
    const answer = await natsAnswers(hostname, port === "" ? 4222 : Number(port), timeoutMs);
    if (answer.type === "refused") throw new Error(answer.reason);
  },
  async registry(url) {
    const response = await fetch(`${url}/v1/status/leader`, { signal: AbortSignal.timeout(timeoutMs) });
    if (!response.ok) throw new Error(`it answered ${response.status} to /v1/status/leader`);
    if ((await response.json()) === "") throw new Error("it has no leader");
  },
};
