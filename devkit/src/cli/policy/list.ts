// `samspel policy ls`.
import { createApiCatalog } from "../../dynamic/index.ts";
import {
  callFields,
  checkStored,
  instancesFields,
  parsePolicyKey,
  parseStored,
  policyPrefix,
  textOf,
  type FieldTable,
  type Layer,
  type StoredPolicy,
} from "@samspel/runtime/policy";
import { SamspelError } from "@samspel/runtime";
import type { Registry, StoredValue } from "@samspel/registry";
import type { SystemOptions } from "../system/index.ts";
import { runOnSystem } from "../system/run.ts";

interface Listed {
  readonly key: string;
  readonly protoService: string;
  /** The service whose processes it is for; empty for all. */
  readonly service: string;
  readonly fields: readonly { readonly of: string; readonly path: string; readonly value: string }[];
  /** Why it is not in force; empty where it is. */
  readonly problem: string;
}

export function list(options: SystemOptions): Promise<number> {
  return runOnSystem(options, async ({ registry, printer, json }) => {
    const listed = await readAll(registry);
    if (json) {
      for (const each of listed) printer.line(JSON.stringify(each));
      return 0;
    }
    printer.table(
      ["proto service", "for", "says", "problem"],
      listed.map(({ protoService, service, fields, problem }) => [
        protoService,
        service || "all",
        fields.map(({ of, path, value }) => `${of === "" ? "" : `${of} `}${path} ${value}`),
        problem || "–",
      ]),
      `no policies are set in the registry at ${registry.url}`,
    );
    return 0;
  });
}

async function readAll(registry: Registry): Promise<readonly Listed[]> {
  const [values, served] = await Promise.all([
    registry.values.list(policyPrefix),
    createApiCatalog({ registry }).list(),
  ]);
  return values.map((value) => {
    const { protoService, service = "" } = parsePolicyKey(value.key) ?? { protoService: "" };
    const api = served.find(({ name }) => name === protoService)?.api;
    try {
      if (protoService === "") {
        return {
          key: value.key,
          protoService: value.key.slice(policyPrefix.length),
          service,
          fields: [],
          problem: "the key names no proto service",
        };
      }
      const policy =
        api?.type === "found" ? checkStored(value.text, value.key, api.service) : parse(value, protoService);
      return { key: value.key, protoService, service, fields: fieldsOf(policy), problem: "" };
    } catch (error) {
      if (!(error instanceof SamspelError)) throw error;
      return { key: value.key, protoService, service, fields: [], problem: error.message };
    }
  });
}

function parse({ text, key }: StoredValue, protoService: string): StoredPolicy {
  return parseStored(text, { key, protoService });
}

function fieldsOf({ calls, instances, methods }: StoredPolicy): Listed["fields"] {
  return [
    ...told("", calls, callFields),
    ...told("", instances, instancesFields, "instances."),
    ...[...methods].flatMap(([name, layer]) => told(name, layer, callFields)),
  ];
}

function told(of: string, layer: Layer, table: FieldTable, prefix = ""): Listed["fields"] {
  return [...layer].map(([path, value]) => ({
    of,
    path: prefix + path,
    value: textOf(table.get(path), value),
  }));
}
