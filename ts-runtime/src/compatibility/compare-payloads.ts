// The request and the response of a method in two versions. Of a request the service reads what callers of the older
// version write; of a response these callers read what the service writes. So types are compared in the direction in
// which they are read.
import type { DescMessage } from "@bufbuild/protobuf";
import { compareOnWire, reservedNumber, type Finding } from "../evolution/index.ts";
import type { ChangeRule } from "./change.ts";

/** A finding in terms of calls. */
export interface PayloadChange extends Omit<Finding, "rule"> {
  readonly rule: ChangeRule;
  readonly part: "request" | "response";
}

export function compareRequests(before: DescMessage, after: DescMessage): readonly PayloadChange[] {
  return [
    ...compareOnWire(before, after).map((finding) => changeOf(finding, "request")),
    ...additions(before, after, "request"),
  ];
}

export function compareResponses(before: DescMessage, after: DescMessage): readonly PayloadChange[] {
  const gone = compareOnWire(before, after).filter(({ rule }) => !readingRules.has(rule));
  const read = compareOnWire(after, before)
    // A required field that is gone is among the fields that are gone.
    .filter(({ rule, was }) => readingRules.has(rule) && was !== "not there")
    .map((finding) => ({ ...finding, was: finding.is, is: finding.was }));
  return [
    ...[...gone, ...read].map((finding) => changeOf(finding, "response")),
    ...additions(before, after, "response"),
  ];
}

/** What is a matter of the side that reads. */
const readingRules: ReadonlySet<Finding["rule"]> = new Set([
  "type-changed",
  "type-narrowed",
  "list-narrowed",
  "oneof-joined",
  "field-required",
  "enum-closed",
] as const);

function changeOf(finding: Finding, part: PayloadChange["part"]): PayloadChange {
  return { ...finding, part, rule: ruleOf(finding, part) };
}

function ruleOf({ rule, is }: Finding, part: PayloadChange["part"]): ChangeRule {
  switch (rule) {
    case "field-removed":
      return is === reservedNumber ? "field-reserved" : rule;
    // A case is a field like any other where nothing is stored.
    case "case-removed":
      return "field-removed";
    // What a service does not know arrives as a bare number; what it does not send any more, nobody misses.
    case "value-dropped":
      return part === "request" ? "value-removed" : "value-retired";
    case "value-removed":
      return part === "request" ? rule : "value-retired";
    default:
      return rule;
  }
}

/** What only the newer version has; seen from there it is missing in the older one. */
function additions(
  before: DescMessage,
  after: DescMessage,
  part: PayloadChange["part"],
): readonly PayloadChange[] {
  return compareOnWire(after, before)
    .filter(({ rule, is }) => rule === "field-removed" && is !== reservedNumber)
    .map((finding) => ({ ...finding, part, rule: "field-added", was: "not there", is: finding.was }));
}
