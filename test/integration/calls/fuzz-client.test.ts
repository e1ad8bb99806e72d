// A server that lies, in every way that can be drawn at random: each call of our client ends once, with what the server
// truly said or with an error, and calls to others go on. wire-client.test.ts has the cases that have names.
import { once } from "node:events";
import http2, { type OutgoingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { createServer, type AddressInfo, type Server } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Client } from "@connectrpc/connect";
import * as fc from "fast-check";
import t, { type Test } from "tap";
import {
  createGrpcClientTransport,
  Deadlines,
  NodeClientConnection,
} from "../../../ts-runtime/src/grpc/index.ts";
import {
  EchoManyResponseSchema,
  EchoResponseSchema,
  EchoService,
} from "../../gen/samspel/test/v1/echo_pb.ts";
import { frameFlags, frameTypes, frameTypesOf, headerBlock, http2Frame } from "../../support/http2-bytes.ts";
import { startEcho } from "./echo-server.ts";
import {
  body,
  cuts,
  edited,
  edits,
  encoding,
  headerValue,
  isKnown,
  maxBytes,
  pieces,
  readBody,
  runs,
} from "./fuzz.ts";

const deadlines = new Deadlines();
const withinMs = 30_000;
const planHeader = "x-plan";
const encode = (text: string): Uint8Array =>
  toBinary(EchoResponseSchema, create(EchoResponseSchema, { text }));

interface Called {
  readonly client: Client<typeof EchoService>;
  close(this: void): void;
}

function callTo(port: number): Called {
  const carrier = new NodeClientConnection(`http://127.0.0.1:${port}`, undefined, { connectMs: 500 });
  const transport = createGrpcClientTransport({ carrier, deadlines, maxBytes });
  return { client: createClient(EchoService, transport), close: () => carrier.close() };
}

function portOf(server: Pick<Server, "address">): number {
  return (server.address() as AddressInfo).port;
}

const status = fc.oneof(
  { weight: 12, arbitrary: fc.constant("0") },
  { weight: 4, arbitrary: fc.integer({ min: 1, max: 16 }).map(String) },
  { weight: 2, arbitrary: fc.oneof(fc.constantFrom("17", "-1", "00", "OK", "", "0, 0", "1e1"), headerValue) },
);

const plan = fc.record({
  httpStatus: fc.oneof(
    { weight: 14, arbitrary: fc.constant(200) },
    { weight: 1, arbitrary: fc.constantFrom(201, 204, 301, 304, 400, 401, 404, 429, 503, 599) },
  ),
  type: fc.oneof(
    {
      weight: 14,
      arbitrary: fc.constantFrom("application/grpc", "application/grpc+proto", "application/grpc; x=y"),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom("text/html", "application/grpc+json", "application/grpcx", "", undefined),
    },
  ),
  encoding,
  body: body(encode),
  headStatus: fc.oneof({ weight: 14, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: status }),
  status: fc.oneof({ weight: 12, arbitrary: status }, { weight: 1, arbitrary: fc.constant(undefined) }),
  message: fc.oneof(headerValue, fc.constantFrom("%", "%zz", "100%", "%F0%9F%98%88", "%FF%FE")),
  details: fc.option(fc.oneof(headerValue, fc.base64String({ maxLength: 40 }))),
  end: fc.oneof(
    { weight: 12, arbitrary: fc.constant("trailers") },
    { weight: 1, arbitrary: fc.constantFrom("nothing", "reset", "cut", "hang", "only-head") },
  ),
  resetCode: fc.integer({ min: 0, max: 13 }),
});

type Plan = typeof plan extends fc.Arbitrary<infer T> ? T : never;

const isOk = (status: string | undefined): boolean => /^00?$/.test(status ?? "");

/** Whether the server has said that the call went well. */
function isWell({ httpStatus, type, encoding, status, details, end, headStatus }: Plan): boolean {
  const isGrpc =
    httpStatus === 200 && type?.startsWith("application/grpc") === true && !/json|grpcx/.test(type);
  if (!isGrpc || !isKnown(encoding)) return false;
  // What details say beside a good status is a matter of its own (S1).
  if (end === "trailers") return isOk(status) && details === null;
  return end === "only-head" && isOk(headStatus);
}

