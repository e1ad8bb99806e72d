// Every method that can be called, with what its request looks like.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { InstanceState } from "@samspel/registry";
import type {
  ListMethodsRequest,
  ListMethodsResponseSchema,
  MethodSchema,
} from "@samspel/runtime/gen/samspel/dev/v1/dashboard_pb.js";
import { requestTemplate } from "../../dynamic/index.ts";
import { groupByApi, type ApiGroup, type Apis } from "./apis.ts";
import type { Comments } from "./comments.ts";
import type { MethodFacts } from "./describe-method.ts";
import { jsonSchema } from "./json-schema.ts";

/** A method, and which API it is known from. */
export interface FoundMethod {
  readonly facts: MethodFacts;
  readonly group: ApiGroup;
  readonly services: Set<string>;
}

interface FoundMethods {
  /** By full name. */
  readonly methods: ReadonlyMap<string, FoundMethod>;
  /** Why the methods of a service are not known, by its name. */
  readonly unknown: Readonly<Record<string, string>>;
}

const readsAtOnce = 8;

export interface MethodsContext {
  readonly apis: Apis;
  readonly comments: Comments;
}

export async function listMethods(
  { apis, comments }: MethodsContext,
  instances: readonly InstanceState[],
  { protoService, method, brief }: ListMethodsRequest,
): Promise<MessageInitShape<typeof ListMethodsResponseSchema>> {
  const wanted =
    protoService === ""
      ? instances
      : instances.filter(({ protoServices }) => protoServices.includes(protoService));
  // A list is asked for again and again; who opens a method waits for what is said of it.
  const commented = comments.fresh();
  if (!brief) await commented;
  const { methods, unknown } = await findMethods(apis, wanted);
  const listed = [...methods.values()].filter(
    ({ facts }) =>
      (protoService === "" || facts.protoService === protoService) &&
      (method === "" || facts.name === method),
  );
  const messages: MessageInitShape<typeof MethodSchema>[] = [];
  // One after the other: those of one API share its types.
  for (const found of listed) messages.push(await methodMessage({ apis, comments }, found, brief));
  return { methods: messages, unknownServices: unknown };
}

/** The methods of all these instances, by name. */
export async function findMethods(apis: Apis, instances: readonly InstanceState[]): Promise<FoundMethods> {
  const groups = groupByApi(instances);
  const known = await mapSome(groups, (group) => apis.methods(group));
  const methods = new Map<string, FoundMethod>();
  const unknown: Record<string, string> = {};
  for (const [index, group] of groups.entries()) {
    const found = known[index];
    if (found?.type === "unknown") {
      for (const service of group.services) unknown[service] = found.reason;
    }
    if (found?.type !== "known") continue;
    for (const facts of found.methods) {
      const name = `${facts.protoService}/${facts.name}`;
      const before = methods.get(name);
      // Groups come best first: the first description counts.
      if (before === undefined) methods.set(name, { facts, group, services: new Set(group.services) });
      else for (const service of group.services) before.services.add(service);
    }
  }
  return { methods: new Map([...methods].toSorted(([a], [b]) => (a < b ? -1 : 1))), unknown };
}

async function methodMessage(
  { apis, comments }: MethodsContext,
  { facts, group, services }: FoundMethod,
  brief: boolean,
): Promise<MessageInitShape<typeof MethodSchema>> {
  const { allowed: _allowed, isPublic: _isPublic, live: _live, http, ...same } = facts;
  const message = {
    ...same,
    comment: facts.comment || comments.ofName(`${facts.protoService}.${facts.name}`),
    http: [...http],
    services: [...services].toSorted(),
  };
  const input = brief ? undefined : (await apis.types(group))?.getMessage(facts.input);
  if (input === undefined) return message;
  return {
    ...message,
    requestSchema: JSON.stringify(jsonSchema(input, (desc) => comments.of(desc))),
    requestTemplate: requestTemplate(input),
  };
}

/** The results in order; a few are made at once. */
async function mapSome<T, R>(values: readonly T[], make: (value: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  const left = values.entries();
  const work = async (): Promise<void> => {
    // The iterator is shared: each value is taken once.
    for (const [index, value] of left) results[index] = await make(value);
  };
  await Promise.all(Array.from({ length: readsAtOnce }, work));
  return results;
}
