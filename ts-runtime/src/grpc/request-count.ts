// How many requests a method takes that takes one.
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";

export function missingRequest({ name }: DescMethod): ConnectError {
  return new ConnectError(`protocol error: missing input message for ${name}`, Code.Unimplemented);
}

export function extraRequest({ name }: DescMethod): ConnectError {
  return new ConnectError(`protocol error: received extra input message for ${name}`, Code.Unimplemented);
}
