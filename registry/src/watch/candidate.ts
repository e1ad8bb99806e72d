// What Consul says of one service's instances, read with distrust: the registry is shared with others, and a proxy or
// a program of another kind may answer in its place.
//
//   D1. An entry that nobody could call (no address, no port) is left out, and told of; the others count.
//   D2. An address and port is one instance, however often it is registered: agents of two nodes may both know it.
//       The entry that is best off counts.
import { asArray, asNumber, asRecord, asString, asStringMap, asStrings } from "../consul/index.ts";
import { grpcTag, type Instance } from "../instance.ts";

/** From best to worst. */
const healths = ["passing", "warning", "maintenance", "critical"] as const;

/** An instance in maintenance was taken out by somebody; a critical one fails its checks. */
export type Health = (typeof healths)[number];

/** An instance that is registered, live or not. */
export interface Candidate {
  readonly instance: Instance;
  readonly health: Health;
  /** Its weight while a check of it warns; 0 for none of the calls. */
  readonly warningWeight: number;
}

export interface Candidates {
  readonly known: readonly Candidate[];
  /** How many entries were left out, and why the first one was. */
  readonly discarded: { readonly entries: number; readonly reason: string } | undefined;
}

/** @throws TypeError if the answer is no list. */
export function parseCandidates(body: unknown): Candidates {
  if (!Array.isArray(body)) throw new TypeError("something else than a list");
  const known = new Map<string, Candidate>();
  const reasons: string[] = [];
  for (const entry of asArray(body)) {
    const candidate = parseCandidate(asRecord(entry));
    const reason = faultOf(candidate.instance);
    if (reason !== undefined) {
      reasons.push(reason);
      continue;
    }
    const place = `${candidate.instance.address} ${candidate.instance.port}`;
    const other = known.get(place);
    if (other === undefined || rank(candidate) < rank(other)) known.set(place, candidate);
  }
  const [reason] = reasons;
  return {
    known: [...known.values()],
    discarded: reason === undefined ? undefined : { entries: reasons.length, reason },
  };
}

const rank = ({ health }: Candidate): number => healths.indexOf(health);

/** An entry of an answer of `/v1/health/service/…`. */
export function parseCandidate(entry: Readonly<Record<string, unknown>>): Candidate {
  const service = asRecord(entry["Service"]);
  const node = asRecord(entry["Node"]);
  const tags = asStrings(service["Tags"]);
  const weights = asRecord(service["Weights"]);
  return {
    instance: {
      id: asString(service["ID"]),
      service: asString(service["Service"]),
      // An instance registered without an address is reached where its node is.
      address: asString(service["Address"]) || asString(node["Address"]),
      port: asNumber(service["Port"]),
      protoServices: tags.filter((tag) => tag !== grpcTag && tag.includes(".")),
      meta: asStringMap(service["Meta"]),
      tags,
      weight: Math.max(1, weightOf(weights["Passing"])),
      datacenter: asString(node["Datacenter"]),
    },
    health: healthOf(asArray(entry["Checks"]).map(asRecord)),
    warningWeight: weightOf(weights["Warning"]),
  };
}

/** Consul's default is 1. */
function weightOf(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 1;
}

/** As Consul itself counts: one check of the instance or its node that fails is enough. */
function healthOf(checks: readonly Readonly<Record<string, unknown>>[]): Health {
  const ids = checks.map((check) => asString(check["CheckID"]));
  if (ids.some((id) => id === "_node_maintenance" || id.startsWith("_service_maintenance:"))) {
    return "maintenance";
  }
  const statuses = new Set(checks.map((check) => check["Status"]));
  statuses.delete("passing");
  if (statuses.size === 0) return "passing";
  return statuses.size === 1 && statuses.has("warning") ? "warning" : "critical";
}

/** Why nobody could call the instance; undefined where they can. */
function faultOf({ id, address, port }: Instance): string | undefined {
  // What stands in a URL's host, and no more: an address must not smuggle in a path or credentials.
  if (!/^[\w.:%-]{1,255}$/.test(address))
    return `${id || "an entry"} has the address "${address.slice(0, 60)}"`;
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return `${id || "an entry"} has the port ${port}`;
  return id === "" ? `${address}:${port} has no ID` : undefined;
}