function act(stream: ServerHttp2Stream, plan: Plan): void {
  stream.on("error", () => {}).resume();
  const head: OutgoingHttpHeaders = {
    ":status": plan.httpStatus,
    ...(plan.type === undefined ? {} : { "content-type": plan.type }),
    ...(plan.encoding === undefined ? {} : { "grpc-encoding": plan.encoding }),
    ...(plan.headStatus === undefined ? {} : { "grpc-status": plan.headStatus }),
  };
  const trailers: OutgoingHttpHeaders = {
    "grpc-message": plan.message,
    ...(plan.status === undefined ? {} : { "grpc-status": plan.status }),
    ...(plan.details === null ? {} : { "grpc-status-details-bin": plan.details }),
  };
  if (plan.end === "only-head") return stream.respond(head, { endStream: true });
  stream.respond(head, { waitForTrailers: plan.end === "trailers" });
  stream.on("wantTrailers", () => stream.sendTrailers(trailers));
  const write = async (): Promise<void> => {
    for (const chunk of plan.body.chunks) {
      if (!stream.writable) return;
      stream.write(chunk);
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (plan.end === "reset") stream.close(plan.resetCode);
    else if (plan.end === "cut") stream.session?.destroy();
    else if (plan.end !== "hang") stream.end();
  };
  void write();
}

interface Liar {
  readonly port: number;
  /** What it does with a call that has the number for its header. */
  readonly plans: Map<string, Plan>;
}

async function startLiar(t: Test): Promise<Liar> {
  const plans = new Map<string, Plan>();
  const sessions = new Set<ServerHttp2Session>();
  const server = http2.createServer();
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {}).once("close", () => sessions.delete(session));
  });
  server.on("stream", (stream, headers) => {
    const planned = plans.get(String(headers[planHeader]));
    if (planned !== undefined) act(stream, planned);
  });
  server.on("sessionError", () => {}).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { port: portOf(server), plans };
}

interface Outcome {
  readonly texts: readonly string[];
  readonly error: ConnectError | undefined;
}

async function outcomeOf(answers: AsyncIterable<{ readonly text: string }>): Promise<Outcome> {
  const texts: string[] = [];
  try {
    for await (const { text } of answers) texts.push(text);
  } catch (error) {
    if (!(error instanceof ConnectError)) throw new Error("no ConnectError", { cause: error });
    return { texts, error };
  }
  return { texts, error: undefined };
}

async function* only<T>(answer: Promise<T>): AsyncGenerator<T> {
  yield await answer;
}

function check(plan: Plan, isUnary: boolean, { texts, error }: Outcome): void {
  const bytes = plan.end === "only-head" ? Buffer.alloc(0) : plan.body.bytes;
  const { messages, isGood } = readBody(EchoManyResponseSchema, bytes, plan.encoding);
  const said = messages.map(({ text }) => text);
  const succeeds = isWell(plan) && isGood && (!isUnary || said.length === 1);
  const fail = (why: string): never => {
    throw new Error(`${why}: ${JSON.stringify({ isUnary, said, texts, error: error?.message })}`);
  };
  if (texts.some((text, index) => text !== said[index])) fail("answers that nobody gave");
  if (error === undefined) {
    // With details that deny it, a good status is none; what they are is not for this test to say.
    if (!succeeds && (plan.details === null || !isOk(plan.status))) fail("a lie is believed");
    if (texts.length !== said.length) fail("answers are missing");
    return;
  }
  if (succeeds) fail("what went well fails");
  if (Code[error.code] === undefined) fail(`no code: ${error.code}`);
  const isLate = error.code === Code.DeadlineExceeded;
  if (
    plan.end === "hang" &&
    isWell({ ...plan, end: "trailers", status: "0", details: null }) &&
    isGood &&
    !isLate
  )
    if (!isUnary || said.length <= 1) fail("who says nothing is waited for");
  if (
    plan.end !== "hang" &&
    isLate &&
    plan.status !== "4" &&
    plan.headStatus !== "4" &&
    plan.details === null
  )
    if (![408, 504].includes(plan.httpStatus)) fail("the end was not seen");
}

t.test("what a server says, well or badly, is what its caller gets, once (L1)", async (t) => {
  const liar = await startLiar(t);
  const honest = callTo((await startEcho(t)).server.port);
  let called = callTo(liar.port);
  t.teardown(() => [called, honest].forEach((one) => one.close()));
  let number = 0;
  await fc.assert(
    fc.asyncProperty(plan, fc.boolean(), async (planned, isUnary) => {
      const name = String(++number);
      liar.plans.set(name, planned);
      const options = {
        headers: { [planHeader]: name },
        timeoutMs: planned.end === "hang" ? 40 : withinMs,
      };
      const { client } = called;
      const outcome = await outcomeOf(
        isUnary ? only(client.echo({ text: "" }, options)) : client.echoMany({ text: "" }, options),
      );
      check(planned, isUnary, outcome);
      liar.plans.delete(name);
      if (number % 20 === 0) await honest.client.echo({ text: "hej" }, { timeoutMs: withinMs });
      // The next call might still find the connection that was cut.
      if (planned.end === "cut" || number % 100 === 0) {
        called.close();
        called = callTo(liar.port);
      }
    }),
    { numRuns: 3 * runs },
  );
});

