// The tells on their way to a service's methods, and what became of one.
import { fromBinary, type DescMethod, type DescService, type JsonObject } from "@bufbuild/protobuf";
import { GetTellResponse_State as State } from "../gen/samspel/v1/backoffice_pb.ts";
import { tellQueues, tellStatus, type TellStatus } from "../tell/index.ts";
import { lagAnswer } from "./answers.ts";
import { partAnswers, waitingAnswers } from "./group-answer.ts";
import { writeJson } from "./json.ts";
import type { BackofficeParts, Methods } from "./parts.ts";

const states: Readonly<Record<TellStatus["state"], State>> = {
  pending: State.PENDING,
  replied: State.REPLIED,
  rejected: State.REJECTED,
  "dead letter": State.DEAD_LETTER,
  unknown: State.UNKNOWN,
};

export function tellMethods(parts: BackofficeParts): Methods<"listTells" | "getTell"> {
  const { told, connectBroker } = parts;
  const names = told.map(({ typeName }) => typeName).toSorted();
  return {
    async listTells() {
      if (names.length === 0) return {};
      const queues = await tellQueues(await connectBroker(), names);
      return {
        queues: queues.map(({ service, pending, lagSeconds, deadLetters, partitions }) => ({
          service,
          lag: lagAnswer({ count: pending, ageMs: lagSeconds * 1_000 }),
          waiting: waitingAnswers(partitions),
          deadLetters: BigInt(deadLetters),
          parts: partAnswers(partitions),
        })),
      };
    },
    async getTell({ token }) {
      if (names.length === 0) return { state: State.UNKNOWN };
      const status = await tellStatus(await connectBroker(), names, token);
      const { state, service = "", method = "", id = "", error = "", deadLetter } = status;
      return {
        state: states[state],
        service,
        method,
        id,
        error,
        deadLetterId: deadLetter === undefined ? "" : String(deadLetter),
        ...replyOf(told, status),
      };
    },
  };
}

/** The reply as JSON; why it cannot be shown, where it cannot. */
function replyOf(
  told: readonly DescService[],
  { service, method: name, reply }: TellStatus,
): { readonly reply?: JsonObject; readonly error?: string } {
  if (reply === undefined) return {};
  const method: DescMethod | undefined = told
    .find(({ typeName }) => typeName === service)
    ?.methods.find((each) => each.name === name);
  if (method === undefined) return { error: `This version of the service does not know the method ${name}` };
  try {
    return { reply: writeJson(method.output, fromBinary(method.output, reply)) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { error: `The reply cannot be read as ${method.output.typeName}: ${reason}` };
  }
}
