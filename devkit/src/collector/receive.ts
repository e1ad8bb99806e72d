// OTLP over HTTP: one request from its bytes to what it holds, or to why it is refused.
//
// Invariants:
//   R1. No more than `maxBodyBytes` of a body are read or unpacked, and no more than `maxBytesAtOnce` of all bodies
//       together are in memory: who sends more is told to come again.
//   R2. Who is refused in the middle of its body gets the answer, not a reset in its place; who goes on for longer than
//       a moment is cut.
import type { IncomingMessage, ServerResponse } from "node:http";
import { promisify } from "node:util";
import { gunzip, type ZlibOptions } from "node:zlib";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { bodyOf, readToEnd } from "@samspel/runtime/proxy";
import { RefusedError } from "./refused.ts";
import { readLogs, readSpans, type Received } from "./read-request.ts";
import { readWire } from "./wire.ts";
import type { LogRecord, Span } from "./collector.ts";

export interface Sinks {
  spans(spans: readonly Span[]): void;
  logs(logs: readonly LogRecord[]): void;
}

const maxBodyBytes = 16 * 1024 * 1024;
const maxBytesAtOnce = 64 * 1024 * 1024;

type Encoding = "json" | "protobuf";
const contentTypes: Readonly<Record<Encoding, string>> = {
  json: "application/json",
  protobuf: "application/x-protobuf",
};

const unzip: (bytes: Buffer, options: ZlibOptions) => Promise<Buffer> = promisify(gunzip);

/** Handles requests; never throws. */
export function createReceiver(sinks: Sinks): (request: IncomingMessage, response: ServerResponse) => void {
  let bytesAtOnce = 0;

  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const take = takerOf(request, sinks);
    const encoding = encodingOf(request);
    let held = 0;
    const hold = (bytes: number): void => {
      held += bytes;
      bytesAtOnce += bytes;
      if (bytesAtOnce > maxBytesAtOnce)
        throw new RefusedError(429, "Too much comes at once: send it again later");
    };
    try {
      const received = take(await readBody(request, hold), encoding);
      reply(response, 200, encoding, partialSuccess(received, encoding));
    } finally {
      bytesAtOnce -= held;
    }
  };

  return (request, response) => {
    receive(request, response).catch((error: unknown) => refuse(request, response, error));
  };
}

type Taker = (body: Buffer, encoding: Encoding) => Pick<Received<never>, "rejected" | "reason">;

const nothingRejected = { rejected: 0, reason: "" };

function takerOf({ method, url = "" }: IncomingMessage, sinks: Sinks): Taker {
  const path = url.split("?", 1)[0] ?? "";
  const takers: Readonly<Record<string, Taker>> = {
    "/v1/traces"(body, encoding) {
      const received = readSpans(parse(body, encoding, "traces"));
      sinks.spans(received.items);
      return received;
    },
    "/v1/logs"(body, encoding) {
      const received = readLogs(parse(body, encoding, "logs"));
      sinks.logs(received.items);
      return received;
    },
    // Taken, so that who sends them is quiet about it; nothing of them is kept.
    "/v1/metrics": () => nothingRejected,
  };
  const taker = Object.hasOwn(takers, path) ? takers[path] : undefined;
  if (taker === undefined) {
    throw new RefusedError(
      404,
      `This is an OTLP collector: POST to ${Object.keys(takers).join(", ")}, not to ${path.slice(0, 100)}`,
    );
  }
  if (method !== "POST") throw new RefusedError(405, `${path} takes POST, not ${method}`);
  return taker;
}

function encodingOf({ headers }: IncomingMessage): Encoding {
  const type = headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (type === contentTypes.json) return "json";
  if (type === contentTypes.protobuf) return "protobuf";
  throw new RefusedError(
    415,
    `Content-Type must be application/json or application/x-protobuf: current value is ${JSON.stringify(type?.slice(0, 100) ?? "")}`,
  );
}

async function readBody(request: IncomingMessage, hold: (bytes: number) => void): Promise<Buffer> {
  const coding = request.headers["content-encoding"] ?? "identity";
  if (coding !== "gzip" && coding !== "identity") {
    throw new RefusedError(
      415,
      `Content-Encoding must be gzip or none: current value is ${JSON.stringify(coding.slice(0, 100))}`,
    );
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bodyOf(request)) {
    size += chunk.length;
    if (size > maxBodyBytes) throw tooLarge();
    hold(chunk.length);
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks, size);
  if (coding === "identity") return body;
  try {
    const unpacked = await unzip(body, { maxOutputLength: maxBodyBytes });
    hold(unpacked.length);
    return unpacked;
  } catch (error) {
    if (error instanceof RefusedError) throw error;
    if (error instanceof RangeError) throw tooLarge();
    throw new RefusedError(400, "The body is not gzip, though Content-Encoding says so");
  }
}

function tooLarge(): RefusedError {
  return new RefusedError(
    413,
    `A body must have at most ${maxBodyBytes} bytes, unpacked: send smaller batches`,
  );
}

function parse(body: Buffer, encoding: Encoding, signal: "traces" | "logs"): unknown {
  if (encoding === "protobuf") return readWire(body, signal);
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new RefusedError(400, "The body is no JSON, though Content-Type says so");
  }
}

/** As OTLP has it: empty where all was taken. */
function partialSuccess(
  { rejected, reason }: Pick<Received<never>, "rejected" | "reason">,
  encoding: Encoding,
): Uint8Array | string {
  if (encoding === "json") {
    if (rejected === 0) return "{}";
    return JSON.stringify({ partialSuccess: { rejectedSpans: String(rejected), errorMessage: reason } });
  }
  if (rejected === 0) return new Uint8Array();
  const writer = new BinaryWriter();
  writer.uint32((1 << 3) | 2).fork();
  writer.uint32(1 << 3).int64(rejected);
  writer.uint32((2 << 3) | 2).string(reason);
  return writer.join().finish();
}

function refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return;
  if (!(error instanceof RefusedError)) {
    // The sender went away in the middle of its body.
    response.destroy();
    return;
  }
  response.setHeader("connection", "close");
  if (error.status === 405) response.setHeader("allow", "POST");
  if (error.status === 429) response.setHeader("retry-after", "1");
  const body = JSON.stringify({ message: error.message });
  response.writeHead(error.status, {
    "content-type": contentTypes.json,
    "content-length": Buffer.byteLength(body),
  });
  response.write(body);
  response.once("finish", () => request.destroy());
  void readToEnd(request).then(() => response.end());
}

function reply(
  response: ServerResponse,
  status: number,
  encoding: Encoding,
  body: Uint8Array | string,
): void {
  response.writeHead(status, { "content-type": contentTypes[encoding] });
  response.end(body);
}
