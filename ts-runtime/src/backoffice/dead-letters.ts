// The dead letters of a service's subscriptions and tells. Those of other services lie in the same stream and are none of
// its business: they can neither be seen nor touched here.
import { fromBinary, type DescMessage, type JsonObject, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { SamspelError } from "../errors/index.ts";
import type { DeadLetterSchema } from "../gen/samspel/v1/backoffice_pb.ts";
import { limitOf, pageToken, refuse, shown, tokenText } from "../request/index.ts";
import {
  countDeadLetters,
  dropDeadLetter,
  dropDeadLetters,
  listDeadLetters,
  readDeadLetter,
  replayDeadLetter,
  replayDeadLetters,
  type DeadLetter,
} from "../topic/index.ts";
import { tellGroup, tellsName } from "../tell/index.ts";
import { writeJson } from "./json.ts";
import type { BackofficeParts, Methods } from "./parts.ts";

type Names =
  | "listDeadLetters"
  | "getDeadLetter"
  | "replayDeadLetter"
  | "replayDeadLetters"
  | "dropDeadLetter"
  | "dropDeadLetters";

/** Where dead letters of a service come from, and what is in them. */
interface Source {
  readonly group: string;
  /** What they are filed under: the topic's name. */
  readonly topic: string;
  messageOf(letter: DeadLetter): DescMessage | undefined;
}

export function deadLetterMethods(parts: BackofficeParts): Methods<Names> {
  const { connectBroker } = parts;
  const sources = sourcesOf(parts);
  const sourceOf = ({ group, topic }: DeadLetter): Source | undefined =>
    sources.find((source) => source.group === group && source.topic === topic);
  const wanted = (request: { readonly group: string; readonly topic: string }): readonly Source[] => {
    if (request.group === "") throw refuse("group", "given", "");
    const found = sources.filter(
      ({ group, topic }) => group === request.group && (request.topic === "" || topic === request.topic),
    );
    if (found.length > 0) return found;
    throw new SamspelError(
      "SAMSPEL_NOT_FOUND",
      `This service has no group ${shown(request.group)}${request.topic === "" ? "" : ` of ${shown(request.topic)}`}: ` +
        `it has ${sources.map(({ group, topic }) => `${group} of ${topic}`).join(", ") || "none"}`,
    );
  };
  const ownLetter = async (id: string): Promise<DeadLetter> => {
    const letter = await readDeadLetter(await connectBroker(), numberOf(id));
    if (sourceOf(letter) !== undefined) return letter;
    throw new SamspelError(
      "SAMSPEL_NOT_FOUND",
      `Dead letter ${id} is of group ${letter.group}, which is another service's`,
    );
  };

  return {
    async listDeadLetters({ group, topic, limit: asked, pageToken: token }, { signal }) {
      const limit = limitOf(asked);
      const found: DeadLetter[] = [];
      if (sources.length === 0) return {};
      const filter = { ...(group === "" ? {} : { group }), ...(topic === "" ? {} : { topic }) };
      let after = token === "" ? 0 : numberOf(tokenText(token), "page_token");
      for (;;) {
        signal.throwIfAborted();
        const page = await listDeadLetters(await connectBroker(), { ...filter, after, limit });
        for (const letter of page.letters) {
          if (found.length === limit) break;
          if (sourceOf(letter) !== undefined) found.push(letter);
          after = letter.number;
        }
        const isLast = page.next === undefined && after === (page.letters.at(-1)?.number ?? after);
        if (isLast) return { deadLetters: found.map(inShort) };
        if (found.length === limit)
          return { deadLetters: found.map(inShort), nextPageToken: pageToken(String(after)) };
      }
    },

    async getDeadLetter({ id }) {
      const letter = await ownLetter(id);
      return {
        deadLetter: inShort(letter),
        ...contentOf(letter, sourceOf(letter)),
        body: letter.body,
        headers: Object.fromEntries(letter.headers),
        history: letter.history.map(({ at, error }) => ({ time: timestampFromDate(new Date(at)), error })),
      };
    },

    async replayDeadLetter({ id }, context) {
      const { number } = await ownLetter(id);
      const timeoutMs = context.timeoutMs();
      const result = await replayDeadLetter(
        await connectBroker(),
        number,
        timeoutMs === undefined ? {} : { timeoutMs },
      );
      return { error: result.type === "failed" ? result.error : "" };
    },

    async *replayDeadLetters(request, { signal }) {
      const from = wanted(request);
      const broker = await connectBroker();
      const counts = await Promise.all(from.map((source) => countDeadLetters(broker, source)));
      const total = counts.reduce((sum, count) => sum + count, 0);
      let succeeded = 0;
      let failed = 0;
      for (const { group, topic } of from) {
        for await (const { number, result } of replayDeadLetters(broker, { group, topic })) {
          if (result.type === "handled") succeeded += 1;
          else failed += 1;
          yield {
            id: String(number),
            error: result.type === "failed" ? result.error : "",
            succeeded: BigInt(succeeded),
            failed: BigInt(failed),
            total: BigInt(total),
          };
          signal.throwIfAborted();
        }
      }
    },

    async dropDeadLetter({ id }) {
      await dropDeadLetter(await connectBroker(), (await ownLetter(id)).number);
      return {};
    },

    async dropDeadLetters(request) {
      const from = wanted(request);
      const broker = await connectBroker();
      let dropped = 0;
      for (const { group, topic } of from) dropped += await dropDeadLetters(broker, { group, topic });
      return { dropped: BigInt(dropped) };
    },
  };
}

function sourcesOf({ subscriptions, told }: BackofficeParts): readonly Source[] {
  return [
    ...subscriptions.map(({ group, topic }) => ({
      group,
      topic: topic.name,
      messageOf: () => topic.message,
    })),
    ...told.map((service) => ({
      group: tellGroup,
      topic: tellsName(service.typeName),
      messageOf: ({ headers }: DeadLetter) =>
        service.methods.find(({ name }) => name === headers.get("samspel-method"))?.input,
    })),
  ];
}

/** @throws SAMSPEL_INVALID_REQUEST for what is no number. */
function numberOf(id: string, field = "id"): number {
  const number = /^[1-9]\d{0,15}$/.test(id) ? Number(id) : 0;
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw refuse(field, "the id of a dead letter, a positive integer", shown(id));
}

function inShort(letter: DeadLetter): MessageInitShape<typeof DeadLetterSchema> {
  const { number, group, topic, id, key, type, error, attempts, parkedAt } = letter;
  return {
    id: String(number),
    group,
    topic,
    messageId: id,
    key,
    messageType: type,
    error,
    attempts,
    parkedAt: timestampFromDate(parkedAt),
  };
}

function contentOf(
  letter: DeadLetter,
  source: Source | undefined,
): { readonly message?: JsonObject; readonly problem?: string } {
  const desc = source?.messageOf(letter);
  if (desc === undefined) return { problem: `This version of the service does not know ${letter.type}` };
  try {
    return { message: writeJson(desc, fromBinary(desc, letter.body)) };
  } catch (error) {
    return {
      problem: `Cannot be read as ${desc.typeName}: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}
