// A topic by what people call it.
import { nearest } from "../../config/suggest.ts";
import type { ApiCatalog } from "../../dynamic/index.ts";
import { declaredTopic, topicsOf, type DeclaredTopic } from "../../topics/index.ts";
import { UsageError } from "../backoffice/usage-error.ts";

/**
 * A topic by its name on the wire, or by its method, as short as it is clear.
 * @throws UsageError that says what there is instead.
 */
export async function findTopic(catalog: ApiCatalog, asked: string): Promise<DeclaredTopic> {
  const topics = topicsOf(await catalog.list());
  const wanted = asked.replace("/", ".");
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
  const fromFiles = method === undefined ? undefined : declaredTopic(method.method, method.types, []);
  if (fromFiles !== undefined) return fromFiles;
  const all = topics.map(({ name }) => name).toSorted();
  const guess = nearest(wanted, all);
  throw new UsageError(
    `No service has a topic ${asked}: ` +
      (guess === undefined ? `there are ${all.join(", ") || "none"}` : `did you mean ${guess}?`),
  );
}

function namesOf({ name, method }: DeclaredTopic): readonly string[] {
  return [name, `${method.parent.typeName}.${method.name}`];
}
