// What holds for every method of the backoffice: changes are told in the log, and what is away is an error with a code.
import type { DescMethod } from "@bufbuild/protobuf";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { NatsError } from "nats";
import { SamspelError } from "../errors/index.ts";
import { BackofficeService } from "../gen/samspel/v1/backoffice_pb.ts";
import { isTransient } from "../postgres/index.ts";
import { callerAddress } from "../service/index.ts";
import type { Logger } from "../telemetry/index.ts";
import { writeJson } from "./json.ts";
import type { Message } from "@bufbuild/protobuf";

type Impl = ServiceImpl<typeof BackofficeService>;
type Handler = (request: Message, context: HandlerContext) => unknown;

/** The header in which a caller says who it is, percent-encoded: a courtesy, and no proof. */
const operatorHeader = "samspel-operator";

/** Wraps each method. */
export function watched(impl: Impl, logger: Logger): Impl {
  const methods = BackofficeService.methods.map((method) => {
    // The keys of both are the local names of the service's methods.
    const handler = impl[method.localName as keyof Impl] as unknown as Handler;
    return [method.localName, watch(method, handler.bind(impl), logger)] as const;
  });
  return Object.fromEntries(methods) as unknown as Impl;
}

function watch(method: DescMethod, handler: Handler, logger: Logger): Handler {
  const changes = method.idempotency !== MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
  const begin = (request: Message, context: HandlerContext): unknown => {
    if (changes) {
      const operator = operatorOf(context.requestHeader.get(operatorHeader));
      const what = writeJson(method.input, request);
      logger.info(
        { method: method.name, request: what, caller: callerAddress(context), operator },
        "backoffice: a change was asked for",
      );
    }
    return handler(request, context);
  };
  if (method.methodKind === "server_streaming") {
    return async function* stream(request, context) {
      try {
        yield* begin(request, context) as AsyncIterable<unknown>;
      } catch (error) {
        throw seen(error);
      }
    };
  }
  return async (request, context) => {
    try {
      return await begin(request, context);
    } catch (error) {
      throw seen(error);
    }
  };
}

function operatorOf(header: string | null): string | undefined {
  if (header === null) return undefined;
  try {
    return decodeURIComponent(header).slice(0, 200);
  } catch {
    return header.slice(0, 200);
  }
}

function seen(error: unknown): unknown {
  if (error instanceof NatsError) {
    return new SamspelError("SAMSPEL_BROKER_UNREACHABLE", "NATS cannot be asked now", { cause: error });
  }
  if (!(error instanceof SamspelError) && isTransient(error)) {
    return new SamspelError("SAMSPEL_DATABASE_UNREACHABLE", "Postgres cannot be asked now", { cause: error });
  }
  return error;
}
