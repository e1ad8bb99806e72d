// All methods that can be called.
import type { ServedProtoService } from "../../dynamic/index.ts";
import { describeMethod } from "../../registry-view/index.ts";
import type { Printer } from "../backoffice/printer.ts";
import { UsageError } from "../backoffice/usage-error.ts";

interface ListOptions {
  /** What was asked for; undefined for all. */
  readonly asked: string | undefined;
  /** What could be asked for. */
  readonly all: readonly ServedProtoService[];
  readonly printer: Printer;
  readonly json: boolean;
}

/** Whether a full name is meant by a name, which may lack the package. */
export function isNamed(fullName: string, name: string): boolean {
  return fullName === name || fullName.endsWith(`.${name}`);
}

export function listMethods(
  shown: readonly ServedProtoService[],
  { asked, all, printer, json }: ListOptions,
): number {
  if (asked !== undefined && shown.length === 0) {
    const names = all.map(({ name }) => name).join(", ");
    throw new UsageError(
      `No service serves ${asked}: there are ${names || "no proto services"}; a method is like CartService/AddItem`,
    );
  }
  const methods = shown.flatMap(({ name, services, api }) =>
    api.type === "unknown"
      ? []
      : api.service.methods.map((method) => ({
          method: `${name}/${method.name}`,
          services,
          ...describeMethod(method),
        })),
  );
  if (json) {
    for (const { name: _, ...method } of methods) printer.line(JSON.stringify(method));
    return 0;
  }
  printer.table(
    ["method", "request", "response", "options"],
    methods.map(({ method, request, response, options }) => [
      method,
      request,
      response,
      options.join(", ") || "–",
    ]),
    "no proto services are in the registry",
  );
  for (const { name, api } of shown)
    if (api.type === "unknown") printer.line(`${name}: its methods are not known: ${api.reason}`);
  return 0;
}
