// Two versions of a message, field by field, and of all that it holds. Fields are the same where their numbers are:
// names of fields, messages and oneofs are nothing to the bytes (J6).
import type { DescEnum, DescField, DescMessage, DescOneof } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence as Presence } from "@bufbuild/protobuf/wkt";
import { compareEnums } from "./compare-enums.ts";
import type { Finding } from "./finding.ts";
import { isOtherName } from "./names.ts";
import { compareShapes, describe, shapeOf, type Shape } from "./shapes.ts";

/** What a field is whose number is reserved now. */
export const reservedNumber = "gone, its number reserved";

type Type = DescMessage | DescEnum;

/** What was compared with what: messages may hold each other, and are reached on several ways. */
type Compared = Map<Type, Set<Type>>;

/**
 * What reading stored events of `stored` as `compiled` would do; nothing where that is free. Each problem is found once,
 * on the first way to it, in the order of the stored fields.
 */
export function compareEvents(stored: DescMessage, compiled: DescMessage): readonly Finding[] {
  return compareMessages({ stored, compiled, path: "", compared: new Map() }, "case-removed");
}

/**
 * The same for a message that is no event, such as a request that callers compiled as `stored` and their service as
 * `compiled`. A field that is gone is found even where its number is reserved: `is` says so.
 */
export function compareOnWire(stored: DescMessage, compiled: DescMessage): readonly Finding[] {
  return compareMessages({ stored, compiled, path: "", compared: new Map(), findReserved: true });
}

interface Comparison {
  readonly stored: DescMessage;
  readonly compiled: DescMessage;
  /** The way here, from the event. */
  readonly path: string;
  readonly compared: Compared;
  readonly findReserved?: boolean;
}

function compareMessages(comparison: Comparison, removed?: "case-removed"): readonly Finding[] {
  const { stored, compiled, compared } = comparison;
  if (!isFirst(stored, compiled, compared)) return [];
  const now = new Map(compiled.fields.map((field) => [field.number, field]));
  const findings = stored.fields.flatMap((field) => {
    const is = now.get(field.number);
    if (is !== undefined) return compareFields(field, is, comparison);
    return removed === undefined
      ? missing(field, comparison)
      : [finding(comparison, field, { rule: removed, was: "a case", is: "gone" })];
  });
  const before = new Set(stored.fields.map(({ number }) => number));
  const required = compiled.fields.filter(
    ({ number, presence }) => presence === Presence.LEGACY_REQUIRED && !before.has(number),
  );
  return [
    ...findings,
    ...required.map((field) =>
      finding(comparison, field, { rule: "field-required", was: "not there", is: "required" }),
    ),
    ...compiled.oneofs.flatMap((oneof) => compareOneof(oneof, comparison)),
  ];
}

function isFirst(stored: Type, compiled: Type, compared: Compared): boolean {
  const seen = compared.get(stored) ?? new Set();
  if (seen.has(compiled)) return false;
  compared.set(stored, seen.add(compiled));
  return true;
}

function missing(field: DescField, comparison: Comparison): readonly Finding[] {
  const { compiled, findReserved = false } = comparison;
  const was = describe(field);
  if (isReserved(compiled, field.number)) {
    return findReserved
      ? [finding(comparison, field, { rule: "field-removed", was, is: reservedNumber })]
      : [];
  }
  const moved = compiled.fields.find(({ name }) => name === field.name);
  return [
    moved === undefined
      ? finding(comparison, field, { rule: "field-removed", was, is: "gone" })
      : finding(comparison, field, {
          rule: "field-renumbered",
          was,
          is: `gone, and number ${moved.number} has that name`,
        }),
  ];
}

