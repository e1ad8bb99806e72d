// The policies in force, as GetPolicies tells them.
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  PolicyField_Origin as Proto,
  type GetPoliciesResponseSchema,
  type PolicyFieldSchema,
} from "../gen/samspel/v1/inspection_pb.ts";
import {
  callFields,
  instancesFields,
  textOf,
  type FieldTable,
  type OpenPolicies,
  type Origin,
  type Settled,
} from "../policy/index.ts";

/** Those of a proto service; of all for an empty name. */
export function policiesAnswer(
  policies: Pick<OpenPolicies, "inspect" | "refused">,
  protoService: string,
): MessageInitShape<typeof GetPoliciesResponseSchema> {
  const isAsked = (name: string): boolean => protoService === "" || name === protoService;
  return {
    services: policies
      .inspect()
      .filter(({ service }) => isAsked(service.typeName))
      .map(({ service, instances, methods }) => ({
        protoService: service.typeName,
        instances: fieldsOf(instances, instancesFields),
        methods: [...methods].map(([method, settled]) => ({
          method: method.name,
          fields: fieldsOf(settled, callFields),
        })),
      })),
    refused: policies.refused.filter((each) => isAsked(each.protoService)),
  };
}

function fieldsOf(settled: Settled, table: FieldTable): MessageInitShape<typeof PolicyFieldSchema>[] {
  return [...settled].map(([path, { value, origin }]) => ({
    path,
    value: textOf(table.get(path), value),
    ...originOf(origin),
  }));
}

function originOf(origin: Origin): { readonly origin: Proto; readonly where: string } {
  switch (origin.type) {
    case "default":
      return { origin: Proto.DEFAULT, where: "" };
    case "proto":
      return {
        origin: Proto.PROTO,
        where: `(samspel.v1.${origin.option}) of ${origin.of} in ${origin.file}`,
      };
    case "configuration":
      return { origin: Proto.CONFIGURATION, where: origin.of };
    case "registry":
      return { origin: Proto.REGISTRY, where: origin.key };
  }
}
