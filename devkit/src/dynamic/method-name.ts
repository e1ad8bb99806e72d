// Names of methods as people write them: in full, or as short as it is clear.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { nearest } from "../config/suggest.ts";
import { DynamicError } from "./dynamic-error.ts";

export interface MethodName {
  /** In full, or without its package. */
  readonly protoService: string;
  readonly method: string;
}

/**
 * `cart.v1.CartService/AddItem`, or with a dot in place of the slash.
 * @throws DynamicError for anything else.
 */
export function splitMethod(name: string): MethodName {
  const at = Math.max(name.lastIndexOf("/"), name.includes("/") ? -1 : name.lastIndexOf("."));
  const [protoService, method] = [name.slice(0, Math.max(0, at)), name.slice(at + 1)];
  if (/^[A-Za-z_][\w.]*$/.test(protoService) && /^\w+$/.test(method)) return { protoService, method };
  throw new DynamicError(
    "invalid",
    `A method must be like cart.v1.CartService/AddItem, or CartService/AddItem: current value is "${name}"`,
  );
}

/** The full name of a proto service, of those that are there. */
export function findProtoService(asked: string, known: readonly string[], where: string): string {
  if (known.includes(asked)) return asked;
  const names = [...new Set(known)].toSorted();
  const alike = names.filter((name) => name.endsWith(`.${asked}`));
  const [only, another] = alike;
  if (only !== undefined && another === undefined) return only;
  if (another !== undefined)
    throw new DynamicError("unknown", `${asked} is one of several: ${alike.join(", ")}; give its full name`);
  const guess =
    nearest(asked, names) ??
    names.find((name) => withoutPackage(name) === nearest(asked, names.map(withoutPackage)));
  throw new DynamicError(
    "unknown",
    guess === undefined
      ? `No service serves ${asked} in the registry at ${where}: there are ${names.join(", ") || "no proto services"}`
      : `No service serves ${asked} in the registry at ${where}: did you mean ${guess}?`,
  );
}

function withoutPackage(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

/** A method by its proto name, or as code has it: `addItem`. */
export function findMethod(service: DescService, name: string): DescMethod {
  const found = service.methods.find((method) => method.name === name || method.localName === name);
  if (found !== undefined) return found;
  const names = service.methods.map((method) => method.name);
  const guess = nearest(name, names);
  throw new DynamicError(
    "unknown",
    guess === undefined
      ? `${service.typeName} has no method ${name}: there are ${names.join(", ") || "none"}`
      : `${service.typeName} has no method ${name}: did you mean ${guess}?`,
  );
}
