// registration.json: what an instance says of itself, as it arrives at the registry.
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createRegistry, type Registration } from "@samspel/registry";
import t, { type Test } from "tap";
import { readVectors } from "./read-vectors.ts";

interface Vectors {
  readonly vectors: readonly {
    readonly about: string;
    readonly instance: Registration & { readonly descriptorSha256?: string };
    readonly body: Readonly<Record<string, unknown>>;
  }[];
  readonly refused: readonly {
    readonly about: string;
    readonly field: string;
    readonly instance: Registration;
  }[];
}

const { vectors, refused } = readVectors("registration") as Vectors;

/** A registry that remembers what it was told last. */
async function listen(t: Test): Promise<{ readonly url: string; readonly bodies: unknown[] }> {
  const bodies: unknown[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (request.url?.startsWith("/v1/agent/service/register") === true)
        bodies.push(JSON.parse(Buffer.concat(chunks).toString()));
      response.end("{}");
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, bodies };
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Durations by their value, and without what the vectors do not speak of. */
function comparable(body: unknown): unknown {
  return JSON.parse(JSON.stringify(body), (key, value: unknown) => {
    if (key === "Weights") return undefined;
    if (key === "Check" && typeof value === "object") return { ...value, Name: undefined };
    if (key === "Weights") return undefined;
    const [, number, unit = ""] = /^(\d+)(ms|s|m|h)$/.exec(String(value)) ?? [];
    if (!["Interval", "Timeout", "TTL", "DeregisterCriticalServiceAfter"].includes(key)) return value;
    return Number(number) * (units[unit] ?? Number.NaN);
  });
}

for (const { about, instance, body } of vectors) {
  const { descriptorSha256, meta, ...own } = instance;
  t.test(`register() says what registration.json has: ${about}`, async (t) => {
    const { url, bodies } = await listen(t);
    await using registry = createRegistry({ url });
    await registry.register({
      ...own,
      meta: {
        ...meta,
        ...(descriptorSha256 === undefined ? {} : { descriptor_sha256: descriptorSha256 }),
      },
    });
    t.same(comparable(bodies[0]), comparable(body));
  });
}

for (const { about, field, instance } of refused) {
  t.test(`register() refuses what must not be registered: ${about}`, async (t) => {
    const { url, bodies } = await listen(t);
    await using registry = createRegistry({ url });
    await t.rejects(registry.register(instance), {
      code: "SAMSPEL_INVALID_CONFIGURATION",
      message: new RegExp(`^Cannot register with ${field}`),
    });
    t.same(bodies, []);
  });
}
