// The runtime's clients for methods that are known only when the program runs, so that types cannot say what they take.
import type { DescMethod, Message } from "@bufbuild/protobuf";
import type { CallOptions } from "@connectrpc/connect";
import type { Clients, Receipt, TellOptions } from "@samspel/runtime";
import { DynamicError } from "./dynamic-error.ts";
import type { Requests } from "./requests.ts";

type Call = (requests: Message | AsyncIterable<Message>, options: CallOptions) => unknown;
type Tell = (request: Message, options: TellOptions) => Promise<Receipt>;

/** Calls a method; one answer is a stream of one. */
export async function* callMethod(
  clients: Clients,
  method: DescMethod,
  { requests, options }: { readonly requests: Requests; readonly options: CallOptions },
): AsyncGenerator<Message, void> {
  // A client has a function for each method of the descriptor that it was made with, of the method's kind.
  const call = Reflect.get(clients.client(method.parent), method.localName) as Call;
  const answer = call(requests.type === "one" ? requests.message : requests.messages, options);
  const isOne = method.methodKind === "unary" || method.methodKind === "client_streaming";
  if (isOne) yield (await answer) as Message;
  else yield* answer as AsyncIterable<Message>;
}

/**
 * The function that tells a method.
 * @throws DynamicError that says why it may not be told.
 */
export function tellOf(clients: Clients, method: DescMethod): Tell {
  if (method.methodKind !== "unary") {
    const name = `${method.parent.typeName}/${method.name}`;
    throw new DynamicError("invalid", `Cannot tell ${name} as it streams: a tell is a unary method`);
  }
  const tells: unknown = Reflect.get(clients.client(method.parent), "tell");
  try {
    if (typeof tells === "object" && tells !== null) return Reflect.get(tells, method.localName) as Tell;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new DynamicError("invalid", error.message);
  }
  const { typeName } = method.parent;
  throw new DynamicError("invalid", `Cannot tell ${typeName} as a method of it is called Tell`);
}
