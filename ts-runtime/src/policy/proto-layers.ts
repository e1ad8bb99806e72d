// What proto files say: `calls` and `instances` of a service, `call` of a method.
import { getOption, hasOption, type DescMethod, type DescService } from "@bufbuild/protobuf";
import { invalidConfiguration } from "../errors/index.ts";
import { call, calls, instances, Balancing as Proto, type CallPolicy } from "../gen/samspel/v1/policy_pb.ts";
import type { Balancing } from "./call-policy.ts";
import { callFields, instancesFields } from "./fields.ts";
import { readFields, type Place } from "./read-fields.ts";
import { objectionTo, type Said } from "./settle.ts";

/** What is said of a method by its file, from the first to the last layer. @throws as `readFields`. */
export function protoSaidOfMethod(method: DescMethod): readonly Said[] {
  const { parent } = method;
  const said: Said[] = [];
  if (hasOption(parent, calls)) {
    const place = placeOf("calls", parent);
    const layer = readFields(plain(getOption(parent, calls)), callFields, place);
    said.push({ layer, scope: "service", origin: originOf("calls", parent) });
  }
  if (hasOption(method, call)) {
    const place = placeOf("call", method);
    const layer = readFields(plain(getOption(method, call)), callFields, place);
    said.push({ layer, scope: "method", origin: originOf("call", method) });
    checkMethod(method, { layer }, place);
  }
  return said;
}

/** What is said of a service's instances by its file. @throws as `readFields`. */
export function protoSaidOfInstances(service: DescService): readonly Said[] {
  if (!hasOption(service, instances)) return [];
  const layer = readFields(getOption(service, instances), instancesFields, placeOf("instances", service));
  return [{ layer, scope: "service", origin: originOf("instances", service) }];
}

/** @throws SAMSPEL_INVALID_CONFIGURATION where a method cannot have what was said of it alone. */
export function checkMethod(method: DescMethod, { layer }: Pick<Said, "layer">, place: Place): void {
  for (const [path, value] of layer) {
    const objection = objectionTo(method, path, value);
    if (objection === undefined) continue;
    const name = place.nameOf === undefined ? path : place.nameOf(path);
    throw invalidConfiguration(`${place.what} cannot be: ${name} is not for this method: ${objection}`);
  }
}

const balancings: Readonly<Record<Proto, Balancing | undefined>> = {
  [Proto.UNSPECIFIED]: undefined,
  [Proto.LEAST_LOADED]: "least-loaded",
  [Proto.ROUND_ROBIN]: "round-robin",
  [Proto.BY_KEY]: "by-key",
};

function plain(policy: CallPolicy): object {
  // A number that this version does not know is refused as such.
  const { balancing } = policy;
  return { ...policy, balancing: balancing in balancings ? balancings[balancing] : balancing };
}

function placeOf(option: string, desc: DescMethod | DescService): Place {
  return {
    what: `The option (samspel.v1.${option}) of ${nameOf(desc)} in ${fileOf(desc)}`,
    nameOf: (path) => path.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  };
}

function originOf(option: string, desc: DescMethod | DescService): Said["origin"] {
  return { type: "proto", option, of: nameOf(desc), file: fileOf(desc) };
}

function nameOf(desc: DescMethod | DescService): string {
  return desc.kind === "service" ? desc.typeName : `${desc.parent.typeName}/${desc.name}`;
}

function fileOf(desc: DescMethod | DescService): string {
  const { file } = desc.kind === "service" ? desc : desc.parent;
  return `${file.name}.proto`;
}
