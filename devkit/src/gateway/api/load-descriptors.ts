// What an instance serves: by the hash that it registered (R3), else by asking it.
import { createRegistry, type DescService, type Registry as Types } from "@bufbuild/protobuf";
import type { Instance, Registry } from "@samspel/registry";
import { readDescriptorSet } from "@samspel/runtime/compatibility";
import { file_google_rpc_error_details } from "@samspel/runtime/gen/google/rpc/error_details_pb.js";
import { file_samspel_v1_errors } from "@samspel/runtime/gen/samspel/v1/errors_pb.js";
import { reflect, setOf } from "../../join/api/index.ts";
import { urlOf } from "../../join/probe.ts";

/** A proto service in one version of it. */
export interface ServiceVersion {
  readonly service: DescService;
  /** All types that it needs, and those of error details: for JSON. */
  readonly types: Types;
}

/** The same for instances that serve the same. */
export function versionKeyOf({ id, meta }: Instance): string {
  return meta["descriptor_sha256"] ?? `reflection of ${id}`;
}

/** @throws Error that says what lacks. */
export async function loadVersion(
  protoService: string,
  instance: Instance,
  { registry, signal }: { readonly registry: Registry; readonly signal: AbortSignal },
): Promise<ServiceVersion> {
  const types = readDescriptorSet(await descriptorSet(protoService, instance, registry, signal));
  const service = types.getService(protoService);
  if (service === undefined) throw new Error(`its descriptors lack the service ${protoService}`);
  return { service, types: createRegistry(types, file_samspel_v1_errors, file_google_rpc_error_details) };
}

async function descriptorSet(
  protoService: string,
  { address, port, meta }: Instance,
  registry: Registry,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const sha256 = meta["descriptor_sha256"];
  const stored = sha256 === undefined ? undefined : await registry.descriptors.read(sha256);
  if (stored !== undefined) return stored;
  const missing =
    sha256 === undefined ? "it registered no descriptors" : "the registry has lost its descriptors";
  if (meta["secure"] === "true") throw new Error(`${missing}, and behind TLS it is not asked by reflection`);
  const asked = await reflect(urlOf(address, port), signal);
  if (asked.type === "missing") throw new Error(`${missing}, and it has no reflection: ${asked.reason}`);
  return setOf(asked.files, [protoService]);
}
