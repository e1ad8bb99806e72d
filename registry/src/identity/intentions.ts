// Intentions: who may call a service, as Consul's operators say it.
//
//   N1. The matching one of the highest precedence decides: an exact source before `*`, an exact destination before `*`.
//   N2. One with permissions (by path or header) counts as deny: it allows something, but nobody here reads what.
//   N3. What is not `allow` is deny.
import { asArray, asNumber, asRecord, asString } from "../consul/index.ts";

/** One rule of who may call a service. */
export interface Intention {
  /** The calling service's name, or `*`. */
  readonly source: string;
  readonly allowed: boolean;
  readonly precedence: number;
}

/** What the intentions say of a caller; `default` where none of them is about it. */
export type Verdict = "allow" | "deny" | "default";

/** What the intentions of a destination say of a calling service. */
export function decide(intentions: readonly Intention[], source: string): Verdict {
  const [first] = intentions
    .filter((intention) => intention.source === source || intention.source === "*")
    .toSorted((left, right) => right.precedence - left.precedence);
  if (first === undefined) return "default";
  return first.allowed ? "allow" : "deny";
}

/**
 * Reads the list of a destination from `/v1/connect/intentions/match`. What is about another cluster's services, or
 * another destination, is left out.
 */
export function parseIntentions(list: unknown, destination: string): readonly Intention[] {
  return asArray(list)
    .map(asRecord)
    .filter(
      (entry) =>
        asString(entry["SourcePeer"]) === "" &&
        ["", "consul"].includes(asString(entry["SourceType"])) &&
        ["", "default"].includes(asString(entry["SourcePartition"])) &&
        ["", "default", "*"].includes(asString(entry["SourceNS"])) &&
        [destination, "*"].includes(asString(entry["DestinationName"])),
    )
    .map((entry) => ({
      source: asString(entry["SourceName"]),
      allowed: entry["Action"] === "allow" && asArray(entry["Permissions"]).length === 0,
      precedence: asNumber(entry["Precedence"]),
    }));
}
