// OpenAPI 3.1 of what is open now, made from the descriptors of the services.
import type { JsonObject, JsonValue } from "@bufbuild/protobuf";
import { methodMatcher } from "../admission/method-pattern.ts";
import type { JwtOptions } from "../options.ts";
import type { RouteTable } from "../route-table.ts";
import { connectOperation, restOperation, type Operation } from "./operation.ts";
import { createSchemas } from "./schema.ts";

export interface DocumentOptions {
  readonly title: string;
  readonly serverUrl: string;
  readonly jwt: JwtOptions | undefined;
  /** Only this proto service; undefined for all. */
  readonly protoService?: string | undefined;
}

const statusSchema: JsonObject = {
  type: "object",
  properties: {
    code: { type: "integer", format: "int32" },
    message: { type: "string" },
    details: {
      type: "array",
      items: { type: "object", properties: { "@type": { type: "string" } }, additionalProperties: true },
    },
  },
};

const connectErrorSchema: JsonObject = {
  type: "object",
  properties: {
    code: { type: "string" },
    message: { type: "string" },
    details: { type: "array", items: { type: "object", additionalProperties: true } },
  },
};

export function openApiDocument(
  { services, bindings }: Pick<RouteTable, "services" | "bindings">,
  { title, serverUrl, jwt, protoService }: DocumentOptions,
): JsonObject {
  const schemas = createSchemas();
  const paths: Record<string, Record<string, JsonValue>> = {};
  const isAnonymous = (jwt?.anonymous ?? []).map(methodMatcher);
  const add = (operation: Operation | undefined, mayBeAnonymous: boolean): void => {
    if (operation === undefined) return;
    const { httpMethod, path, body } = operation;
    // Two templates may look the same here; the first one is shown.
    const item = (paths[path] ??= {});
    item[httpMethod] ??=
      jwt === undefined ? body : { ...body, security: [...(mayBeAnonymous ? [{}] : []), { bearer: [] }] };
  };
  for (const [name, { methods }] of [...services].toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    if (protoService !== undefined && name !== protoService) continue;
    for (const method of methods) {
      const anonymous = isAnonymous.some((matches) => matches(method));
      const id = `${method.parent.typeName.split(".").at(-1) ?? ""}_${method.name}`;
      const own = bindings.filter((binding) => binding.method === method);
      for (const [index, binding] of own.entries()) {
        add(restOperation(binding, schemas, index === 0 ? id : `${id}_${index + 1}`), anonymous);
      }
      if (own.length === 0 && method.methodKind === "unary")
        add(connectOperation(method, schemas, id), anonymous);
    }
  }
  return {
    openapi: "3.1.0",
    info: { title, version: "1" },
    servers: [{ url: serverUrl }],
    paths,
    components: {
      schemas: {
        ...schemas.components,
        "google.rpc.Status": statusSchema,
        "connect.Error": connectErrorSchema,
      },
      ...(jwt === undefined
        ? {}
        : { securitySchemes: { bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" } } }),
    },
  };
}
