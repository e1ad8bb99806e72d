// Two versions of a proto service: what changed, and what of it breaks those who were compiled with the older one.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Level } from "@bufbuild/protobuf/wkt";
import { changeRules, type ChangeRule, type ServiceChange } from "./change.ts";
import { compareRequests, compareResponses, type PayloadChange } from "./compare-payloads.ts";

interface CompareOptions {
  /** The methods that count, by name. Default: all. */
  readonly methods?: ReadonlySet<string>;
}

/**
 * The changes from `before` to `after`, in the order of the older one's methods. What several methods share, such as a
 * message, is told once. One of the two may be missing.
 */
export function compareServices(
  before: DescService | undefined,
  after: DescService | undefined,
  { methods }: CompareOptions = {},
): readonly ServiceChange[] {
  if (before === undefined) return after === undefined ? [] : [ofService("service-added", after)];
  if (after === undefined) return [ofService("service-removed", before)];
  const counts = ({ name }: DescMethod): boolean => methods === undefined || methods.has(name);
  const newer = new Map(after.methods.map((method) => [method.name, method]));
  const older = new Set(before.methods.map(({ name }) => name));
  const merged = new Map<string, ServiceChange>();
  const add = (change: ServiceChange): void => {
    const key = `${change.rule} ${change.type ?? ""} ${change.number ?? ""} ${change.type === undefined ? change.text : ""}`;
    const same = merged.get(key);
    const all = [...new Set([...(same?.methods ?? []), ...change.methods])];
    merged.set(key, { ...(same ?? change), methods: all });
  };
  for (const method of before.methods.filter(counts)) {
    for (const change of compareMethods(method, newer.get(method.name))) add(change);
  }
  for (const method of after.methods) {
    if (counts(method) && !older.has(method.name)) add(ofMethod("method-added", method, "is new"));
  }
  return [...merged.values()];
}

function compareMethods(before: DescMethod, after: DescMethod | undefined): readonly ServiceChange[] {
  if (after === undefined) return [ofMethod("method-removed", before, "is gone")];
  if (before.methodKind !== after.methodKind) {
    const said = `was ${kindOf(before)} and is ${kindOf(after)}`;
    return [ofMethod("streaming-changed", before, said)];
  }
  const [was, is] = [before.idempotency, after.idempotency];
  const weakened = `was ${Level[was]} and is ${Level[is]}`;
  const changes: ServiceChange[] = [];
  if (was !== Level.IDEMPOTENCY_UNKNOWN && is === Level.IDEMPOTENCY_UNKNOWN) {
    changes.push(ofMethod("retries-unsafe", before, weakened));
  }
  if (was === Level.NO_SIDE_EFFECTS && is === Level.IDEMPOTENT) {
    changes.push(ofMethod("idempotency-weakened", before, weakened));
  }
  const payloads = [
    ...compareRequests(before.input, after.input),
    ...compareResponses(before.output, after.output),
  ];
  return [...changes, ...payloads.map((change) => ofPayload(before, change))];
}

function kindOf({ methodKind }: DescMethod): string {
  return methodKind.replace("_", " ").replace("bidi", "bidirectional");
}

function ofService(rule: ChangeRule, { typeName }: DescService): ServiceChange {
  const text = said(typeName, rule === "service-added" ? "is new" : "is served no more", rule);
  return { rule, verdict: changeRules[rule].verdict, protoService: typeName, methods: [], text };
}

function ofMethod(rule: ChangeRule, { parent, name }: DescMethod, what: string): ServiceChange {
  const text = said(`${parent.typeName}.${name}`, what, rule);
  return { rule, verdict: changeRules[rule].verdict, protoService: parent.typeName, methods: [name], text };
}

function ofPayload({ parent, name: method }: DescMethod, change: PayloadChange): ServiceChange {
  const { rule, type, name, number, path, part, was, is } = change;
  const way = path === "" ? `the ${part}` : `${path} of the ${part}`;
  return {
    rule,
    verdict: changeRules[rule].verdict,
    protoService: parent.typeName,
    methods: [method],
    type,
    name,
    number,
    text: said(`${type}.${name}, number ${number}, in ${way},`, `was ${was} and is ${is}`, rule),
  };
}

function said(subject: string, what: string, rule: ChangeRule): string {
  const { fix } = changeRules[rule];
  return `${subject} ${what}.${fix === "" ? "" : ` ${fix}.`}`;
}
