// `/v1/session/…`.
import { parseBody, type Fields } from "./body.ts";
import { parseDuration } from "./duration.ts";
import type { IndexClock } from "./index-clock.ts";
import { nodeCheckId, nodeName } from "./node.ts";
import { Refusal } from "./refusal.ts";
import { answerBlocking, type Request, type Route } from "./router.ts";
import type { Session, SessionSpec, SessionStore } from "./session-store.ts";

const sessionFields: Fields = {
  known: "Name Node TTL LockDelay Behavior Checks NodeChecks ServiceChecks",
  strict: false,
};

const defaultLockDelayMs = 15_000;
const maxLockDelayMs = 60_000;
const minTtlMs = 10_000;
const maxTtlMs = 86_400_000;

export function sessionRoutes(store: SessionStore, clock: IndexClock): readonly Route[] {
  const list = (request: Request) =>
    answerBlocking(
      clock,
      request,
      () => store.index,
      () => ({ body: store.list().map(sessionShape) }),
    );
  return [
    {
      method: "PUT",
      path: "/v1/session/create",
      handle: ({ body }) => ({ body: { ID: store.create(parseSpec(body)).id } }),
    },
    {
      method: "PUT",
      path: "/v1/session/destroy/:id",
      handle({ param }) {
        store.destroy(param("id"));
        return { body: true };
      },
    },
    {
      method: "PUT",
      path: "/v1/session/renew/:id",
      handle({ param }) {
        const session = store.renew(param("id"));
        if (session === undefined) throw new Refusal(404, `Session id '${param("id")}' not found`);
        return { body: [sessionShape(session)] };
      },
    },
    {
      method: "GET",
      path: "/v1/session/info/:id",
      handle(request) {
        const id = request.param("id");
        return answerBlocking(
          clock,
          request,
          () => store.indexOf(id),
          () => {
            const session = store.get(id);
            return { body: session === undefined ? [] : [sessionShape(session)] };
          },
        );
      },
    },
    { method: "GET", path: "/v1/session/list", handle: list },
    {
      method: "GET",
      path: "/v1/session/node/:node",
      handle: (request) =>
        request.param("node") === nodeName ? list(request) : { body: [], index: store.index },
    },
  ];
}

function parseSpec(bytes: Buffer): SessionSpec {
  const body = parseBody(bytes.length === 0 ? Buffer.from("{}") : bytes, sessionFields);
  const ttl = body.string("TTL");
  const ttlMs = ttl === "" ? undefined : parseDuration(ttl);
  if (ttl !== "" && (ttlMs === undefined || ttlMs < minTtlMs || ttlMs > maxTtlMs)) {
    throw new Refusal(500, `Invalid Session TTL '${ttl}', must be between [10s=24h0m0s]`);
  }
  const behavior = body.string("Behavior") || "release";
  if (behavior !== "release" && behavior !== "delete") {
    throw new Refusal(500, `Invalid Behavior setting '${behavior}'`);
  }
  const serviceChecks = body.children("ServiceChecks", { known: "ID Namespace" });
  return {
    name: body.string("Name"),
    ttl,
    ttlMs,
    behavior,
    lockDelayMs: Math.min(parseLockDelay(body.raw("LockDelay")), maxLockDelayMs),
    nodeChecks: body.strings("NodeChecks") ?? body.strings("Checks") ?? [nodeCheckId],
    serviceChecks: serviceChecks.map((check) => check.string("ID")),
  };
}

/** A duration; a number is in nanoseconds, a small one (below 1000) in seconds, as in Consul. */
function parseLockDelay(value: unknown): number {
  if (value === undefined) return defaultLockDelayMs;
  const ms =
    typeof value === "number"
      ? value < 1_000
        ? value * 1_000
        : value / 1e6
      : parseDuration(typeof value === "string" ? value : "");
  if (ms === undefined) throw new Refusal(400, "Request decode failed: LockDelay must be a duration");
  return ms;
}

function sessionShape(session: Session): Readonly<Record<string, unknown>> {
  return {
    ID: session.id,
    Name: session.name,
    Node: nodeName,
    LockDelay: session.lockDelayMs * 1e6,
    Behavior: session.behavior,
    TTL: session.ttl,
    NodeChecks: session.nodeChecks,
    ServiceChecks: session.serviceChecks.length === 0 ? null : session.serviceChecks.map((ID) => ({ ID })),
    CreateIndex: Number(session.createIndex),
    ModifyIndex: Number(session.createIndex),
  };
}
