// The file of `samspel gateway --config`: the options of `startGateway`, as JSON.
import { readFile } from "node:fs/promises";
import * as v from "valibot";
import { GatewayError } from "./gateway-error.ts";
import type { GatewayOptions } from "./options.ts";

const count = v.pipe(v.number(), v.minValue(0));
const names = v.array(v.string());

const configSchema = v.strictObject({
  $schema: v.exactOptional(v.string()),
  registryUrl: v.exactOptional(v.string()),
  host: v.exactOptional(v.string()),
  port: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535))),
  name: v.exactOptional(v.string()),
  identity: v.exactOptional(v.picklist(["none", "consul", "consul-permissive"])),
  timeoutMs: v.exactOptional(count),
  maxTimeoutMs: v.exactOptional(count),
  maxMessageBytes: v.exactOptional(count),
  cors: v.exactOptional(
    v.strictObject({
      origins: names,
      credentials: v.exactOptional(v.boolean()),
      headers: v.exactOptional(names),
      maxAgeS: v.exactOptional(count),
    }),
  ),
  jwt: v.exactOptional(
    v.strictObject({
      jwksUrl: v.exactOptional(v.string()),
      keyFile: v.exactOptional(v.string()),
      algorithm: v.exactOptional(v.string()),
      issuer: v.exactOptional(v.string()),
      audience: v.exactOptional(v.string()),
      anonymous: v.exactOptional(names),
      claims: v.exactOptional(names),
      clockToleranceMs: v.exactOptional(count),
      forward: v.exactOptional(v.boolean()),
    }),
  ),
  rateLimits: v.exactOptional(
    v.array(
      v.strictObject({
        methods: v.exactOptional(v.string()),
        by: v.exactOptional(v.picklist(["principal", "address", "all"])),
        perSecond: v.number(),
        burst: v.exactOptional(v.number()),
      }),
    ),
  ),
  trustedProxies: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  tls: v.exactOptional(v.strictObject({ certFile: v.string(), keyFile: v.string() })),
  emitDefaults: v.exactOptional(v.boolean()),
  reflection: v.exactOptional(v.boolean()),
  adminPort: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(65_535))),
  adminHost: v.exactOptional(v.string()),
  drainMs: v.exactOptional(count),
  accessLog: v.exactOptional(v.boolean()),
});

/** @throws GatewayError that names the file, the key and what is wrong with it. */
export async function readGatewayConfig(path: string): Promise<GatewayOptions> {
  const parsed = v.safeParse(configSchema, await readJson(path));
  if (!parsed.success) {
    const problems = parsed.issues
      .map((issue) => `  ${v.getDotPath(issue) ?? "the file"}: ${issue.message}`)
      .join("\n");
    throw new GatewayError(`Cannot use ${path}:\n${problems}`);
  }
  const { $schema: _, ...options } = parsed.output;
  return options;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new GatewayError(`Cannot read the configuration ${path}: ${reason}`, { cause: error });
  }
}
