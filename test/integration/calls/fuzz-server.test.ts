// Anything at all that comes to a server, or to a gateway before it: it stays up, answers other calls as ever, and ends each call once, as the
// protocol has it. Laws over what is drawn at random; wire-server.test.ts has the cases that have names.
import { connect } from "node:net";
import { fromBinary, fromJsonString } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import * as fc from "fast-check";
import t from "tap";
import {
  EchoEachRequestSchema,
  EchoEachResponseSchema,
  EchoJoinedRequestSchema,
  EchoJoinedResponseSchema,
  EchoOnceRequestSchema,
  EchoOnceResponseSchema,
  EchoResponseSchema,
} from "../../gen/samspel/test/v1/echo_pb.ts";
import { frameFlags, frameTypes, headerBlock, http2Frame, preface } from "../../support/http2-bytes.ts";
import { rawCall, type RawAnswer } from "../../support/raw-grpc.ts";
import { body, cuts, edited, edits, encoding, headerValue, isKnown, pieces, readBody, runs } from "./fuzz.ts";
import { encode, service, startGatewayTarget, startServerTarget, type Target } from "./fuzz-target.ts";
import { exchange, exchangeOn, webRequest, type WebAnswer } from "./fuzz-web.ts";

const targets: Readonly<Record<string, typeof startServerTarget>> = {
  server: startServerTarget,
  gateway: startGatewayTarget,
};

/** A timeout, and what is to come of it. */
const timeout = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ value: undefined, fate: "ample" }) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom("10S", "99999999H", "60000000u", "1M")
      .map((value) => ({ value, fate: "ample" })),
  },
  { weight: 1, arbitrary: fc.constantFrom("0S", "1n", "0H").map((value) => ({ value, fate: "over" })) },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom("", "S", "1", "-1S", "1.5S", "1s", "999999999S", "1S 1S", "+1S")
      .map((value) => ({ value, fate: "none" })),
  },
);

const call = fc.record({
  method: fc.constantFrom("EchoOnce", "EchoJoined", "EchoEach"),
  body: body(encode),
  encoding,
  timeout,
  accept: fc.option(fc.oneof(fc.constantFrom("gzip", "br,gzip", "snappy", ""), headerValue)),
  type: fc.constantFrom("application/grpc", "application/grpc+proto"),
  own: fc.option(headerValue),
  resetAfter: fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(4) }),
});

type Call = typeof call extends fc.Arbitrary<infer T> ? T : never;

/** The texts that came back, of however many answers. */
function textsOf({ method }: Call, answer: RawAnswer): readonly string[] {
  const desc = {
    EchoOnce: EchoOnceResponseSchema,
    EchoJoined: EchoJoinedResponseSchema,
    EchoEach: EchoEachResponseSchema,
  };
  const { messages, isGood } = readBody(desc[method], answer.body, "identity");
  if (!isGood) throw new Error("an answer that is no gRPC");
  return messages.map(({ text }) => text);
}

function check(call: Call, answer: RawAnswer, hasRun: boolean): void {
  const desc = {
    EchoOnce: EchoOnceRequestSchema,
    EchoJoined: EchoJoinedRequestSchema,
    EchoEach: EchoEachRequestSchema,
  };
  const { messages, isGood } = readBody(desc[call.method], call.body.bytes, call.encoding);
  const sent = messages.map(({ text }) => text);
  const isOne = sent.length === 1;
  const isAccepted = isKnown(call.encoding) && call.timeout.fate !== "none";
  const succeeds = isAccepted && isGood && (call.method !== "EchoOnce" || isOne);
  const status = Number(answer.statuses[0]);
  const texts = textsOf(call, answer);
  const fail = (why: string): never => {
    throw new Error(`${why}: ${JSON.stringify({ status, texts, sent, blocks: answer.blocks })}`);
  };
  if (answer.statuses.length !== 1) fail(`${answer.statuses.length} statuses`);
  if (answer.blocks.length > 2 || !/^\d+$/.test(answer.statuses[0] ?? "") || status > 16)
    fail("no status of gRPC");
  if (call.timeout.fate === "over" && isAccepted) {
    if (status === 0 && !succeeds) fail("a bad call succeeds");
    return;
  }
  if (succeeds !== (status === 0)) fail(succeeds ? "a good call fails" : "a bad call succeeds");
  if (answer.statuses[0] === String(Code.Unknown)) fail("what is wrong with a request is known");
  if (!isAccepted && hasRun) fail("a refused call has run");
  if (call.method === "EchoOnce" && hasRun !== succeeds)
    fail("a unary handler runs for good requests alone (V3)");
  const expected = call.method === "EchoJoined" ? [sent.join(" ")] : sent;
  if (succeeds && JSON.stringify(texts) !== JSON.stringify(expected)) fail("another answer");
  if (!succeeds && call.method !== "EchoEach" && texts.length > 0) fail("an answer beside an error");
  if (!succeeds && texts.some((text, index) => text !== sent[index])) fail("answers to what did not come");
}

