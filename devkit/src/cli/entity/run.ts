// Runs a command on the services that say what is in their journals.
import { Code, ConnectError, type Client } from "@connectrpc/connect";
import type { InstanceState } from "@samspel/registry";
import { InspectionService, type EntityType } from "@samspel/runtime/gen/samspel/v1/inspection_pb.js";
import { createInstanceClients } from "../../dynamic/index.ts";
import { UsageError } from "../backoffice/usage-error.ts";
import { runOnSystem, type Tools } from "../system/run.ts";
import type { EntityOptions } from "./index.ts";

type Inspector = Client<typeof InspectionService>;

/** A service that has entities. */
interface Keeper {
  readonly service: string;
  readonly types: readonly EntityType[];
  readonly inspector: Inspector;
}

export interface EntityTools extends Tools {
  /** The services that have entities, by name. */
  readonly keepers: readonly Keeper[];
  /**
   * The service that has a type.
   * @throws UsageError where none has, or several have.
   */
  keeperOf(this: void, type: string): Keeper;
}

export async function runOnEntities(
  options: EntityOptions,
  work: (tools: EntityTools) => Promise<number>,
): Promise<number> {
  return runOnSystem(options, async (tools) => {
    await using clients = createInstanceClients({ registry: tools.registry });
    await using opened = new AsyncDisposableStack();
    const keepers: Keeper[] = [];
    const instances = oneOfEach(await tools.registry.states(options.service));
    for (const instance of instances) {
      const own = opened.use(await clients.to(instance));
      const inspector = own.client(InspectionService);
      const types = await typesOf(inspector);
      if (types.length > 0) keepers.push({ service: instance.service, types, inspector });
    }
    const keeperOf = (type: string): Keeper => pick(keepers, type, tools.registry.url);
    return await explained(() => work({ ...tools, keepers, keeperOf }));
  });
}

/** An instance of each service that is well. */
function oneOfEach(states: readonly InstanceState[]): readonly InstanceState[] {
  const well = states.filter(({ health }) => health === "passing");
  return [...new Map(well.map((state) => [state.service, state])).values()];
}

/** None of a service that has no journal, or does not show it. */
async function typesOf(inspector: Inspector): Promise<readonly EntityType[]> {
  try {
    return (await inspector.listEntityTypes({})).entityTypes;
  } catch (error) {
    if (ConnectError.from(error).code === Code.Unimplemented) return [];
    throw new UsageError(`A service does not answer: ${ConnectError.from(error).message}`);
  }
}

function pick(keepers: readonly Keeper[], type: string, registryUrl: string): Keeper {
  const [found, another] = keepers.filter(({ types }) => types.some(({ name }) => name === type));
  if (another !== undefined && found !== undefined) {
    throw new UsageError(
      `Both ${found.service} and ${another.service} have entities of type ${type}: give --service`,
    );
  }
  if (found !== undefined) return found;
  const all = [...new Set(keepers.flatMap(({ types }) => types.map(({ name }) => name)))].toSorted();
  throw new UsageError(
    `No service in the registry at ${registryUrl} shows entities of type ${type}: there are ${all.join(", ") || "none; in production that takes SAMSPEL_INSPECTION=true"}`,
  );
}

/** What a service refuses is said in its own words. */
async function explained(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    console.error(error.rawMessage);
    return error.code === Code.NotFound ||
      error.code === Code.OutOfRange ||
      error.code === Code.InvalidArgument
      ? 1
      : 2;
  }
}
