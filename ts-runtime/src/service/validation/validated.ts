// An implementation whose requests are valid. Invariants:
//   P1. What breaks a rule never reaches a handler, whatever way it came: a call of any protocol, a tell. Of a stream each
//       message is looked at when it is read.
//   P2. Methods whose requests have no rules are left as they are.
import type { DescMethod, DescService, Message } from "@bufbuild/protobuf";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { createCheck, type Check } from "./check-request.ts";
import { hasRules } from "./has-rules.ts";

type Impl = Partial<ServiceImpl<DescService>>;
type Handler = (request: unknown, context: HandlerContext) => unknown;

/** @throws SAMSPEL_INVALID_CONFIGURATION for rules that cannot be understood. */
export function validated(service: DescService, impl: Impl): Impl {
  if (!service.methods.some(({ input }) => hasRules(input))) return impl;
  const result: Impl = {};
  for (const method of service.methods) {
    const handler: unknown = Reflect.get(impl, method.localName);
    if (!isHandler(handler)) continue;
    // The implementation may be an object of a class.
    const bound: Handler = (request, context) => handler.call(impl, request, context);
    Reflect.set(result, method.localName, hasRules(method.input) ? checked(method, bound) : bound);
  }
  return result;
}

function checked(method: DescMethod, handler: Handler): Handler {
  const check = createCheck(method.input);
  if (method.methodKind === "unary" || method.methodKind === "server_streaming") {
    return (request, context) => {
      check(request as Message);
      return handler(request, context);
    };
  }
  return (requests, context) => handler(eachChecked(requests as AsyncIterable<Message>, check), context);
}

async function* eachChecked(requests: AsyncIterable<Message>, check: Check): AsyncGenerator<Message> {
  for await (const request of requests) {
    check(request);
    yield request;
  }
}

function isHandler(value: unknown): value is Handler {
  return typeof value === "function";
}
