// Requests in the protocols of the web, good and bad, over HTTP/1.1 and HTTP/2.
import { once } from "node:events";
import { request as httpRequest, type IncomingHttpHeaders } from "node:http";
import type { ClientHttp2Session } from "node:http2";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { EchoRequestSchema } from "../../gen/samspel/test/v1/echo_pb.ts";
import { body, edited, edits, headerValue } from "./fuzz.ts";

export interface WebRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Nothing is wrong with it. */
  readonly isGood: boolean;
  /** All of it. */
  readonly bytes: Buffer;
}

type Parts = Pick<WebRequest, "method" | "path" | "headers" | "body" | "isGood">;

const service = "/samspel.test.v1.EchoService";
const encode = (text: string): Uint8Array => toBinary(EchoRequestSchema, create(EchoRequestSchema, { text }));
const encodeJson = (text: string): Buffer =>
  Buffer.from(toJsonString(EchoRequestSchema, create(EchoRequestSchema, { text })));

/** Bytes, most of them as they were. */
const maybeEdited = (bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<{ bytes: Buffer; isGood: boolean }> =>
  fc.oneof(
    { weight: 2, arbitrary: bytes.map((good) => ({ bytes: Buffer.from(good), isGood: true })) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(bytes, edits)
        .map(([good, all]) => ({ bytes: edited(Buffer.from(good), all), isGood: false })),
    },
  );

const text = fc.string({ unit: "grapheme", maxLength: 20 });
/** Headers that change what is asked for; none of them in a good request. */
const odd: fc.Arbitrary<Readonly<Record<string, string>>> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.dictionary(
      fc.constantFrom(
        "content-encoding",
        "connect-content-encoding",
        "grpc-encoding",
        "connect-timeout-ms",
        "grpc-timeout",
        "connect-protocol-version",
        "x-any-bin",
        "accept-encoding",
        "connect-accept-encoding",
        "x-grpc-web",
        "accept",
      ),
      fc.oneof(fc.constantFrom("gzip", "br", "0", "-1", "1e9", "99999999999", "1", "identity"), headerValue),
      { maxKeys: 3 },
    ),
  },
);

const unary: fc.Arbitrary<Parts> = fc
  .record({
    isJson: fc.boolean(),
    text,
    isCompressed: fc.boolean(),
    name: fc.constantFrom("Echo", "EchoOnce", "Echo", "EchoMany", "Nobody"),
    odd,
  })
  .chain(({ isJson, text, isCompressed, name, odd }) =>
    maybeEdited(
      fc
        .constant(isJson ? encodeJson(text) : encode(text))
        .map((bytes) => (isCompressed ? gzipSync(bytes) : bytes)),
    ).map(({ bytes, isGood }) => ({
      method: "POST",
      path: `${service}/${name}`,
      headers: {
        "content-type": isJson ? "application/json" : "application/proto",
        ...(isCompressed ? { "content-encoding": "gzip" } : {}),
        ...odd,
      },
      body: bytes,
      isGood:
        isGood &&
        text.isWellFormed() &&
        Object.keys(odd).length === 0 &&
        (name === "Echo" || name === "EchoOnce"),
    })),
  );

const get: fc.Arbitrary<Parts> = fc
  .record({
    text,
    isJson: fc.boolean(),
    odd,
    edit: fc.option(edits),
    name: fc.constantFrom("Echo", "Echo", "EchoOnce"),
  })
  .map(({ text, isJson, odd, edit, name }) => {
    const message = (isJson ? encodeJson(text) : Buffer.from(encode(text))).toString("base64url");
    const query = `connect=v1&encoding=${isJson ? "json" : "proto"}&base64=1&message=${message}`;
    const sent =
      edit === null
        ? query
        : edited(Buffer.from(query), edit)
            .toString("latin1")
            .replace(/[^!-~]/g, "%");
    return {
      method: "GET",
      path: `${service}/${name}?${sent}`,
      headers: odd,
      body: Buffer.alloc(0),
      isGood: edit === null && text.isWellFormed() && Object.keys(odd).length === 0 && name === "Echo",
    };
  });

const enveloped: fc.Arbitrary<Parts> = fc
  .record({
    type: fc.constantFrom(
      "application/connect+proto",
      "application/connect+json",
      "application/grpc-web",
      "application/grpc-web+proto",
      "application/grpc-web-text",
      "application/grpc-web+json",
    ),
    name: fc.constantFrom("Echo", "EchoOnce", "EchoMany", "EchoJoined"),
    body: body(encode),
    odd,
    encoding: fc.option(fc.constantFrom("gzip", "br", "snappy")),
  })
  .map(({ type, name, body: { bytes }, odd, encoding }) => ({
    method: "POST",
    path: `${service}/${name}`,
    headers: {
      "content-type": type,
      ...(encoding === null
        ? {}
        : { [type.includes("connect") ? "connect-content-encoding" : "grpc-encoding"]: encoding }),
      ...odd,
    },
    body: type.includes("text") ? Buffer.from(bytes.toString("base64")) : bytes,
    isGood: false,
  }));

export const webRequest: fc.Arbitrary<WebRequest> = fc.oneof(unary, get, enveloped).map((parts) => ({
  ...parts,
  get bytes() {
    const headers = { host: "test", ...parts.headers, "content-length": String(parts.body.length) };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = `${parts.method} ${parts.path} HTTP/1.1\r\n${lines.join("")}\r\n`;
    return Buffer.concat([Buffer.from(head, "latin1"), parts.body]);
  },
}));

export interface WebAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Sends a request by HTTP/1.1 on a connection of its own; what comes back, whole. */
export function exchange(port: number, { method, path, headers, body }: WebRequest): Promise<WebAnswer> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { host: "127.0.0.1", port, method, path, headers, agent: false, timeout: 30_000 },
      (answer) => {
        buffer(answer).then(
          (body) => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }),
          reject,
        );
      },
    );
    sent.on("timeout", () => sent.destroy(new Error("no answer within 30 s")));
    sent.on("error", reject);
    sent.end(body.length === 0 && method === "GET" ? undefined : body);
  });
}

/** The same by HTTP/2. */
export async function exchangeOn(
  session: ClientHttp2Session,
  { method, path, headers, body }: WebRequest,
): Promise<WebAnswer> {
  const stream = session.request({ ":method": method, ":path": path, ...headers });
  const head = once(stream, "response", { signal: AbortSignal.timeout(30_000) });
  if (body.length > 0) stream.end(body);
  else stream.end();
  const [answer]: IncomingHttpHeaders[] = await head;
  const whole = await buffer(stream);
  return { status: Number(answer?.[":status"] ?? 0), headers: answer ?? {}, body: whole };
}
