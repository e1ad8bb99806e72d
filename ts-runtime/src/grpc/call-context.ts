// What a handler learns of its call. Most handlers look at little of it, so all is made when it is looked at: a signal, a
// `Headers`, context values cost more than the rest of a call.
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { createContextValues, type ContextValues, type HandlerContext } from "@connectrpc/connect";
import { fieldOf, toHeaders, type Fields } from "./fields.ts";
import { ownProperties } from "./own-properties.ts";
import { formatTimeout } from "./timeout.ts";

/** Whose connection a call came by. */
export interface CallOrigin {
  /** Puts what is known of it where handlers find it. */
  describe(values: ContextValues): void;
}

const names = [
  "method",
  "service",
  "requestMethod",
  "protocolName",
  "url",
  "signal",
  "timeoutMs",
  "requestHeader",
  "responseHeader",
  "responseTrailer",
  "values",
] as const satisfies readonly (keyof HandlerContext)[];

const asOwn = ownProperties<CallContext>(names);

/**
 * The context as a handler gets it. Connect's is a plain object, and people spread those: getters of a class would be lost
 * without a word. A proxy costs 30 ns more, and an object with getters of its own 2 µs.
 */
export function handlerContext(context: CallContext): HandlerContext {
  return new Proxy(context, asOwn);
}

/** What a call's context says, without making what is dear to make; of other protocols it is there already. */
type Looked = Pick<HandlerContext, "requestHeader" | "signal"> | CallContext;

/** A header of the request. */
export function requestHeaderOf(context: Looked, name: string): string | undefined {
  if ("behindProxy" in context) return CallContext.header(context.behindProxy, name);
  return context.requestHeader.get(name) ?? undefined;
}

/** Whether the caller has gone, or the deadline is over. */
export function hasEnded(context: Looked): boolean {
  return "behindProxy" in context ? CallContext.isOver(context.behindProxy) : context.signal.aborted;
}

/** Of a call that ended well; its trace would say nothing. */
const callEnded = new DOMException("the call has ended", "AbortError");

export class CallContext implements HandlerContext {
  readonly method: DescMethod;
  /** As `performance.now()`. */
  readonly startedMs: number = performance.now();
  readonly #fields: Fields;
  readonly #origin: CallOrigin;
  readonly #timeoutMs: number | undefined;
  #controller: AbortController | undefined;
  #isOver = false;
  #reason: unknown;
  #requestHeader: Headers | undefined;
  #responseHeader: Headers | undefined;
  #responseTrailer: Headers | undefined;
  #values: ContextValues | undefined;

  /** @param timeoutMs from now. */
  constructor(method: DescMethod, fields: Fields, origin: CallOrigin, timeoutMs: number | undefined) {
    this.method = method;
    this.#fields = fields;
    this.#origin = origin;
    this.#timeoutMs = timeoutMs;
  }

  /** The proxy has none of the private fields. */
  get behindProxy(): CallContext {
    return this;
  }

  get service(): DescService {
    return this.method.parent;
  }

  get requestMethod(): string {
    return "POST";
  }

  get protocolName(): string {
    return "grpc";
  }

  get url(): string {
    const scheme = fieldOf(this.#fields, ":scheme") ?? "http";
    const authority = fieldOf(this.#fields, ":authority") ?? fieldOf(this.#fields, "host") ?? "localhost";
    return `${scheme}://${authority}${fieldOf(this.#fields, ":path") ?? ""}`;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#isOver) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  get timeoutMs(): () => number | undefined {
    // Whole ones, as Connect has it.
    return () =>
      this.#timeoutMs === undefined
        ? undefined
        : Math.ceil(this.startedMs + this.#timeoutMs - performance.now());
  }

  get requestHeader(): Headers {
    if (this.#requestHeader === undefined) {
      this.#requestHeader = toHeaders(this.#fields);
      // The server's own, which a call without a deadline has.
      if (this.#timeoutMs !== undefined && !this.#requestHeader.has("grpc-timeout")) {
        this.#requestHeader.set("grpc-timeout", formatTimeout(this.#timeoutMs));
      }
    }
    return this.#requestHeader;
  }

  get responseHeader(): Headers {
    return (this.#responseHeader ??= new Headers());
  }

  get responseTrailer(): Headers {
    return (this.#responseTrailer ??= new Headers());
  }

  get values(): ContextValues {
    if (this.#values === undefined) {
      this.#values = createContextValues();
      this.#origin.describe(this.#values);
    }
    return this.#values;
  }

  static header(context: CallContext, name: string): string | undefined {
    return fieldOf(context.#fields, name);
  }

  static isOver(context: CallContext): boolean {
    return context.#isOver;
  }

  /** What a handler has set; undefined where it has not looked. */
  static written(context: CallContext): {
    readonly header: Headers | undefined;
    readonly trailer: Headers | undefined;
  } {
    return { header: context.#responseHeader, trailer: context.#responseTrailer };
  }

  /** The call is over: its signal aborts, if anybody holds it. */
  static end(context: CallContext, reason: unknown = callEnded): void {
    if (context.#isOver) return;
    context.#isOver = true;
    context.#reason = reason;
    context.#controller?.abort(reason);
  }
}
