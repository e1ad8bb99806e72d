// `/v1/connect/intentions…` and `/v1/agent/connect/authorize`: who may call whom.
import { parseBody } from "./body.ts";
import type { IndexClock } from "./index-clock.ts";
import { Refusal } from "./refusal.ts";
import { answerBlocking, type Reply, type Request, type Route } from "./router.ts";

const resource = "connect-intentions";

interface Intention {
  readonly source: string;
  readonly destination: string;
  readonly action: "allow" | "deny" | "";
  readonly permissions: readonly unknown[];
  readonly description: string;
  readonly createIndex: bigint;
  readonly modifyIndex: bigint;
}

export function connectIntentionRoutes(clock: IndexClock, byDefault: "allow" | "deny"): readonly Route[] {
  const intentions = new Map<string, Intention>();

  /** The first one decides. */
  const matching = (isAbout: (intention: Intention) => boolean): readonly Intention[] =>
    [...intentions.values()].filter(isAbout).toSorted((left, right) => precedence(right) - precedence(left));
  const judge = (source: string, destination: string): { allowed: boolean; reason: string } => {
    const [first] = matching((it) => covers(it.source, source) && covers(it.destination, destination));
    if (first === undefined) {
      return { allowed: byDefault === "allow", reason: "Default behavior configured by ACLs" };
    }
    const level = first.permissions.length > 0 ? "L7" : "L4";
    return {
      allowed: first.action === "allow",
      reason: `Matched ${level} intention: default/${first.source} => default/${first.destination} (Precedence: ${precedence(first)}, Action: ${first.action.toUpperCase()})`,
    };
  };

  const put = ({ query, body: bytes }: Request): Reply => {
    const [source, destination] = endsOf(query);
    const body = parseBody(bytes, {
      known:
        "ID Description SourceType Action Permissions Meta Precedence SourceName DestinationName SourceNS DestinationNS",
      unsupported: "SourcePeer SourcePartition DestinationPartition",
    });
    const action = body.string("Action");
    const raw = body.raw("Permissions");
    const permissions: readonly unknown[] = Array.isArray(raw) ? raw : [];
    if (permissions.length === 0 && action !== "allow" && action !== "deny") {
      throw new Refusal(500, "Sources[0].Action must be set to 'allow' or 'deny'");
    }
    if (permissions.length > 0 && action !== "") {
      throw new Refusal(500, "Sources[0].Action must be omitted if Permissions are specified");
    }
    const key = keyOf(source, destination);
    const index = clock.touch(resource);
    intentions.set(key, {
      source,
      destination,
      action: permissions.length > 0 ? "" : action === "allow" ? "allow" : "deny",
      permissions,
      description: body.string("Description"),
      createIndex: intentions.get(key)?.createIndex ?? index,
      modifyIndex: index,
    });
    return { body: true };
  };
  const match = (request: Request): Promise<Reply> => {
    const by = request.query.get("by") ?? "";
    const name = request.query.get("name") ?? "";
    if (by === "") throw new Refusal(500, "required query parameter 'by' not set");
    if (name === "") throw new Refusal(500, "required query parameter 'name' not set");
    if (by !== "source" && by !== "destination") {
      throw new Refusal(500, "'by' parameter must be one of 'source' or 'destination'");
    }
    const read = (): Reply => {
      const found = matching((it) => covers(it[by], name));
      return { body: { [name]: found.length === 0 ? null : found.map(shape) } };
    };
    return answerBlocking(clock, request, () => clock.of(resource), read);
  };
  const authorize = ({ body: bytes }: Request): Reply => {
    const body = parseBody(bytes, { known: "Target ClientCertURI ClientCertSerial" });
    const target = body.string("Target");
    if (target === "") throw new Refusal(400, "Target service must be specified");
    const source = /^spiffe:\/\/[^/]+\/ns\/[^/]+\/dc\/[^/]+\/svc\/([^/]+)$/.exec(
      body.string("ClientCertURI"),
    )?.[1];
    if (source === undefined) throw new Refusal(400, "ClientCertURI not a valid Connect identifier");
    const { allowed, reason } = judge(source, target);
    return { body: { Authorized: allowed, Reason: reason } };
  };

  return [
    { method: "POST", path: "/v1/agent/connect/authorize", handle: authorize },
    {
      method: "GET",
      path: "/v1/connect/intentions",
      handle: () => ({ body: matching(() => true).map(shape) }),
    },
    { method: "GET", path: "/v1/connect/intentions/match", handle: match },
    {
      method: "GET",
      path: "/v1/connect/intentions/check",
      handle: ({ query }) => ({ body: { Allowed: judge(...endsOf(query)).allowed } }),
    },
    {
      method: "GET",
      path: "/v1/connect/intentions/exact",
      handle({ query }) {
        const found = intentions.get(keyOf(...endsOf(query)));
        if (found === undefined) throw new Refusal(404, "Intention not found");
        return { body: shape(found) };
      },
    },
    { method: "PUT", path: "/v1/connect/intentions/exact", handle: put },
    {
      method: "DELETE",
      path: "/v1/connect/intentions/exact",
      handle({ query }) {
        if (intentions.delete(keyOf(...endsOf(query)))) clock.touch(resource);
        return { body: true };
      },
    },
  ];
}

const keyOf = (source: string, destination: string): string => JSON.stringify([source, destination]);
const covers = (pattern: string, name: string): boolean => pattern === "*" || pattern === name;

function endsOf(query: URLSearchParams): readonly [source: string, destination: string] {
  const end = (name: string): string => {
    const value = query.get(name) ?? "";
    if (value === "") throw new Refusal(400, `required query parameter '${name}' not set`);
    return value;
  };
  return [end("source"), end("destination")];
}

/** As Consul counts it: an exact destination weighs more than an exact source. */
function precedence({ source, destination }: Pick<Intention, "source" | "destination">): number {
  const exactDestination = destination === "*" ? 5 : 8;
  return exactDestination + (source === "*" ? 0 : 1);
}

function shape(intention: Intention): Readonly<Record<string, unknown>> {
  return {
    ...(intention.description === "" ? {} : { Description: intention.description }),
    SourceNS: "default",
    SourceName: intention.source,
    DestinationNS: "default",
    DestinationName: intention.destination,
    SourceType: "consul",
    ...(intention.permissions.length > 0
      ? { Permissions: intention.permissions }
      : { Action: intention.action }),
    Precedence: precedence(intention),
    CreateIndex: Number(intention.createIndex),
    ModifyIndex: Number(intention.modifyIndex),
  };
}
