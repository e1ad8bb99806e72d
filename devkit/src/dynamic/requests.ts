// The requests of a call, from JSON.
import type { DescMethod, Message, Registry } from "@bufbuild/protobuf";
import { DynamicError } from "./dynamic-error.ts";
import { readMessage } from "./json-message.ts";

/** What a method takes: one message that is read already, or a stream. */
export type Requests =
  | { readonly type: "one"; readonly message: Message }
  | {
      readonly type: "stream";
      readonly messages: AsyncIterable<Message>;
      /** Why one of them could not be sent, which fails the call. */
      readonly refused: () => Error | undefined;
    };

/**
 * Reads the request of a method; those of a stream are read as the call takes them.
 * @throws DynamicError where it does not fit.
 */
export async function openRequests(
  method: DescMethod,
  lines: Iterable<string> | AsyncIterable<string>,
  types: Registry,
): Promise<Requests> {
  const { input, methodKind } = method;
  if (methodKind === "client_streaming" || methodKind === "bidi_streaming") {
    let reason: Error | undefined;
    async function* messages(): AsyncGenerator<Message> {
      try {
        for await (const line of lines) yield readMessage(input, line, types);
      } catch (error) {
        reason = error instanceof Error ? error : new Error(String(error));
        throw error;
      }
    }
    return { type: "stream", messages: messages(), refused: () => reason };
  }
  let message: Message | undefined;
  for await (const line of lines) {
    if (message !== undefined) {
      const name = `${method.parent.typeName}/${method.name}`;
      throw new DynamicError("invalid", `${name} takes one request: there are more`);
    }
    message = readMessage(input, line, types);
  }
  return { type: "one", message: message ?? readMessage(input, "{}", types) };
}
