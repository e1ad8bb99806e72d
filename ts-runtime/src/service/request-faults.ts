// Notes which errors of a stream of requests are the caller's, where Connect reads it; our own gRPC does so where it reads.
import type { Interceptor } from "@connectrpc/connect";
import { asRequestFault } from "../errors/index.ts";

export const noteRequestFaults: Interceptor = (next) => (request) =>
  next(request.stream ? { ...request, message: noted(request.message) } : request);

async function* noted<T>(messages: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* messages;
  } catch (error) {
    throw asRequestFault(error);
  }
}
