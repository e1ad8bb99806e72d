// `/v1/kv/…`.
import type { IndexClock } from "./index-clock.ts";
import type { KvCondition, KvEntry, KvStore } from "./kv-store.ts";
import { Refusal } from "./refusal.ts";
import { answerBlocking, type Reply, type Request, type Route } from "./router.ts";
import type { SessionStore } from "./session-store.ts";

const maxValueBytes = 512 * 1024;

export function kvRoutes(store: KvStore, sessions: SessionStore, clock: IndexClock): readonly Route[] {
  const path = "/v1/kv/*";
  return [
    { method: "GET", path, handle: (request) => get(store, clock, request) },
    { method: "PUT", path, handle: (request) => put(store, sessions, request) },
    { method: "DELETE", path, handle: (request) => remove(store, request) },
  ];
}

function get(store: KvStore, clock: IndexClock, request: Request): Promise<Reply> {
  const { query } = request;
  const key = request.param("rest");
  if (query.has("keys") || query.has("recurse")) {
    return answerBlocking(
      clock,
      request,
      () => store.indexOfPrefix(key),
      () => {
        const entries = store.list(key);
        if (entries.length === 0) return { status: 404 };
        return {
          body: query.has("keys")
            ? keysUpTo(entries, key, query.get("separator") ?? "")
            : entries.map(entryShape),
        };
      },
    );
  }
  if (key === "") throw new Refusal(400, "Missing key name");
  return answerBlocking(
    clock,
    request,
    () => store.indexOf(key),
    () => {
      const entry = store.get(key);
      if (entry === undefined) return { status: 404 };
      return { body: query.has("raw") ? entry.value : [entryShape(entry)] };
    },
  );
}

function put(store: KvStore, sessions: SessionStore, { param, query, body }: Request): Reply {
  const key = param("rest");
  if (key === "") throw new Refusal(400, "Missing key name");
  const given = ["cas", "acquire", "release"].filter((name) => query.has(name));
  if (given.length > 1) {
    throw new Refusal(
      400,
      `Conflicting flags: ${given.map((name) => `${name}=${query.get(name)}`).join("&")}`,
    );
  }
  if (body.length > maxValueBytes) {
    throw new Refusal(413, `Request body(${body.length} bytes) too large, max size: ${maxValueBytes} bytes.`);
  }
  const condition = parseCondition(query, sessions);
  const flags = Number(parseUint(query.get("flags") ?? "0"));
  return { body: store.put(key, body, flags, condition) };
}

function parseCondition(query: URLSearchParams, sessions: SessionStore): KvCondition {
  const cas = query.get("cas");
  if (cas !== null) return { type: "cas", index: parseUint(cas) };
  const release = query.get("release");
  if (release !== null) return { type: "release", session: release };
  const acquire = query.get("acquire");
  if (acquire === null) return { type: "always" };
  if (sessions.get(acquire) === undefined) {
    throw new Refusal(500, `raft apply failed: invalid session "${acquire}"`);
  }
  return { type: "acquire", session: acquire };
}

function remove(store: KvStore, { param, query }: Request): Reply {
  const key = param("rest");
  if (query.has("recurse")) {
    store.removeAll(key);
    return { body: true };
  }
  if (key === "") throw new Refusal(400, "Missing key name");
  const cas = query.get("cas");
  return { body: cas === null ? store.remove(key) : store.remove(key, parseUint(cas)) };
}

function parseUint(text: string): bigint {
  if (!/^\d+$/.test(text)) throw new Refusal(500, `strconv.ParseUint: parsing "${text}": invalid syntax`);
  return BigInt(text);
}

/** The keys, cut after the first separator behind the prefix, each once. */
function keysUpTo(entries: readonly KvEntry[], prefix: string, separator: string): readonly string[] {
  const keys = entries.map(({ key }) => {
    const end = separator === "" ? -1 : key.indexOf(separator, prefix.length);
    return end < 0 ? key : key.slice(0, end + separator.length);
  });
  return [...new Set(keys)];
}

function entryShape(entry: KvEntry): Readonly<Record<string, unknown>> {
  return {
    LockIndex: entry.lockIndex,
    Key: entry.key,
    Flags: entry.flags,
    Value: entry.value.length === 0 ? null : entry.value.toString("base64"),
    ...(entry.session === undefined ? {} : { Session: entry.session }),
    CreateIndex: Number(entry.createIndex),
    ModifyIndex: Number(entry.modifyIndex),
  };
}
