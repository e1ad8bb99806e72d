// The API of an instance: of the descriptors that it published, else it is asked itself.
import type { FileRegistry } from "@bufbuild/protobuf";
import type { InstanceState, Registry } from "@samspel/registry";
import { readDescriptorSet } from "@samspel/runtime/compatibility";
import { reflect, setOf, urlOf } from "../join/index.ts";

export type FoundApi =
  | { readonly type: "found"; readonly from: "registry" | "reflection"; readonly api: FileRegistry }
  | { readonly type: "unknown"; readonly reason: string };

const reflectWithinMs = 5_000;

export async function apiOf(registry: Registry, instance: InstanceState): Promise<FoundApi> {
  const sha256 = instance.meta["descriptor_sha256"] ?? "";
  if (sha256 !== "") {
    const set = await registry.descriptors.read(sha256);
    if (set !== undefined) return { type: "found", from: "registry", api: readDescriptorSet(set) };
  }
  const { address, port, meta } = instance;
  if (meta["secure"] === "true")
    return { type: "unknown", reason: "it has published no descriptors, and wants TLS" };
  const asked = await reflect(urlOf(address, port), AbortSignal.timeout(reflectWithinMs)).catch(
    (error: unknown) => ({
      type: "missing" as const,
      reason: error instanceof Error ? error.message : String(error),
    }),
  );
  if (asked.type === "missing") {
    return {
      type: "unknown",
      reason: `it has published no descriptors, and does not tell them: ${asked.reason}`,
    };
  }
  return {
    type: "found",
    from: "reflection",
    api: readDescriptorSet(setOf(asked.files, asked.protoServices)),
  };
}
