// Fields of policies on a command line.
import {
  callFields,
  instancesFields,
  readField,
  type FieldKind,
  type FieldTable,
  type FieldValue,
  type Layer,
  type StoredPolicy,
} from "@samspel/runtime/policy";
import { UsageError } from "../backoffice/usage-error.ts";

/** A field of a method or of all, or with `instances.` before its path of how instances are chosen. */
interface NamedField {
  readonly part: "calls" | "instances";
  readonly path: string;
}

const instancesPrefix = "instances.";
const tables: Readonly<Record<NamedField["part"], FieldTable>> = {
  calls: callFields,
  instances: instancesFields,
};

/** All names that a field may have. */
export const fieldNames: readonly string[] = [
  ...callFields.keys(),
  ...[...instancesFields.keys()].map((path) => instancesPrefix + path),
];

/** What is set, each by a text such as `timeoutMs=500ms`, or unset, by a name alone. */
export interface Change {
  readonly field: NamedField;
  /** Undefined to take it out. */
  readonly value: FieldValue | undefined;
}

/** @throws UsageError for what sets nothing. */
export function readAssignments(texts: readonly string[]): readonly Change[] {
  return texts.map((text) => {
    const at = text.indexOf("=");
    if (at < 1)
      throw new UsageError(
        `A field must be <path>=<value>, such as timeoutMs=500: current value is "${text}"`,
      );
    const [name, given] = [text.slice(0, at), text.slice(at + 1)];
    const field = fieldOf(name);
    const group = switchOf(field);
    if (group !== undefined) {
      if (given !== "on" && given !== "off")
        throw new UsageError(`${name} must be on or off: current value is "${given}"`);
      return { field: group, value: given === "on" };
    }
    const kind = kindOf(field);
    if (kind === undefined) throw unknownField(name);
    const value = readField(tables[field.part], field.path, valueOf(kind, given), {
      what: "The policy",
      nameOf: () => name,
    });
    return { field, value };
  });
}

/** Fields by their names; a group such as `breaker` is all of its fields. @throws UsageError for what is none. */
export function readNames(names: readonly string[]): readonly Change[] {
  return names.flatMap((name) => {
    const field = fieldOf(name);
    const all = [...tables[field.part].keys()].filter(
      (path) => path === field.path || path.startsWith(`${field.path}.`),
    );
    if (all.length === 0) throw unknownField(name);
    return all.map((path) => ({ field: { ...field, path }, value: undefined }));
  });
}

/** A policy with changes of one method, or of all where `method` is undefined. */
export function changed(
  policy: StoredPolicy,
  method: string | undefined,
  changes: readonly Change[],
): StoredPolicy {
  const { methods } = policy;
  const own = method === undefined ? policy.calls : (methods.get(method) ?? new Map<string, FieldValue>());
  const layer = applied(own, ofPart(changes, "calls"));
  const instances = ofPart(changes, "instances");
  if (method !== undefined && instances.length > 0) {
    throw new UsageError("How instances are chosen is said of a proto service, not of a method");
  }
  if (method === undefined) {
    return { ...policy, calls: layer, instances: applied(policy.instances, instances) };
  }
  const others = [...methods].filter(([name]) => name !== method);
  return { ...policy, methods: new Map(layer.size === 0 ? others : [...others, [method, layer]]) };
}

/** To say anything of a group turns it on; a group of which nothing else is said any more is not said to be on. */
function applied(layer: Layer, changes: readonly Change[]): Layer {
  const next = new Map(layer);
  for (const { field, value } of changes) {
    if (value === undefined) next.delete(field.path);
    else next.set(field.path, value);
    const group = `${field.path.split(".")[0] ?? ""}.enabled`;
    const isSwitched = callFields.has(group) || instancesFields.has(group);
    if (isSwitched && value !== undefined && !next.has(group)) next.set(group, true);
  }
  return next;
}

function ofPart(changes: readonly Change[], part: NamedField["part"]): readonly Change[] {
  return changes.filter(({ field }) => field.part === part);
}

function fieldOf(name: string): NamedField {
  return name.startsWith(instancesPrefix)
    ? { part: "instances", path: name.slice(instancesPrefix.length) }
    : { part: "calls", path: name };
}

function kindOf({ part, path }: NamedField): FieldKind | undefined {
  return tables[part].get(path);
}

/** The switch of a group that is named as a whole. */
function switchOf({ part, path }: NamedField): NamedField | undefined {
  const whole = { part, path: `${path}.enabled` };
  return kindOf(whole) === undefined ? undefined : whole;
}

const timePattern = /^(\d+(?:\.\d+)?)(ms|s|m)$/;
const msOf: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/** A text as the value that it means; what means nothing stays a text, which is then refused. */
function valueOf(kind: FieldKind, text: string): unknown {
  if (kind.type === "choice") return text;
  if (text === "true" || text === "false") return text === "true";
  if (text === "none" || text === "unlimited")
    return kind.type === "number" && kind.zero === text ? Infinity : text;
  const [, amount, unit = ""] = timePattern.exec(text) ?? [];
  if (amount !== undefined && kind.type === "number" && kind.unit === "ms")
    return Number(amount) * (msOf[unit] ?? 1);
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function unknownField(name: string): UsageError {
  return new UsageError(`A policy has no field ${name}: there are ${fieldNames.join(", ")}`);
}
