// API: what the proto files of a service say to the toolkit, read from the running service.
import { getOption, hasOption, ScalarType, type DescMessage, type DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import { deduplicated, key, topic } from "@samspel/runtime/gen/samspel/v1/options_pb.js";
import { judged, type Check, type Problem } from "../check.ts";
import type { ServedApi } from "../reflection.ts";

const defaultPartitions = 16;

/** A topic that a service declares. */
export interface DeclaredTopic {
  readonly name: string;
  readonly partitions: number;
  readonly live: boolean;
  readonly method: DescMethod;
}

export function declaredTopics({ services }: ServedApi): readonly DeclaredTopic[] {
  return services.flatMap(({ methods }) =>
    methods
      .filter((method) => hasOption(method, topic))
      .map((method) => {
        const { name, partitions, live } = getOption(method, topic);
        return {
          name: name === "" ? `${method.parent.typeName}.${method.name}` : name,
          partitions: partitions === 0 ? defaultPartitions : partitions,
          live,
          method,
        };
      }),
  );
}

/** Methods that may be told: twice is as good as once, or the handler knows a tell again. */
export function tellable({ services }: ServedApi): readonly DescMethod[] {
  return services
    .flatMap(({ methods }) => methods)
    .filter(
      (method) =>
        method.methodKind === "unary" &&
        (method.idempotency === Idempotency.IDEMPOTENT ||
          method.idempotency === Idempotency.NO_SIDE_EFFECTS ||
          getOption(method, deduplicated)),
    );
}

const options: Check = {
  rule: "API-1",
  level: "must",
  title: "its proto options can be read, and mean something",
  after: ["REFL-2"],
  async run(subject) {
    const api = await subject.api();
    const topics = declaredTopics(api);
    const problems: Problem[] = topics.flatMap(topicProblems);
    const told = tellable(api);
    for (const { input } of told) problems.push(...keyProblems(input, false));
    return judged(problems, `${topics.length} topics, ${told.length} methods that may be told`);
  },
};

function topicProblems({ name, partitions, live, method }: DeclaredTopic): readonly Problem[] {
  const full = `${method.parent.typeName}.${method.name}`;
  const problems: Problem[] = [];
  if (method.methodKind !== "server_streaming" || method.input.typeName !== "samspel.v1.SubscribeRequest") {
    problems.push({
      found: `${full} is a topic, and takes ${method.input.typeName} as ${method.methodKind}`,
      must: "(samspel.v1.SubscribeRequest) returns (stream Event)",
      mend: "change the method, or take the option away",
    });
  }
  if (!/^[A-Za-z][A-Za-z0-9_.-]*[A-Za-z0-9]$/.test(name)) {
    problems.push({
      found: `the topic of ${full} is named "${name}"`,
      must: "letters, digits, _ - and ., with a letter at the beginning: it is in names of streams and subjects",
      mend: "give the option another name",
    });
  }
  if (partitions > 256)
    problems.push({
      found: `the topic of ${full} has ${partitions} partitions`,
      must: "1 to 256",
      mend: "give the option a smaller number",
    });
  return [...problems, ...(live ? [] : keyProblems(method.output, true))];
}

function keyProblems(message: DescMessage, needed: boolean): readonly Problem[] {
  const keys = message.fields.filter((field) => getOption(field, key));
  const [first] = keys;
  if (first === undefined && !needed) return [];
  if (first === undefined || keys.length > 1) {
    return [
      {
        found: `${message.typeName} has ${keys.length} fields with (samspel.v1.key)`,
        must: "one: it says to whom a message belongs, and so its order",
        mend: "mark one string field",
      },
    ];
  }
  if (first.fieldKind === "scalar" && first.scalar === ScalarType.STRING && first.oneof === undefined)
    return [];
  return [
    {
      found: `the key of ${message.typeName} is ${first.name}, which is no singular string outside a oneof`,
      must: "a singular string field",
      mend: "mark another field",
    },
  ];
}

export const apiChecks: readonly Check[] = [options];
