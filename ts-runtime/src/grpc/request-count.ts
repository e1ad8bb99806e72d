// How many requests a method takes that takes one.
import type { DescMethod, Message } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

export function missingRequest({ name }: DescMethod): ConnectError {
  return new ConnectError(`protocol error: missing input message for ${name}`, Code.Unimplemented);
}

export function extraRequest({ name }: DescMethod): ConnectError {
  return new ConnectError(`protocol error: received extra input message for ${name}`, Code.Unimplemented);
}

/** The one message that comes, when the end has come as well. */
export async function soleRequest(
  messages: AsyncIterator<Message, undefined>,
  method: DescMethod,
): Promise<Message> {
  const first = await messages.next();
  if (first.done === true) throw missingRequest(method);
  const second = await messages.next();
  if (second.done !== true) throw extraRequest(method);
  return first.value;
}
