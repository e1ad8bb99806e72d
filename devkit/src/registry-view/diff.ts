// Two versions of an API: of instances, of sets in the registry, of proto files.
import type { DescService, FileRegistry } from "@bufbuild/protobuf";
import type { InstanceState, Registry } from "@samspel/registry";
import { compareServices, readDescriptorSet, type ServiceChange } from "@samspel/runtime/compatibility";
import { readProtoFiles, setOf } from "../join/index.ts";
import { apiOf } from "./api-of.ts";
import { nobody } from "./service-view.ts";
import { ViewError } from "./view-error.ts";

/** One side of a comparison. */
export interface Side {
  /** For people: what it is. */
  readonly title: string;
  /** The proto services that count, by full name. */
  readonly protoServices: readonly string[];
  readonly api: FileRegistry;
}

/** The changes from one to the other; `only` those of some proto services. */
export function diff(before: Side, after: Side): readonly ServiceChange[] {
  const names = new Set([...before.protoServices, ...after.protoServices]);
  const of = (side: Side, name: string): DescService | undefined =>
    side.protoServices.includes(name) ? side.api.getService(name) : undefined;
  return [...names].toSorted().flatMap((name) => compareServices(of(before, name), of(after, name)));
}

/**
 * What a text names: `<service>`, `<service>@<version>`, the id of an instance, or the hash of a descriptor set.
 * @throws ViewError where it is nothing, or several things.
 */
export async function sideOf(registry: Registry, text: string): Promise<Side> {
  if (/^[0-9a-f]{64}$/.test(text)) return ofHash(registry, text);
  const [name = "", version] = text.split("@", 2);
  const named = await registry.states(name);
  if (named.length > 0) return ofInstances(registry, text, pick(named, text, version));
  const instance = (await registry.states()).find(({ id }) => id === text);
  if (instance === undefined) throw await nobody(registry, text);
  return ofInstances(registry, text, [instance]);
}

/** The proto files of a version that does not run, as far as it is about what the other side has. */
export async function sideOfFiles(path: string, other: Side): Promise<Side> {
  const { files, protoServices } = await readProtoFiles([path]);
  // A project's proto files may hold many services; of the packages of this one all count.
  const packages = new Set(other.protoServices.map(packageOf));
  const counted = protoServices.filter((name) => packages.has(packageOf(name)));
  return { title: path, protoServices: counted, api: readDescriptorSet(setOf(files, counted)) };
}

async function ofHash(registry: Registry, sha256: string): Promise<Side> {
  const set = await registry.descriptors.read(sha256);
  if (set === undefined)
    throw new ViewError(`No descriptors ${sha256} are in the registry at ${registry.url}`);
  const api = readDescriptorSet(set);
  const protoServices = [...api].flatMap((type) => (type.kind === "service" ? [type.typeName] : []));
  return { title: sha256.slice(0, 12), protoServices, api };
}

function pick(
  instances: readonly InstanceState[],
  text: string,
  version: string | undefined,
): readonly InstanceState[] {
  const picked =
    version === undefined ? instances : instances.filter(({ meta }) => meta["version"] === version);
  if (picked.length > 0) return picked;
  const versions = [...new Set(instances.map(({ meta }) => meta["version"] || "none"))].toSorted();
  throw new ViewError(`No instance is ${text}: versions are ${versions.join(", ")}`);
}

async function ofInstances(
  registry: Registry,
  title: string,
  instances: readonly InstanceState[],
): Promise<Side> {
  const sets = Map.groupBy(instances, ({ id, meta }) => meta["descriptor_sha256"] ?? id);
  if (sets.size > 1) {
    const list = instances.map(({ id, meta }) => `${id} (version ${meta["version"] || "none"})`);
    throw new ViewError(
      `${title} has instances of ${sets.size} APIs: give <service>@<version>, or an id: ${list.join(", ")}`,
    );
  }
  const [instance] = instances;
  if (instance === undefined) throw await nobody(registry, title);
  const found = await apiOf(registry, instance);
  if (found.type === "unknown") throw new ViewError(`The API of ${title} is not known: ${found.reason}`);
  return { title, protoServices: instance.protoServices, api: found.api };
}

function packageOf(protoService: string): string {
  return protoService.slice(0, Math.max(0, protoService.lastIndexOf(".")));
}
