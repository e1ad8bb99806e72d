// An API as lines, one for each method and field that callers see: so two descriptions of it can be compared, whoever
// made them. Names of files, comments, json names and options but the idempotency say nothing of the wire.
import {
  ScalarType,
  type DescEnum,
  type DescField,
  type DescMessage,
  type DescService,
} from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";

export function apiLines(services: readonly DescService[]): ReadonlySet<string> {
  const lines = new Set<string>();
  const seen = new Set<string>();
  const visit = (type: DescMessage | DescEnum): void => {
    if (seen.has(type.typeName)) return;
    seen.add(type.typeName);
    if (type.kind === "enum") {
      for (const value of type.values) lines.add(`${type.typeName}.${value.name} = ${value.number}`);
      return;
    }
    for (const field of type.fields) {
      lines.add(`${type.typeName}.${field.name} = ${field.number} ${fieldType(field)}`);
      const held = field.message ?? field.enum;
      if (held !== undefined) visit(held);
    }
  };
  for (const service of services) {
    for (const method of service.methods) {
      const level = Idempotency[method.idempotency] ?? String(method.idempotency);
      lines.add(
        `${service.typeName}.${method.name} (${method.input.typeName}) ${method.methodKind} (${method.output.typeName}) ${level}`,
      );
      visit(method.input);
      visit(method.output);
    }
  }
  return lines;
}

function fieldType(field: DescField): string {
  switch (field.fieldKind) {
    case "scalar":
      return scalarName(field.scalar);
    case "enum":
      return field.enum.typeName;
    case "message":
      return field.message.typeName;
    case "list":
      return `repeated ${field.listKind === "scalar" ? scalarName(field.scalar) : held(field)}`;
    default:
      return `map<${scalarName(field.mapKey)}, ${field.mapKind === "scalar" ? scalarName(field.scalar) : held(field)}>`;
  }
}

function held(field: DescField): string {
  return (field.message ?? field.enum)?.typeName ?? "?";
}

function scalarName(scalar: ScalarType): string {
  return ScalarType[scalar] ?? String(scalar);
}
