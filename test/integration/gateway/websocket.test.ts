// WebSockets: streams as browsers have them.
import { once } from "node:events";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import t, { type Test } from "tap";
import { WebSocket } from "ws";
import { ChatRequestSchema, ChatResponseSchema } from "../../gen/samspel/test/v1/library_pb.ts";
import { startLibrary } from "../../support/library.ts";

const library = await startLibrary(t, {
  gateway: { cors: { origins: ["https://shop.test"] }, maxMessageBytes: 10_000 },
});

function open(
  t: Test,
  method: string,
  protocols: string | string[] = "samspel.json",
  origin?: string,
): WebSocket {
  const url = `${library.gateway.url.replace("http", "ws")}/samspel.test.v1.LibraryService/${method}`;
  const socket = new WebSocket(url, protocols, origin === undefined ? {} : { origin });
  t.teardown(() => socket.terminate());
  return socket;
}

/** All frames, until it closes. */
async function frames(
  socket: WebSocket,
  onFrame: (frame: unknown) => void = () => {},
): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  socket.on("message", (data: Buffer, isBinary) => {
    const frame: unknown = isBinary ? data : JSON.parse(data.toString());
    all.push(frame);
    onFrame(frame);
  });
  const [code] = (await once(socket, "close")) as [number];
  all.push(code);
  return all;
}

async function statusOf(socket: WebSocket): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  socket.once("unexpected-response", (_, response) => resolve(response.statusCode));
  socket.once("open", () => resolve(101));
  socket.on("error", () => {});
  return promise;
}

t.test("a stream in both directions, in turns", async (t) => {
  const socket = open(t, "Chat");
  await once(socket, "open");
  const words = ["two", "three"];
  const all = frames(socket, () => {
    const text = words.shift();
    socket.send(JSON.stringify(text === undefined ? { end: {} } : { message: { text } }));
  });
  socket.send(JSON.stringify({ message: { text: "one" } }));
  t.same(await all, [
    { message: { text: "one!" } },
    { message: { text: "two!" } },
    { message: { text: "three!" } },
    { end: {} },
    1000,
  ]);
});

t.test("the same in envelopes", async (t) => {
  const socket = open(t, "Chat", ["samspel.proto"]);
  await once(socket, "open");
  const all = frames(socket);
  const message = Buffer.from(toBinary(ChatRequestSchema, create(ChatRequestSchema, { text: "hej" })));
  socket.send(Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]));
  socket.send(Buffer.from([2, 0, 0, 0, 0]));
  const [answer, end, code] = await all;
  t.ok(Buffer.isBuffer(answer) && Buffer.isBuffer(end));
  if (!Buffer.isBuffer(answer) || !Buffer.isBuffer(end)) return;
  t.equal(fromBinary(ChatResponseSchema, answer.subarray(5)).text, "hej!");
  t.same([end[0], end.subarray(5).toString(), code], [2, "{}", 1000]);
});

t.test("a stream of answers, and how it fails", async (t) => {
  const socket = open(t, "WatchShelf");
  await once(socket, "open");
  const all = frames(socket);
  socket.send(JSON.stringify({ message: { count: -1 } }));
  t.match(await all, [
    { message: { number: 1 } },
    { end: { error: { code: "failed_precondition", message: "the shelf fell" } } },
    1000,
  ]);
});

t.test("a frame that is none ends the call, and says why", async (t) => {
  for (const frame of ["no json", '{"text":"x"}', '{"message":{"colour":1}}']) {
    const socket = open(t, "Chat");
    await once(socket, "open");
    const all = frames(socket);
    socket.send(frame);
    t.match(await all, [{ end: { error: { code: "invalid_argument" } } }, 1000], frame);
  }
});

t.test("who goes ends the call at the service", async (t) => {
  const before = library.contexts.length;
  const socket = open(t, "Chat");
  await once(socket, "open");
  socket.send(JSON.stringify({ message: { text: "one" } }));
  await once(socket, "message");
  socket.terminate();
  const signal = library.contexts[before]?.signal;
  await new Promise<void>((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener("abort", () => resolve());
  });
  t.equal(signal?.aborted, true);
});

t.test("pages of other origins open none, nor is what is private there", async (t) => {
  t.equal(await statusOf(open(t, "Chat", "samspel.json", "https://evil.test")), 403);
  t.equal(await statusOf(open(t, "Chat", "samspel.json", "https://shop.test")), 101);
  t.equal(await statusOf(open(t, "Chat", "samspel.json", library.gateway.url)), 101, "its own host");
  t.equal(await statusOf(open(t, "BurnShelf")), 404);
  t.equal(await statusOf(open(t, "Chat", "other")), 400);
});
