// A span for each call that is passed on as bytes (A3), as `withSpans` makes them of calls with messages.
import { Code } from "@connectrpc/connect";
import { failureOf, injectTrace, extractTrace, type Tracing } from "../telemetry/index.ts";
import type { RawRequest, RawResponse } from "./raw-calls.ts";

/** Makes a call in a span, which ends when the answer does; the instance hears of it. */
export async function inSpan(
  request: RawRequest,
  tracing: Tracing,
  call: (request: RawRequest) => Promise<RawResponse>,
): Promise<RawResponse> {
  const { parent: service, name } = request.method;
  const headers = new Headers();
  for (const field of ["traceparent", "tracestate"]) {
    const value = request.headers[field];
    if (typeof value === "string") headers.set(field, value);
  }
  const span = tracing.start({
    type: "client",
    name: `${service.typeName}/${name}`,
    attributes: { "rpc.system": "grpc", "rpc.service": service.typeName, "rpc.method": name },
    parent: extractTrace(headers),
  });
  injectTrace(span.context, headers);
  try {
    const answer = await span.within(() =>
      call({ ...request, headers: { ...request.headers, ...Object.fromEntries(headers) } }),
    );
    answer.stream.once("close", () => {
      // An error without messages has its status in the headers.
      const last = answer.headers["grpc-status"] === undefined ? (answer.trailers ?? {}) : answer.headers;
      const code = Number(last["grpc-status"] ?? Code.Unavailable);
      span.set({ "rpc.grpc.status_code": code });
      if (code !== 0) span.fail(Code[code] ?? "Unknown", decoded(last["grpc-message"]));
      span.end();
    });
    return answer;
  } catch (error) {
    const { type, message } = failureOf(error);
    span.fail(type, message);
    span.end();
    throw error;
  }
}

/** As gRPC writes it: percent-encoded. */
function decoded(message: string | string[] | undefined): string {
  const text = String(message ?? "");
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
