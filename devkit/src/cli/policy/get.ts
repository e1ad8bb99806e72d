// `samspel policy get`.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import type { Registry } from "@samspel/registry";
import {
  callFields,
  checkStored,
  instancesFields,
  policyKey,
  protoSaidOfInstances,
  protoSaidOfMethod,
  settleMethod,
  settleService,
  textOf,
  type FieldTable,
  type Origin,
  type Said,
  type Settled,
  type StoredPolicy,
} from "@samspel/runtime/policy";
import { runOnSystem } from "../system/run.ts";
import type { GetOptions } from "./index.ts";
import { findTarget } from "./target.ts";

interface ShownField {
  readonly path: string;
  readonly value: string;
  readonly origin: Origin["type"];
  readonly where: string;
}

interface Stored {
  readonly key: string;
  readonly policy: StoredPolicy;
}

export function get(name: string, options: GetOptions): Promise<number> {
  return runOnSystem(options, async ({ registry, printer, json }) => {
    const { service, method, key } = await findTarget(registry, name, options);
    if (options.stored) {
      const value = await registry.values.read(key);
      printer.line(value?.text.trimEnd() ?? (json ? "null" : `nothing is set under ${key}`));
      return 0;
    }
    const stored = await readStored(registry, service, options.for);
    const methods = (method === undefined ? service.methods : [method]).map((each) => ({
      method: each.name,
      fields: fieldsOf(settleMethod(each, saidOfMethod(each, stored)), callFields),
    }));
    const instances = fieldsOf(settleService(saidOfInstances(service, stored)), instancesFields);
    if (json) {
      const own = method === undefined ? { instances } : {};
      printer.line(JSON.stringify({ protoService: service.typeName, ...own, methods }));
      return 0;
    }
    const isShown = ({ origin }: ShownField): boolean =>
      options.all || method !== undefined || origin !== "default";
    const ofInstances = method === undefined ? instances.filter(isShown) : [];
    printer.table(
      ["method", "field", "value", "from"],
      [
        ...methods.flatMap(({ method: of, fields }) =>
          fields.filter(isShown).map((field) => rowOf(of, field)),
        ),
        ...ofInstances.map((field) => rowOf("–", { ...field, path: `instances.${field.path}` })),
      ],
      `${service.typeName} has the defaults: --all shows them`,
    );
    return 0;
  });
}

/** From the first to the last layer. @throws SamspelError for what cannot be. */
async function readStored(
  registry: Registry,
  service: DescService,
  forService: string | undefined,
): Promise<readonly Stored[]> {
  const protoService = service.typeName;
  const keys = [
    policyKey({ protoService, service: undefined }),
    ...(forService === undefined ? [] : [policyKey({ protoService, service: forService })]),
  ];
  const values = await Promise.all(keys.map((key) => registry.values.read(key)));
  return values.flatMap((value) =>
    value === undefined ? [] : [{ key: value.key, policy: checkStored(value.text, value.key, service) }],
  );
}

function saidOfMethod(method: DescMethod, stored: readonly Stored[]): readonly Said[] {
  const inRegistry = stored.flatMap(({ key, policy }): readonly Said[] => {
    const origin: Origin = { type: "registry", key };
    const own = policy.methods.get(method.name);
    return [
      { layer: policy.calls, origin, scope: "service" },
      ...(own === undefined ? [] : [{ layer: own, origin, scope: "method" } as const]),
    ];
  });
  return [...protoSaidOfMethod(method), ...inRegistry];
}

function saidOfInstances(service: DescService, stored: readonly Stored[]): readonly Said[] {
  const inRegistry = stored.map(({ key, policy }): Said => {
    return { layer: policy.instances, origin: { type: "registry", key }, scope: "service" };
  });
  return [...protoSaidOfInstances(service), ...inRegistry];
}

function fieldsOf(settled: Settled, table: FieldTable): readonly ShownField[] {
  return [...settled].map(([path, { value, origin }]) => ({
    path,
    value: textOf(table.get(path), value),
    origin: origin.type,
    where: whereOf(origin),
  }));
}

function whereOf(origin: Origin): string {
  switch (origin.type) {
    case "default":
      return "";
    case "proto":
      return `(samspel.v1.${origin.option}) in ${origin.file}`;
    case "configuration":
      return origin.of;
    case "registry":
      return origin.key;
  }
}

function rowOf(of: string, { path, value, origin, where }: ShownField): readonly string[] {
  return [of, path, value, where || origin];
}
