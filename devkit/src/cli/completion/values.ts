// What a running system has, for completion.
import { createRegistry, type Registry } from "@samspel/registry";
import { InspectionService } from "@samspel/runtime/gen/samspel/v1/inspection_pb.js";
import { createApiCatalog, createInstanceClients } from "../../dynamic/index.ts";
import { findSystem } from "../system/find-system.ts";
import { topicsOf } from "../../topics/index.ts";

export interface Candidate {
  readonly value: string;
  /** For people; may be empty. */
  readonly about: string;
}

type Kind = "services" | "instances" | "methods" | "topics" | "policy targets" | "entity types" | "entities";

const most = 100;

/** How the system is asked. */
export interface Ask {
  /** What options say: `--registry`, `--project`. */
  readonly given: Readonly<Record<string, string>>;
  readonly withinMs: number;
}

/**
 * Those of a kind; none where the system does not answer in time (Q1).
 * @param last What is written by now.
 */
export async function valuesOf(
  kind: Kind,
  last: string,
  { given, withinMs }: Ask,
): Promise<readonly Candidate[]> {
  const { promise: late, resolve } = Promise.withResolvers<readonly Candidate[]>();
  const timer = setTimeout(resolve, withinMs, []);
  try {
    return await Promise.race([late, ask(kind, given, last)]);
  } catch {
    return []; // Q2
  } finally {
    clearTimeout(timer);
  }
}

async function ask(
  kind: Kind,
  given: Readonly<Record<string, string>>,
  last: string,
): Promise<readonly Candidate[]> {
  const { registryUrl } = await findSystem({
    project: given["--project"] ?? given["-p"],
    registry: given["--registry"] ?? process.env["CONSUL_HTTP_ADDR"],
  });
  await using registry = createRegistry({ url: registryUrl });
  return await askers[kind](registry, last);
}

const askers: Readonly<Record<Kind, (registry: Registry, last: string) => Promise<readonly Candidate[]>>> = {
  async services(registry) {
    const states = await registry.states();
    return [...new Set(states.map(({ service }) => service))].map((value) => ({ value, about: "" }));
  },
  async instances(registry) {
    return (await registry.states()).map(({ id, health }) => ({ value: id, about: health }));
  },
  async methods(registry, last) {
    return (await protoServices(registry, last)).flatMap(({ methods }) => methods);
  },
  /** Methods once a proto service is written. */
  async "policy targets"(registry, last) {
    const found = await protoServices(registry, last);
    return last.includes("/") ? found.flatMap(({ methods }) => methods) : found.map(({ service }) => service);
  },
  async topics(registry) {
    const topics = topicsOf(await createApiCatalog({ registry }).list());
    return topics.map(({ name, method, services }) => ({
      value:
        name === `${method.parent.typeName}.${method.name}` ? `${method.parent.name}/${method.name}` : name,
      about: services.join(", "),
    }));
  },
  "entity types": (registry) => entities(registry, undefined),
  entities: (registry, last) => entities(registry, last),
};

interface NamedApi {
  readonly service: Candidate;
  readonly methods: readonly Candidate[];
}

/** Those whose descriptors are known, each as short as it is clear, unless its package was begun. */
async function protoServices(registry: Registry, last: string): Promise<readonly NamedApi[]> {
  const found = await createApiCatalog({ registry }).list();
  return found.flatMap(({ name, services, api }) => {
    if (api.type === "unknown") return [];
    const short = name.slice(name.lastIndexOf(".") + 1);
    const isClear = found.filter((other) => other.name.endsWith(`.${short}`)).length <= 1;
    const shown = isClear && !last.startsWith(name.slice(0, name.indexOf(".") + 1)) ? short : name;
    const about = services.join(", ");
    const methods = api.service.methods.map((method) => ({ value: `${shown}/${method.name}`, about }));
    return [{ service: { value: shown, about }, methods }];
  });
}

/** Types; with a text that is begun, `cart/`, the ids of that type. */
async function entities(registry: Registry, last: string | undefined): Promise<readonly Candidate[]> {
  await using clients = createInstanceClients({ registry });
  const states = (await registry.states()).filter(({ health }) => health === "passing");
  const [type, idPrefix] = last?.includes("/") === true ? splitOnce(last) : [undefined, ""];
  const found = await Promise.all(
    [...new Map(states.map((state) => [state.service, state])).values()].map(async (instance) => {
      await using own = await clients.to(instance);
      const inspector = own.client(InspectionService);
      try {
        const { entityTypes } = await inspector.listEntityTypes({});
        const names = entityTypes.map(({ name }) => name);
        if (type === undefined) return names.map((name) => (last === undefined ? name : `${name}/`));
        if (!names.includes(type)) return [];
        const page = await inspector.listEntities({ entityType: type, idPrefix, limit: most });
        return page.entities.map(({ entityId }) => `${type}/${entityId}`);
      } catch {
        return []; // a service without entities
      }
    }),
  );
  return found.flat().map((value) => ({ value, about: "" }));
}

function splitOnce(text: string): readonly [string, string] {
  const at = text.indexOf("/");
  return [text.slice(0, at), text.slice(at + 1)];
}