t.test("a stream of gRPC, whatever comes on it, ends once, and as gRPC says (V1, V3)", async (t) => {
  const target = await startServerTarget(t);
  let last = 0;
  await fc.assert(
    fc.asyncProperty(call, async (drawn) => {
      const number = String(++last);
      const answer = await rawCall(target.session, {
        path: `${service}/${drawn.method}`,
        chunks: drawn.body.chunks,
        resetAfter: drawn.resetAfter,
        headers: {
          "content-type": drawn.type,
          "x-number": number,
          ...(drawn.encoding === undefined ? {} : { "grpc-encoding": drawn.encoding }),
          ...(drawn.timeout.value === undefined ? {} : { "grpc-timeout": drawn.timeout.value }),
          ...(drawn.accept === null ? {} : { "grpc-accept-encoding": drawn.accept }),
          ...(drawn.own === null ? {} : { "x-own": drawn.own, "x-own-bin": drawn.own }),
        },
      });
      const hasRun = target.contexts.some(({ requestHeader }) => requestHeader.get("x-number") === number);
      target.contexts.length = 0;
      if (drawn.resetAfter === undefined) check(drawn, answer, hasRun);
      if (last % 20 === 0) await target.answers();
    }),
    { numRuns: 3 * runs },
  );
  await target.isUnharmed();
});

/** A connection with two calls, as a client of HTTP/2 has it. */
function transcript(chunks: readonly Buffer[]): Buffer {
  const { settings, headers, data, ping, windowUpdate } = frameTypes;
  const { endStream, endHeaders } = frameFlags;
  const head = headerBlock([
    [":method", "POST"],
    [":scheme", "http"],
    [":authority", "test"],
    [":path", `${service}/EchoEach`],
    ["content-type", "application/grpc"],
    ["te", "trailers"],
  ]);
  const increment = Buffer.from([0, 0, 0x40, 0]);
  return Buffer.concat([
    preface,
    http2Frame(settings, 0, 0, Buffer.from([0, 4, 0, 1, 0, 0])),
    http2Frame(settings, frameFlags.ack, 0, Buffer.alloc(0)),
    ...[1, 3].flatMap((id) => [
      http2Frame(headers, endHeaders, id, head),
      ...chunks.map((chunk) => http2Frame(data, 0, id, chunk)),
      http2Frame(windowUpdate, 0, id, increment),
      http2Frame(data, endStream, id, Buffer.alloc(0)),
    ]),
    http2Frame(ping, 0, 0, Buffer.alloc(8)),
  ]);
}

const anyFrame = fc
  .record({
    type: fc.oneof(fc.nat(9), fc.nat(255)),
    flags: fc.oneof(fc.constantFrom(0, 1, 4, 5, 8, 0x20), fc.nat(255)),
    id: fc.constantFrom(0, 1, 2, 3, 5, 7, 0x7fffffff, 0xffffffff),
    payload: fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(headerBlock([[":status", "200"]]))),
  })
  .map(({ type, flags, id, payload }) => http2Frame(type, flags, id, Buffer.from(payload)));

/** Sends some bytes on a connection of their own, ends it, and waits until the server has, too. */
async function sendAll(port: number, chunks: Iterable<Buffer>): Promise<void> {
  const socket = connect(port, "127.0.0.1");
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.on("error", () => {}).resume();
  for (const chunk of chunks) {
    socket.write(chunk);
    await new Promise((resolve) => setImmediate(resolve));
  }
  socket.end();
  // A server may wait for the rest of a request.
  const timer = setTimeout(() => socket.destroy(), 100);
  await closed;
  clearTimeout(timer);
}

/** Whatever comes on connections that others are beside, the target answers as ever, and is unharmed in the end. */
async function survives(target: Target, connection: fc.Arbitrary<readonly Buffer[]>): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(connection, { minLength: 1, maxLength: 8 }), async (connections) => {
      await Promise.all(connections.map((chunks) => sendAll(target.port, chunks)));
      await target.answers();
    }),
    { numRuns: Math.ceil(runs / 4) },
  );
  await target.isUnharmed();
}