function compareFields(stored: DescField, compiled: DescField, comparison: Comparison): readonly Finding[] {
  const change = { was: describe(stored), is: describe(compiled) };
  const found = (rule: Finding["rule"], said: Partial<Finding> = {}): Finding =>
    finding(comparison, stored, { rule, ...change, ...said });
  const isList = stored.fieldKind === "list";
  const isMap = stored.fieldKind === "map";
  if (isMap !== (compiled.fieldKind === "map")) return [found("type-changed")];
  if (isList && compiled.fieldKind !== "list") return [found("list-narrowed")];
  const shapes: [Shape, Shape][] = [[shapeOf(stored), shapeOf(compiled)]];
  if (stored.fieldKind === "map" && compiled.fieldKind === "map") {
    shapes.push([scalar(stored.mapKey), scalar(compiled.mapKey)]);
  }
  const changes = new Set(shapes.map(([was, is]) => compareShapes(was, is)));
  if (changes.has("changed")) return [found("type-changed")];
  if (changes.has("narrowed")) return [found("type-narrowed")];
  const findings: Finding[] = [];
  if (isOtherName(stored.name, compiled.name) && !haveSameType(stored, compiled)) {
    findings.push(found("field-name", { was: `called ${stored.name}`, is: `called ${compiled.name}` }));
  }
  const { presence } = compiled;
  if (presence === Presence.LEGACY_REQUIRED && stored.presence !== presence) {
    findings.push(found("field-required", { was: "not required", is: "required" }));
  }
  const isSingle = compiled.fieldKind === "scalar" || compiled.fieldKind === "enum";
  if (isSingle && presence === Presence.IMPLICIT && stored.presence === Presence.EXPLICIT) {
    findings.push(found("presence-lost", { was: `optional ${change.was}` }));
  }
  const [was, is] = [defaultOf(stored), defaultOf(compiled)];
  if (isSingle && presence !== Presence.IMPLICIT && stored.presence !== Presence.IMPLICIT && was !== is) {
    findings.push(found("default-changed", { was: `${was} by default`, is: `${is} by default` }));
  }
  return [...findings, ...compareContents(stored, compiled, comparison)];
}

function compareContents(stored: DescField, compiled: DescField, comparison: Comparison): readonly Finding[] {
  const path = comparison.path === "" ? stored.name : `${comparison.path}.${stored.name}`;
  if (stored.message !== undefined && compiled.message !== undefined) {
    return compareMessages({ ...comparison, stored: stored.message, compiled: compiled.message, path });
  }
  if (stored.enum === undefined || compiled.enum === undefined) return [];
  const first = isFirst(stored.enum, compiled.enum, comparison.compared);
  return first ? compareEnums(stored.enum, compiled.enum, path) : [];
}

/** A oneof keeps the last of its fields that comes, so no two of them may stand in one stored message. */
function compareOneof(oneof: DescOneof, comparison: Comparison): readonly Finding[] {
  const numbers = new Set(oneof.fields.map(({ number }) => number));
  const before = comparison.stored.fields.filter(({ number }) => numbers.has(number));
  const [first] = before;
  const apart = before.find((field) => field !== first && (field.oneof ?? field) !== first?.oneof);
  if (first === undefined || apart === undefined) return [];
  const is = `in the oneof ${oneof.name} with it`;
  return [finding(comparison, apart, { rule: "oneof-joined", was: `apart from ${first.name}`, is })];
}

function finding(
  { compiled, path }: Comparison,
  { name, number }: DescField,
  said: Pick<Finding, "rule" | "was" | "is">,
): Finding {
  return { type: compiled.typeName, name, number, path, ...said };
}

function scalar(type: Extract<Shape, { type: "scalar" }>["scalar"]): Shape {
  return { type: "scalar", scalar: type };
}

function haveSameType({ message: was }: DescField, { message: is }: DescField): boolean {
  return was !== undefined && was.name === is?.name;
}

/** Bytes have no `===`, and nothing to show; nobody gives them a default. */
function defaultOf(field: DescField): string {
  if (field.fieldKind === "list" || field.fieldKind === "map" || field.fieldKind === "message")
    return "nothing";
  const value = field.getDefaultValue();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  return value === undefined ? "nothing" : String(value);
}

/** The end of a reserved range does not belong to it, in a message. */
function isReserved({ proto }: DescMessage, number: number): boolean {
  return proto.reservedRange.some(({ start, end }) => start <= number && number < end);
}
