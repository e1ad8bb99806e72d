// The answer of a REST call: one message, or a stream of them as lines of JSON or as server-sent events.
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { create, toJson, type JsonObject, type JsonValue, type Message } from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import type { NodeResponse } from "@samspel/runtime/proxy";
import type { RestBinding } from "./binding.ts";
import { isHttpBody, readHttpBody } from "./http-body.ts";

/** Both HTTP versions write in the same way; only their types differ. */
export type Writer = Pick<
  ServerResponse,
  | "setHeader"
  | "statusCode"
  | "end"
  | "write"
  | "headersSent"
  | "writableEnded"
  | "destroyed"
  | "flushHeaders"
> &
  NodeJS.EventEmitter;

export function asWriter(response: NodeResponse): Writer {
  return response as ServerResponse;
}

export interface JsonForm {
  readonly emitDefaults: boolean;
}

export function writeJson(writer: Writer, status: number, body: JsonValue): void {
  const text = Buffer.from(JSON.stringify(body));
  writer.statusCode = status;
  writer.setHeader("content-type", "application/json");
  writer.setHeader("content-length", String(text.length));
  writer.end(text);
}

/** One message, whole or by its `response_body`. */
export function writeMessage(writer: Writer, binding: RestBinding, message: Message, form: JsonForm): void {
  const { responseField, method } = binding;
  const inner = responseField?.fieldKind === "message" ? responseField.message : undefined;
  const raw = inner ?? (responseField === undefined ? method.output : undefined);
  if (raw !== undefined && isHttpBody(raw)) {
    const body = inner === undefined ? message : (fieldOf(binding, message) ?? create(inner));
    const { contentType, data } = readHttpBody(raw, body);
    writer.statusCode = 200;
    writer.setHeader("content-type", contentType);
    writer.setHeader("content-length", String(data.length));
    writer.end(data);
    return;
  }
  writeJson(writer, 200, jsonOf(binding, message, form));
}

export function jsonOf(
  { method, types, responseField }: RestBinding,
  message: Message,
  form: JsonForm,
): JsonValue {
  // A field that is the body has a value, whether it was set or not.
  const alwaysEmitImplicit = form.emitDefaults || responseField !== undefined;
  const json = toJson(method.output, message, { registry: types, alwaysEmitImplicit });
  if (responseField === undefined || !isObject(json)) return json;
  return json[responseField.jsonName] ?? null;
}

function fieldOf({ responseField, method }: RestBinding, message: Message): Message | undefined {
  if (responseField?.fieldKind !== "message") return undefined;
  const fields = reflect(method.output, message);
  return fields.isSet(responseField) ? fields.get(responseField).message : undefined;
}

export interface EventWriter {
  message(json: JsonValue): Promise<void>;
  /** The last word: how it ended. */
  end(failure: JsonObject | undefined): void;
}

const heartbeatMs = 15_000;

/** Server-sent events: a message is a `message` event, and `end` or `error` says that no more will come. */
export function writeEvents(writer: Writer): EventWriter {
  begin(writer, "text/event-stream");
  // Proxies and browsers give up on what is silent.
  const heartbeat = setInterval(() => void writer.write(":\n\n"), heartbeatMs);
  writer.once("close", () => clearInterval(heartbeat));
  return {
    message: (json) => send(writer, `data: ${JSON.stringify(json)}\n\n`),
    end(failure) {
      clearInterval(heartbeat);
      const event =
        failure === undefined
          ? "event: end\ndata: {}\n\n"
          : `event: error\ndata: ${JSON.stringify(failure)}\n\n`;
      writer.end(event);
    },
  };
}

/** Lines of JSON: `{"result": …}` for each message, and `{"error": …}` for a failure. */
export function writeLines(writer: Writer): EventWriter {
  begin(writer, "application/x-ndjson");
  return {
    message: (result) => send(writer, `${JSON.stringify({ result })}\n`),
    end: (error) => void writer.end(error === undefined ? "" : `${JSON.stringify({ error })}\n`),
  };
}

function begin(writer: Writer, contentType: string): void {
  writer.statusCode = 200;
  writer.setHeader("content-type", contentType);
  writer.setHeader("cache-control", "no-store");
  writer.setHeader("x-accel-buffering", "no");
  writer.flushHeaders();
}

/** No faster than it is read. */
async function send(writer: Writer, text: string): Promise<void> {
  if (writer.write(text) || writer.destroyed) return;
  const closed = new AbortController();
  const leave = (): void => closed.abort();
  writer.once("close", leave);
  await once(writer, "drain", { signal: closed.signal }).catch(() => {});
  writer.off("close", leave);
}

function isObject(json: JsonValue): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