/** What a server sends: its settings, and then the answer to a first call. */
function serverBytes(chunks: readonly Buffer[]): { readonly opening: Buffer; readonly answer: Buffer } {
  const { settings, headers, data } = frameTypes;
  const { endStream, endHeaders, ack } = frameFlags;
  const head = headerBlock([
    [":status", "200"],
    ["content-type", "application/grpc"],
  ]);
  const trailers = headerBlock([["grpc-status", "0"]]);
  return {
    opening: http2Frame(settings, 0, 0, Buffer.alloc(0)),
    answer: Buffer.concat([
      http2Frame(settings, ack, 0, Buffer.alloc(0)),
      http2Frame(headers, endHeaders, 1, head),
      ...chunks.map((chunk) => http2Frame(data, 0, 1, chunk)),
      http2Frame(headers, endHeaders | endStream, 1, trailers),
    ]),
  };
}

const anyFrame = fc
  .record({
    type: fc.oneof(fc.nat(9), fc.nat(255)),
    flags: fc.oneof(fc.constantFrom(0, 1, 4, 5, 8, 0x20), fc.nat(255)),
    id: fc.constantFrom(0, 1, 1, 2, 3, 0x7fffffff, 0xffffffff),
    payload: fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom(
        headerBlock([["grpc-status", "0"]]),
        headerBlock([[":status", "100"]]),
        headerBlock([
          [":status", "200"],
          ["grpc-status", "5"],
        ]),
      ),
    ),
  })
  .map(({ type, flags, id, payload }) => http2Frame(type, flags, id, Buffer.from(payload)));

const lie = fc.record({
  body: body(encode),
  openingEdits: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: edits }),
  answerEdits: fc.oneof(fc.constant([]), edits),
  frames: fc.array(anyFrame, { maxLength: 5 }),
  where: fc.nat(1_000),
  sizes: cuts,
  closes: fc.boolean(),
});

type Lie = typeof lie extends fc.Arbitrary<infer T> ? T : never;

/** Lies to the first connection, and resolves with what its one call came to. */
async function callLiar(lie: Lie): Promise<Outcome> {
  const { opening, answer: good } = serverBytes(lie.body.chunks);
  const at = lie.where % (good.length + 1);
  const answer = edited(
    Buffer.concat([good.subarray(0, at), ...lie.frames, good.subarray(at)]),
    lie.answerEdits,
  );
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.write(edited(opening, lie.openingEdits));
    let came = Buffer.alloc(0);
    let hasAnswered = false;
    const say = async (): Promise<void> => {
      for (const piece of pieces(
        answer,
        lie.sizes.map((size) => size * 8),
      )) {
        socket.write(piece);
        await new Promise((resolve) => setImmediate(resolve));
      }
      if (lie.closes) socket.end();
    };
    socket.on("data", (chunk) => {
      // After the preface of 24 bytes.
      came = Buffer.concat([came, chunk]);
      if (hasAnswered || !frameTypesOf(came.subarray(24)).includes(frameTypes.headers)) return;
      hasAnswered = true;
      void say();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { client, close } = callTo(portOf(server));
  try {
    return await outcomeOf(only(client.echo({ text: "" }, { timeoutMs: 400 })));
  } finally {
    close();
    server.close();
  }
}

t.test("a server whose HTTP/2 is broken cannot hold up its caller, nor break it (N2)", async (t) => {
  const honest = callTo((await startEcho(t)).server.port);
  t.teardown(() => honest.close());
  await fc.assert(
    fc.asyncProperty(fc.array(lie, { minLength: 1, maxLength: 16 }), async (lies) => {
      for (const { texts, error } of await Promise.all(lies.map(callLiar))) {
        if ((error === undefined) !== (texts.length === 1)) throw new Error("an answer and an error");
        if (error !== undefined && Code[error.code] === undefined) throw new Error(`no code: ${error.code}`);
      }
      await honest.client.echo({ text: "hej" }, { timeoutMs: withinMs });
    }),
    { numRuns: Math.ceil(runs / 8) },
  );
});
