// Parts that run already: only looked at, so that a wrong URL is one clear error at the start (A1).
import postgres from "postgres";
import type { InfraPartName } from "./infra.ts";
import { InfraError, reasonOf } from "./infra-error.ts";
import { natsAnswers } from "./nats-answers.ts";
import type { GivenPart } from "./options.ts";
import { partTitles } from "./part.ts";
import { redactUrl } from "@samspel/registry/redact-url";

const answerTimeoutMs = 5000;

const schemes: Readonly<Record<InfraPartName, readonly string[]>> = {
  postgres: ["postgres:", "postgresql:"],
  nats: ["nats:", "tls:"],
  registry: ["http:", "https:"],
};

/** How the check of a given part ends where no answer comes. */
export interface GivenPartCheck {
  readonly signal: AbortSignal;
  /** Default 5,000. */
  readonly timeoutMs?: number;
}

/** Checks that the part answers; returns its URL in the form that all clients take. */
export async function checkGivenPart(
  name: InfraPartName,
  given: GivenPart,
  { signal, timeoutMs = answerTimeoutMs }: GivenPartCheck,
): Promise<string> {
  const url = normalizeUrl(name, given.url);
  if (!URL.canParse(url) || !schemes[name].includes(new URL(url).protocol)) {
    throw new InfraError(
      `Cannot use ${partTitles[name]} as ${given.variable} must be a URL that starts with ` +
        `${schemes[name].map((scheme) => `${scheme}//`).join(" or ")}: current value is ${redactUrl(given.url)}`,
      { part: name },
    );
  }
  try {
    await withinTime((over) => probes[name](url, over), timeoutMs, signal);
  } catch (error) {
    signal.throwIfAborted();
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

// Whatever listens there, a client of Postgres waits without end for words that it understands.
async function withinTime(
  probe: (over: AbortSignal) => Promise<void>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const timeUp = new AbortController();
  const over = AbortSignal.any([signal, timeUp.signal]);
  const timer = setTimeout(
    () => timeUp.abort(new Error(`no answer that we understand within ${timeoutMs / 1000} s`)),
    timeoutMs,
  );
  try {
    over.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      // First of all listeners: what the probe says of its end is of no use to anyone.
      over.addEventListener("abort", () => reject(over.reason), { once: true });
      probe(over).then(resolve, reject);
    });
  } finally {
    clearTimeout(timer);
  }
}

const probes: Readonly<Record<InfraPartName, (url: string, over: AbortSignal) => Promise<void>>> = {
  async postgres(url, over) {
    const sql = postgres(url, { max: 1, onnotice: () => {} });
    const giveUp = (): void => void sql.end({ timeout: 0 });
    over.addEventListener("abort", giveUp, { once: true });
    try {
      await sql`select 1`;
    } finally {
      over.removeEventListener("abort", giveUp);
      await sql.end({ timeout: 1 });
    }
  },
  async nats(url) {
    const { hostname, port, username } = new URL(url.replace(/^(nats|tls):/, "http:"));
    const answer = await natsAnswers(hostname, port === "" ? 4222 : Number(port), answerTimeoutMs);
    if (answer.type === "refused") throw new Error(answer.reason);
    if (answer.wantsUser && username === "")
      throw new Error(
        "it wants to know who connects (nats://user:password@host:port, or nats://token@host:port)",
      );
  },
  async registry(url, over) {
    const response = await fetch(`${url}/v1/status/leader`, { signal: over });
    if (!response.ok) throw new Error(`it answered ${response.status} to /v1/status/leader`);
    const leader: unknown = await response.json().catch(() => undefined);
    if (typeof leader !== "string") throw new Error("it does not speak Consul's API");
    if (leader === "") throw new Error("it has no leader");
  },
};
