// What `samspel tail` does.
import type { NatsConnection } from "nats";
import { createApiCatalog } from "../../dynamic/index.ts";
import { resolveColors } from "../../report/index.ts";
import {
  connectNats,
  decodeMessage,
  keyOf,
  readTopic,
  topicsOf,
  type DeclaredTopic,
  type StoredMessage,
} from "../../topics/index.ts";
import { UsageError } from "../backoffice/usage-error.ts";
import { interrupted } from "../call/exit-code.ts";
import { runOnSystem, type Tools } from "../system/run.ts";
import { placeOf } from "./from.ts";
import type { TailOptions } from "./index.ts";
import { findTopic } from "./topics.ts";

export async function tail(asked: string | undefined, options: TailOptions): Promise<number> {
  return runOnSystem(options, async (tools) => {
    const catalog = createApiCatalog({ registry: tools.registry, proto: options.proto });
    if (asked === undefined) return list(topicsOf(await catalog.list()), tools);
    const limit = limitOf(options.limit);
    const place = placeOf(options.from);
    return follow(await findTopic(catalog, asked), { ...options, limit, place }, tools);
  });
}

function list(topics: readonly DeclaredTopic[], { printer, json }: Tools): number {
  const facts = topics.map(({ name, method, live, partitions, services }) => ({
    topic: name,
    message: method.output.typeName,
    kept: !live,
    partitions,
    services,
  }));
  if (json) {
    for (const fact of facts) printer.line(JSON.stringify(fact));
    return 0;
  }
  printer.table(
    ["topic", "message", "partitions", "service"],
    facts.map(({ topic, message, kept, partitions, services }) => [
      topic,
      message,
      kept ? String(partitions) : "live",
      services.join(", "),
    ]),
    "no registered service has topics",
  );
  return 0;
}

interface Following extends Omit<TailOptions, "limit"> {
  readonly limit: number;
  readonly place: ReturnType<typeof placeOf>;
}

async function follow(topic: DeclaredTopic, options: Following, { system, json }: Tools): Promise<number> {
  const connection = await connectTo(system.natsUrl);
  const end = new AbortController();
  let code = 0;
  const onSignal = (): void => {
    code = interrupted;
    end.abort();
  };
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  const show = json ? showJson : showLine;
  let count = 0;
  try {
    for await (const message of readTopic(topic, {
      connection,
      prefix: options.topicPrefix,
      place: options.place,
      follow: options.follow,
      signal: end.signal,
      onWait: () => console.error(`${topic.name} has no stream yet, as nobody has published to it: waiting`),
    })) {
      if (options.key !== undefined && keyOf(message) !== options.key) continue;
      show(topic, message);
      if (++count >= options.limit) break;
    }
    return code;
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
    await connection.close();
  }
}

async function connectTo(url: string): Promise<NatsConnection> {
  try {
    return await connectNats(url, "samspel tail");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`NATS at ${url} does not answer (${reason}): give --nats, or set NATS_URL`);
  }
}

function showLine(topic: DeclaredTopic, message: StoredMessage): void {
  const colors = resolveColors(process.stdout);
  const decoded = decodeMessage(topic, message);
  const place = message.sequence === undefined ? "" : ` ${message.sequence}`;
  console.log(
    `${colors.dim(message.time.toISOString() + place)} ${colors.cyan(decoded.key || "–")} ${decoded.type === "message" ? decoded.json : colors.red(decoded.problem)}`,
  );
}

function showJson(topic: DeclaredTopic, message: StoredMessage): void {
  const decoded = decodeMessage(topic, message);
  const { partition, sequence, time, headers } = message;
  const facts = {
    topic: topic.name,
    ...(sequence === undefined ? {} : { partition, sequence }),
    key: decoded.key,
    id: headers["ce-id"] ?? "",
    type: headers["ce-type"] ?? topic.method.output.typeName,
    time: time.toISOString(),
    headers,
    ...(decoded.type === "message"
      ? {}
      : { problem: decoded.problem, body: Buffer.from(message.data).toString("base64") }),
  };
  const text = JSON.stringify(facts);
  console.log(decoded.type === "message" ? `${text.slice(0, -1)},"message":${decoded.json}}` : text);
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return Infinity;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new UsageError(`--limit must be a number, 1 or more: current value is "${text}"`);
}
