// The spans of gRPC calls (A3): what `createServerSpans` does for all others, without an interceptor, which would need
// headers and a signal for each call.
import type { ServedMethod } from "../grpc/index.ts";
import type { Tracing } from "../telemetry/index.ts";
import type { Call, Ends, Origin } from "./call-edge.ts";
import { endServerSpan, startServerSpan } from "./server-spans.ts";

/** The spans of calls, each kept by its call. */
class CallSpans {
  readonly #tracing: Tracing;

  constructor(tracing: Tracing) {
    this.#tracing = tracing;
  }

  start(call: Call): void {
    const headers = { get: (name: string) => call.header(name) };
    call.span = startServerSpan(this.#tracing, call.method, headers);
  }

  within<T>({ span }: Call, work: () => T): T {
    return span === undefined ? work() : span.within(work);
  }

  /** The answers of a stream, each made within the span. */
  each<T>(call: Call, answers: AsyncIterable<T>): AsyncIterable<T> {
    return {
      [Symbol.asyncIterator]: () => {
        const iterator = answers[Symbol.asyncIterator]();
        return {
          next: () => this.within(call, () => iterator.next()),
          return: (value: unknown) =>
            this.within(call, () => iterator.return?.(value) ?? Promise.resolve({ done: true, value })),
        };
      },
    };
  }

  end(call: Call, error: unknown): void {
    if (call.span !== undefined) endServerSpan(call.span, error);
    call.span = undefined;
  }
}

interface Served {
  readonly methods: readonly ServedMethod<Origin>[];
  readonly ends: Ends;
}

/** The same with a span for each call, from its admission to its end. */
export function withCallSpans(tracing: Tracing, { methods, ends }: Served): Served {
  const spans = new CallSpans(tracing);
  return {
    methods: methods.map((served) => spanned(served, spans)),
    ends: {
      admit(call) {
        spans.start(call);
        return spans.within(call, () => ends.admit(call));
      },
      failed: (error, call) => spans.within(call, () => ends.failed(error, call)),
      ended(call, error) {
        spans.within(call, () => ends.ended(call, error));
        spans.end(call, error);
      },
    },
  };
}

function spanned(served: ServedMethod<Origin>, spans: CallSpans): ServedMethod<Origin> {
  const { method, timeoutMs } = served;
  if (served.takes === "one" && served.gives === "one") {
    const { takes, gives, run } = served;
    return { method, timeoutMs, takes, gives, run: (one, call) => spans.within(call, () => run(one, call)) };
  }
  if (served.takes === "many" && served.gives === "one") {
    const { takes, gives, run } = served;
    return {
      method,
      timeoutMs,
      takes,
      gives,
      run: (many, call) => spans.within(call, () => run(many, call)),
    };
  }
  if (served.takes === "one") {
    const { takes, gives, run } = served;
    return {
      method,
      timeoutMs,
      takes,
      gives,
      run: (one, call) =>
        spans.each(
          call,
          spans.within(call, () => run(one, call)),
        ),
    };
  }
  const { takes, gives, run } = served;
  return {
    method,
    timeoutMs,
    takes,
    gives,
    run: (many, call) =>
      spans.each(
        call,
        spans.within(call, () => run(many, call)),
      ),
  };
}
