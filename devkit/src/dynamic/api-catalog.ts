// What can be called: the proto services that are registered, with their descriptors, which instances have published or
// tell by reflection, or which somebody has in files.
//
// Invariants:
//   K1. A method is known as the instance has it that is called: during a deploy, versions differ.
//   K2. A set of descriptors is read once, as it never changes under its hash; what reflection tells is asked each time.
import type { DescMethod, DescService, FileRegistry } from "@bufbuild/protobuf";
import type { InstanceState, Registry } from "@samspel/registry";
import { readDescriptorSet } from "@samspel/runtime/compatibility";
import { readProtoFiles, setOf } from "../join/index.ts";
import { apiOf, type FoundApi } from "../registry-view/index.ts";
import { DynamicError } from "./dynamic-error.ts";
import { findMethod, findProtoService, splitMethod } from "./method-name.ts";

/** A proto service that is registered. */
export interface ServedProtoService {
  /** Its full name. */
  readonly name: string;
  /** The names of the services that serve it. */
  readonly services: readonly string[];
  /** All of its instances, whatever their health. */
  readonly instances: readonly InstanceState[];
  /** Its descriptor, as the newest version that is well has it; or why it is not known. */
  readonly api:
    | { readonly type: "found"; readonly service: DescService; readonly types: FileRegistry }
    | { readonly type: "unknown"; readonly reason: string };
}

/** A method that can be called. */
interface FoundMethod {
  readonly method: DescMethod;
  /** All types of its descriptor set, for what an `Any` holds. */
  readonly types: FileRegistry;
  /** Where a call goes; undefined where no instance is well, which keeps no tell from being stored. */
  readonly instance: InstanceState | undefined;
}

export interface ApiCatalog {
  /** Every proto service that is registered, by name. */
  list(): Promise<readonly ServedProtoService[]>;
  /**
   * A method by its name: `cart.v1.CartService/AddItem`, or as short as it is clear: `CartService/AddItem`.
   *
   * @param instance Its id in the registry. Default: one that is well, by chance.
   * @throws DynamicError that says what there is instead.
   */
  find(name: string, instance?: string): Promise<FoundMethod>;
  /**
   * A proto service by its name, as short as it is clear, as the newest version that is well has it.
   * @throws DynamicError that says what there is instead.
   */
  findService(name: string): Promise<DescService>;
}

export interface ApiCatalogOptions {
  readonly registry: Registry;
  /** Descriptor sets, proto files, or folders of them, for what nothing else knows. Default: none. */
  readonly proto?: readonly string[];
}

const keptSets = 200;

export function createApiCatalog({ registry, proto = [] }: ApiCatalogOptions): ApiCatalog {
  const sets = new Map<string, FoundApi>();
  let files: Promise<FileRegistry> | undefined;

  const read = async (instance: InstanceState): Promise<FoundApi> => {
    const sha256 = instance.meta["descriptor_sha256"] ?? "";
    const known = sets.get(sha256);
    if (known !== undefined) return known;
    const found = await apiOf(registry, instance);
    if (found.type === "unknown" || found.from !== "registry") return found;
    for (const oldest of sets.keys()) {
      if (sets.size < keptSets) break;
      sets.delete(oldest);
    }
    sets.set(sha256, found);
    return found;
  };

  /** The first of these instances whose API is known, else that of files. */
  const apiFrom = async (
    instances: readonly InstanceState[],
    protoService: string,
  ): Promise<ServedProtoService["api"]> => {
    const reasons: string[] = [];
    for (const instance of instances) {
      const found = await read(instance);
      const service = found.type === "found" ? found.api.getService(protoService) : undefined;
      if (found.type === "found" && service !== undefined)
        return { type: "found", service, types: found.api };
      reasons.push(found.type === "unknown" ? found.reason : "its descriptors do not have it");
    }
    if (proto.length > 0) {
      const types = await (files ??= readFiles(proto));
      const service = types.getService(protoService);
      if (service !== undefined) return { type: "found", service, types };
    }
    return { type: "unknown", reason: reasons[0] ?? "no instance is registered" };
  };

  return {
    async list() {
      const served = byProtoService(await registry.states());
      const names = [...served.keys()].toSorted();
      return Promise.all(
        names.map(async (name) => {
          const instances = served.get(name) ?? [];
          const services = [...new Set(instances.map(({ service }) => service))].toSorted();
          return { name, services, instances, api: await apiFrom(instances.toSorted(bestFirst), name) };
        }),
      );
    },
    async findService(name) {
      const served = byProtoService(await registry.states());
      const fromFiles = proto.length === 0 ? [] : serviceNames(await (files ??= readFiles(proto)));
      const protoService = findProtoService(name, [...served.keys(), ...fromFiles], registry.url);
      const api = await apiFrom((served.get(protoService) ?? []).toSorted(bestFirst), protoService);
      if (api.type === "found") return api.service;
      throw unknownApi(protoService, api.reason);
    },
    async find(name, id) {
      const { protoService: asked, method: methodName } = splitMethod(name);
      const served = byProtoService(await registry.states());
      const fromFiles = proto.length === 0 ? [] : serviceNames(await (files ??= readFiles(proto)));
      const protoService = findProtoService(asked, [...served.keys(), ...fromFiles], registry.url);
      const instances = served.get(protoService) ?? [];
      const instance =
        id === undefined ? anyOf(instances) : named(instances, id, `${protoService} at ${registry.url}`);
      const order = instance === undefined ? instances.toSorted(bestFirst) : [instance];
      const api = await apiFrom(order, protoService);
      if (api.type === "unknown") {
        throw unknownApi(protoService, api.reason);
      }
      return { method: findMethod(api.service, methodName), types: api.types, instance };
    },
  };
}

function byProtoService(states: readonly InstanceState[]): ReadonlyMap<string, readonly InstanceState[]> {
  const served = new Map<string, InstanceState[]>();
  for (const state of states) {
    for (const name of state.protoServices) {
      const known = served.get(name);
      if (known === undefined) served.set(name, [state]);
      else known.push(state);
    }
  }
  return served;
}

/** Those that are well before others, then newer versions before older ones. */
function bestFirst(a: InstanceState, b: InstanceState): number {
  return wellness(a) - wellness(b) || versionOf(b).localeCompare(versionOf(a), undefined, { numeric: true });
}

function wellness({ health }: InstanceState): number {
  return health === "passing" ? 0 : 1;
}

function versionOf({ meta }: InstanceState): string {
  return meta["version"] ?? "";
}

function anyOf(instances: readonly InstanceState[]): InstanceState | undefined {
  const well = instances.filter(({ health }) => health === "passing");
  return well[Math.floor(Math.random() * well.length)];
}

function named(instances: readonly InstanceState[], id: string, of: string): InstanceState {
  const found = instances.find((instance) => instance.id === id);
  if (found !== undefined) return found;
  const ids = instances.map((instance) => instance.id).toSorted();
  throw new DynamicError("unknown", `No instance ${id} of ${of}: there are ${ids.join(", ") || "none"}`);
}

async function readFiles(paths: readonly string[]): Promise<FileRegistry> {
  const { files, protoServices } = await readProtoFiles(paths);
  return readDescriptorSet(setOf(files, protoServices));
}

function unknownApi(protoService: string, reason: string): DynamicError {
  return new DynamicError(
    "unknown",
    `The methods of ${protoService} are not known: ${reason}; give --proto <proto file, folder or descriptor set>`,
  );
}

function serviceNames(types: FileRegistry): readonly string[] {
  return [...types].flatMap((type) => (type.kind === "service" ? [type.typeName] : []));
}
