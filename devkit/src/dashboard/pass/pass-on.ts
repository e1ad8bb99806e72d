// Passes calls of browsers on to the toolkit's own services of one service: `/services/<service>/<proto service>/<method>`.
//
//   O1. Only of the proto services below. All others are called by `DashboardService.Call`, which says what it does.
//   O2. No header goes through but the deadline: what a service takes for its caller's word is not a page's to say.
//   O3. Errors arrive as they were, with their details.
import type {
  DescMethod,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  Message,
} from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  createContextKey,
  createContextValues,
  type ConnectRouter,
  type ContextKey,
  type ContextValues,
  type HandlerContext,
  type Transport,
} from "@connectrpc/connect";
import { createAsyncIterable } from "@connectrpc/connect/protocol";
import { BackofficeService } from "@samspel/runtime/gen/samspel/v1/backoffice_pb.js";
import { InspectionService } from "@samspel/runtime/gen/samspel/v1/inspection_pb.js";
import { TopicService } from "@samspel/runtime/gen/samspel/v1/topic_service_pb.js";
import { operator, operatorHeader } from "../../operator/index.ts";
import type { Transports } from "./transports.ts";

const passedOn: readonly DescService[] = [BackofficeService, InspectionService, TopicService];
const unaryTimeoutMs = 30_000;

/** The service that a call is for, of its path. */
const serviceKey: ContextKey<string> = createContextKey("");

/** The parts of a path that is passed on. */
export interface PassedPath {
  readonly values: ContextValues;
  /** `/<proto service>/<method>`. */
  readonly path: string;
}

export function readPassedPath(path: string): PassedPath | undefined {
  const [, service, rest] = /^\/services\/([^/]+)(\/[\w.]+\/\w+)$/.exec(path) ?? [];
  if (service === undefined || rest === undefined) return undefined;
  return { values: createContextValues().set(serviceKey, service), path: rest };
}

export function passOn(router: ConnectRouter, transports: Transports): void {
  for (const method of passedOn.flatMap(({ methods }) => methods)) {
    if (isUnary(method)) {
      router.rpc(method, (request, context) => passUnary(method, request, context, transports));
    } else if (isServerStreaming(method)) {
      router.rpc(method, (request, context) => passStream(method, request, context, transports));
    }
  }
}

function isUnary(method: DescMethod): method is DescMethodUnary {
  return method.methodKind === "unary";
}

function isServerStreaming(method: DescMethod): method is DescMethodServerStreaming {
  return method.methodKind === "server_streaming";
}

async function passUnary(
  method: DescMethodUnary,
  request: Message,
  context: HandlerContext,
  transports: Transports,
): Promise<Message> {
  const transport = await transportFor(context, transports);
  const timeoutMs = context.timeoutMs() ?? unaryTimeoutMs;
  try {
    return (await transport.unary(method, context.signal, timeoutMs, signed(), request)).message;
  } catch (error) {
    throw withoutHeaders(error);
  }
}

async function* passStream(
  method: DescMethodServerStreaming,
  request: Message,
  context: HandlerContext,
  transports: Transports,
): AsyncGenerator<Message, void> {
  const transport = await transportFor(context, transports);
  try {
    const requests = createAsyncIterable([request]);
    const answer = await transport.stream(method, context.signal, context.timeoutMs(), signed(), requests);
    yield* answer.message;
  } catch (error) {
    throw withoutHeaders(error);
  }
}

function transportFor(context: HandlerContext, transports: Transports): Promise<Transport> {
  return transports.toService(context.values.get(serviceKey));
}

function signed(): HeadersInit {
  return { [operatorHeader]: operator() };
}

/** The service's own headers are no business of a page. */
function withoutHeaders(error: unknown): ConnectError {
  const { rawMessage, code, details } = ConnectError.from(error, Code.Unavailable);
  const passed = new ConnectError(rawMessage, code);
  passed.details = details;
  return passed;
}