const codes: ReadonlySet<string> = new Set(
  Object.values(Code)
    .filter((code) => typeof code === "string")
    .map((name) => name.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase()),
);

/** An error as Connect's unary calls have it in JSON. */
function isConnectError(text: string): boolean {
  const { code } = JSON.parse(text);
  // The gateway answers by number what is none of the protocols', as REST has it.
  return codes.has(code) || typeof code === "number";
}

interface Enveloped {
  readonly flags: number;
  readonly data: Buffer;
}

function envelopesOf(bytes: Buffer): Enveloped[] {
  const all: Enveloped[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    if (end > bytes.length) throw new Error("half an envelope");
    all.push({ flags: bytes[at] ?? 0, data: bytes.subarray(at + 5, end) });
    at = end;
  }
  return all;
}

/** Fails for what none of the protocols has for an answer. */
function checkWeb({ status, headers, body }: WebAnswer): void {
  const type = headers["content-type"] ?? "";
  if (status !== 200) {
    if (type === "application/json" && !isConnectError(body.toString()))
      throw new Error("no error of Connect's");
    return;
  }
  if (type === "application/json") return void fromJsonString(EchoResponseSchema, body.toString());
  if (type === "application/proto") return void fromBinary(EchoResponseSchema, body);
  const isText = type.startsWith("application/grpc-web-text");
  const endFlag = type.startsWith("application/connect+") ? 2 : 0x80;
  const envelopes = envelopesOf(isText ? Buffer.from(body.toString(), "base64") : body);
  const ends = envelopes.filter(({ flags }) => (flags & endFlag) !== 0);
  const inHead = headers["grpc-status"] === undefined ? 0 : 1;
  if (ends.length + inHead !== 1) throw new Error(`${ends.length + inHead} ends`);
  const [end] = ends;
  if (end === undefined) return;
  if (end !== envelopes.at(-1)) throw new Error("more after the end");
  if (endFlag === 2) {
    const { error } = JSON.parse(end.data.toString());
    if (error !== undefined && !codes.has(error.code)) throw new Error(`no code of Connect's: ${error.code}`);
  } else if (!/^grpc-status: ?(\d|1[0-6])\r?$/im.test(end.data.toString())) {
    throw new Error(`no status: ${end.data.toString()}`);
  }
}

for (const [name, start] of Object.entries(targets)) {
  t.test(`${name}: bytes that are HTTP/2 no more end their connection, and nothing else`, async (t) => {
    const target = await start(t);
    const connection = fc
      .tuple(body(encode), edits, fc.array(anyFrame, { maxLength: 6 }), fc.nat(1_000), cuts)
      .map(([{ chunks }, all, frames, where, sizes]) => {
        const good = transcript(chunks);
        const at = preface.length + (where % (good.length - preface.length));
        const bytes = edited(
          frames.length === 0 ? good : Buffer.concat([good.subarray(0, at), ...frames, good.subarray(at)]),
          all,
        );
        return [
          ...pieces(
            bytes,
            sizes.map((size) => size * 8),
          ),
        ];
      });
    await survives(target, connection);
  });

  t.test(`${name}: bytes that are HTTP/1.1 no more end their connection, and nothing else`, async (t) => {
    const target = await start(t);
    const connection = fc
      .tuple(fc.array(webRequest, { minLength: 1, maxLength: 3 }), edits, cuts)
      .map(([requests, all, sizes]) => [
        ...pieces(
          edited(Buffer.concat(requests.map(({ bytes }) => bytes)), all),
          sizes.map((size) => size * 16),
        ),
      ]);
    await survives(target, connection);
  });

  t.test(
    `${name}: requests of Connect, gRPC-Web and JSON, whatever is in them, have one answer of their protocol`,
    async (t) => {
      const target = await start(t);
      let last = 0;
      await fc.assert(
        fc.asyncProperty(webRequest, fc.boolean(), async (request, isHttp2) => {
          const answer = await (isHttp2
            ? exchangeOn(target.session, request)
            : exchange(target.port, request));
          checkWeb(answer);
          if (request.isGood && answer.status !== 200) throw new Error(`a good request has ${answer.status}`);
          if (++last % 20 === 0) await target.answers();
        }),
        { numRuns: 2 * runs },
      );
      await target.isUnharmed();
    },
  );
}
