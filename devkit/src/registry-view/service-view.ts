// One service in full: its instances, what they serve, and who calls it.
import type { CallerOfRecord, InstanceState, Registry } from "@samspel/registry";
import { apiOf } from "./api-of.ts";
import { describeMethod, type MethodView } from "./describe-method.ts";
import { ViewError } from "./view-error.ts";

/** A proto service as some of the instances serve it. */
interface ProtoServiceView {
  readonly name: string;
  /** The versions of these instances. */
  readonly versions: readonly string[];
  readonly methods: readonly MethodView[];
  /** Where the methods are known from, or why they are not. */
  readonly from: string;
}

export interface ServiceView {
  readonly name: string;
  readonly instances: readonly InstanceState[];
  readonly protoServices: readonly ProtoServiceView[];
  readonly callers: readonly (CallerOfRecord & { readonly protoService: string })[];
}

/** @throws ViewError where no such service is registered. */
export async function viewService(registry: Registry, name: string): Promise<ServiceView> {
  const instances = await registry.states(name);
  if (instances.length === 0) throw await nobody(registry, name);
  const names = [...new Set(instances.flatMap(({ protoServices }) => protoServices))].toSorted();
  const callers = await Promise.all(
    names.map(async (protoService) =>
      (await registry.descriptors.callersOf(protoService)).map((caller) => ({ protoService, ...caller })),
    ),
  );
  return { name, instances, protoServices: await viewApis(registry, instances), callers: callers.flat() };
}

/** Instances with the same descriptors serve the same; each set is looked at once. */
async function viewApis(
  registry: Registry,
  instances: readonly InstanceState[],
): Promise<readonly ProtoServiceView[]> {
  const alike = Map.groupBy(instances, ({ id, meta }) => meta["descriptor_sha256"] ?? id);
  const views: ProtoServiceView[] = [];
  for (const group of alike.values()) {
    const [instance] = group;
    if (instance === undefined) continue;
    const found = await apiOf(registry, instance);
    const versions = [...new Set(group.map(({ meta }) => meta["version"] ?? ""))].toSorted();
    for (const name of instance.protoServices) {
      const service = found.type === "found" ? found.api.getService(name) : undefined;
      const from = found.type === "found" ? found.from : found.reason;
      views.push({ name, versions, methods: service?.methods.map(describeMethod) ?? [], from });
    }
  }
  return views.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

export async function nobody(registry: Registry, name: string): Promise<ViewError> {
  const known = new Set((await registry.states()).map(({ service }) => service));
  return new ViewError(
    `No service ${name} is in the registry at ${registry.url}: there are ${[...known].toSorted().join(", ") || "no services"}`,
  );
}
