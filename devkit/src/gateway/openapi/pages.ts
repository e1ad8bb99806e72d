// Where the descriptions are: `/openapi.json` of all, `/openapi/<proto service>.json` of one.
import type { JsonObject } from "@bufbuild/protobuf";
import type { Incoming } from "../http/incoming.ts";
import type { JwtOptions } from "../options.ts";
import type { RouteTable } from "../route-table.ts";
import { openApiDocument } from "./document.ts";

export interface OpenApiPages {
  /** What is at a path; undefined for nothing. */
  find(path: string, incoming: Pick<Incoming, "host" | "isTls" | "headers">): JsonObject | undefined;
}

export interface OpenApiPagesOptions {
  readonly table: () => RouteTable;
  readonly jwt: JwtOptions | undefined;
  /** Whether a proxy before the gateway may say how it was called. */
  readonly trustsProxy: boolean;
}

export function createOpenApiPages({ table, jwt, trustsProxy }: OpenApiPagesOptions): OpenApiPages {
  return {
    find(path, { host, isTls, headers }) {
      const [, protoService] = /^\/openapi\/([\w.]+)\.json$/.exec(path) ?? [];
      if (protoService === undefined && path !== "/openapi.json") return undefined;
      const now = table();
      if (protoService !== undefined && !now.services.has(protoService)) return undefined;
      const isHttps = isTls || (trustsProxy && headers["x-forwarded-proto"] === "https");
      return openApiDocument(now, {
        title: protoService ?? "Public API",
        serverUrl: `${isHttps ? "https" : "http"}://${host}`,
        jwt,
        protoService,
      });
    },
  };
}
