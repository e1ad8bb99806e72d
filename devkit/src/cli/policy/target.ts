// What a policy is about: a proto service, or one of its methods, as people write it.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { Registry } from "@samspel/registry";
import { policyKey } from "@samspel/runtime/policy";
import { createApiCatalog, DynamicError } from "../../dynamic/index.ts";
import { UsageError } from "../backoffice/usage-error.ts";
import type { PolicyOptions } from "./index.ts";

export interface Target {
  readonly service: DescService;
  /** Undefined for all of them. */
  readonly method: DescMethod | undefined;
  /** The registry's key of the policy. */
  readonly key: string;
}

/** @throws DynamicError that says what there is instead. */
export async function findTarget(
  registry: Registry,
  name: string,
  options: Pick<PolicyOptions, "for" | "proto">,
): Promise<Target> {
  if (options.for !== undefined && !/^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(options.for)) {
    throw new UsageError(
      `--for must be the name of a service, such as cart: current value is "${options.for}"`,
    );
  }
  const catalog = createApiCatalog({ registry, proto: options.proto });
  const { service, method } = name.includes("/")
    ? await ofMethod(catalog, name)
    : { service: await catalog.findService(name), method: undefined };
  return { service, method, key: policyKey({ protoService: service.typeName, service: options.for }) };
}

async function ofMethod(
  catalog: ReturnType<typeof createApiCatalog>,
  name: string,
): Promise<Pick<Target, "service" | "method">> {
  const [protoService = "", methodName = ""] = name.split("/");
  const service = await catalog.findService(protoService);
  const method = service.methods.find((each) => each.name === methodName || each.localName === methodName);
  if (method !== undefined) return { service, method };
  const names = service.methods.map((each) => each.name).join(", ");
  throw new DynamicError("unknown", `${service.typeName} has no method ${methodName}: there are ${names}`);
}

/** For people: `shop.v1.Cart/Add`. */
export function targetName({ service, method }: Pick<Target, "service" | "method">): string {
  return method === undefined ? service.typeName : `${service.typeName}/${method.name}`;
}
