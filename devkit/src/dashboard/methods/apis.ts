// The APIs of all instances, for lists of methods.
//
//   P1. What a set of descriptors says is read once, as it never changes under its hash; its facts are kept, and only
//       the latest of the sets themselves, so that a thousand services fit into memory.
//   P2. What is known by reflection only is asked again after a while, and why it is not known, too.
import type { FileRegistry } from "@bufbuild/protobuf";
import type { InstanceState, Registry } from "@samspel/registry";
import { apiOf, type FoundApi } from "../../registry-view/index.ts";
import { describeMethod, type MethodFacts } from "./describe-method.ts";

/** Instances with the same API. */
export interface ApiGroup {
  /** The one that it is read from. */
  readonly instance: InstanceState;
  readonly services: readonly string[];
  readonly protoServices: readonly string[];
}

type KnownMethods =
  | { readonly type: "known"; readonly methods: readonly MethodFacts[] }
  | { readonly type: "unknown"; readonly reason: string };

export interface Apis {
  /** The methods of the proto services that a group registered. */
  methods(group: ApiGroup): Promise<KnownMethods>;
  /** Its types; undefined where they are not known. */
  types(group: ApiGroup): Promise<FileRegistry | undefined>;
}

const keptSets = 50;
const askAgainMs = 10_000;

export function createApis(registry: Registry): Apis {
  const known = new Map<string, KnownMethods>();
  const asked = new Map<string, { readonly found: Promise<FoundApi>; readonly untilMs: number }>();

  const read = async (instance: InstanceState): Promise<FoundApi> => {
    const name = keyOf(instance);
    const now = performance.now();
    const before = asked.get(name);
    if (before !== undefined && before.untilMs > now) return before.found;
    const found = apiOf(registry, instance).catch((error: unknown): FoundApi => {
      return { type: "unknown", reason: error instanceof Error ? error.message : String(error) };
    });
    asked.delete(name);
    asked.set(name, { found, untilMs: now + askAgainMs });
    const api = await found;
    if (api.type === "found" && api.from === "registry") asked.set(name, { found, untilMs: Infinity });
    for (const oldest of asked.keys()) {
      if (asked.size <= keptSets) break;
      asked.delete(oldest);
    }
    return found;
  };

  return {
    async methods({ instance, protoServices }) {
      const name = `${keyOf(instance)} ${protoServices.join(" ")}`;
      const before = known.get(name);
      if (before !== undefined) return before;
      const found = await read(instance);
      if (found.type === "unknown") return found;
      const methods = protoServices.flatMap(
        (protoService) => found.api.getService(protoService)?.methods.map(describeMethod) ?? [],
      );
      const facts: KnownMethods = { type: "known", methods };
      if (found.from === "registry") known.set(name, facts);
      return facts;
    },
    async types({ instance }) {
      const found = await read(instance);
      return found.type === "found" ? found.api : undefined;
    },
  };
}

/** All instances by their APIs; of several of one service, those that are well and new come first. */
export function groupByApi(instances: readonly InstanceState[]): readonly ApiGroup[] {
  const alike = Map.groupBy(instances.toSorted(bestFirst), keyOf);
  return [...alike.values()].flatMap((group) => {
    const [instance] = group;
    if (instance === undefined) return [];
    const services = [...new Set(group.map(({ service }) => service))].toSorted();
    const protoServices = [...new Set(group.flatMap(({ protoServices }) => protoServices))].toSorted();
    return { instance, services, protoServices };
  });
}

/** What the same API has the same of. */
function keyOf({ id, meta }: InstanceState): string {
  return meta["descriptor_sha256"] || id;
}

function bestFirst(a: InstanceState, b: InstanceState): number {
  return isIll(a) - isIll(b) || version(b).localeCompare(version(a), undefined, { numeric: true });
}

function isIll({ health }: InstanceState): number {
  return health === "passing" ? 0 : 1;
}

function version({ meta }: InstanceState): string {
  return meta["version"] ?? "";
}
