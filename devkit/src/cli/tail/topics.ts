// The topics that registered services declare.
import { getOption, hasOption, type DescMethod, type FileRegistry } from "@bufbuild/protobuf";
import { topic as topicOption } from "@samspel/runtime/gen/samspel/v1/options_pb.js";
import type { ApiCatalog, ServedProtoService } from "../../dynamic/index.ts";
import { nearest } from "../../config/suggest.ts";
import { UsageError } from "../backoffice/usage-error.ts";

export interface DeclaredTopic {
  /** On the wire, such as `cart.v1.CartTopics.CheckedOut`. */
  readonly name: string;
  readonly method: DescMethod;
  /** All types of its descriptor set, for what an `Any` holds. */
  readonly types: FileRegistry;
  /** Whether it is kept nowhere. */
  readonly live: boolean;
  readonly partitions: number;
  /** The services that serve it. */
  readonly services: readonly string[];
}

const defaultPartitions = 16;

export function topicsOf(served: readonly ServedProtoService[]): readonly DeclaredTopic[] {
  return served.flatMap(({ api, services }) =>
    api.type === "unknown"
      ? []
      : api.service.methods.flatMap((method) => topicOf(method, api.types, services)),
  );
}

function topicOf(
  method: DescMethod,
  types: FileRegistry,
  services: readonly string[],
): readonly DeclaredTopic[] {
  if (!hasOption(method, topicOption)) return [];
  const { name, live, partitions } = getOption(method, topicOption);
  return [
    {
      name: name === "" ? `${method.parent.typeName}.${method.name}` : name,
      method,
      types,
      live,
      partitions: partitions === 0 ? defaultPartitions : partitions,
      services,
    },
  ];
}

/**
 * A topic by its name on the wire, or by its method, as short as it is clear.
 * @throws UsageError that says what there is instead.
 */
export async function findTopic(catalog: ApiCatalog, asked: string): Promise<DeclaredTopic> {
  const topics = topicsOf(await catalog.list());
  const wanted = asked.replace("/", ".");
  const namesOf = ({ name, method }: DeclaredTopic): readonly string[] => [
    name,
    `${method.parent.typeName}.${method.name}`,
  ];
  const exact = topics.filter((topic) => namesOf(topic).includes(wanted));
  const alike = topics.filter((topic) => namesOf(topic).some((name) => name.endsWith(`.${wanted}`)));
  const [found, another] = exact.length > 0 ? exact : alike;
  if (found !== undefined && another === undefined) return found;
  if (another !== undefined) {
    throw new UsageError(
      `${asked} is one of several topics: ${alike.map(({ name }) => name).join(", ")}; give its full name`,
    );
  }
  // A service that is away may have its proto files here.
  const method = asked.includes("/") ? await catalog.find(asked).catch(() => undefined) : undefined;
  const [fromFiles] = method === undefined ? [] : topicOf(method.method, method.types, []);
  if (fromFiles !== undefined) return fromFiles;
  const all = topics.map(({ name }) => name).toSorted();
  const guess = nearest(wanted, all);
  throw new UsageError(
    `No service has a topic ${asked}: ` +
      (guess === undefined ? `there are ${all.join(", ") || "none"}` : `did you mean ${guess}?`),
  );
}
