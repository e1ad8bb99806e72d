import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import t, { type Test } from "tap";
import { freePort } from "../process/index.ts";
import { openFront } from "./front.ts";

/** A server that sends its name, and after the other side's end what that had sent. */
async function serverNamed(
  t: Test,
  name: string,
): Promise<{ readonly port: number; readonly sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.write(`${name}:`);
    void text(socket).then(
      (sent) => socket.end(sent),
      () => {},
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return { port: typeof address === "object" && address !== null ? address.port : 0, sockets };
}

async function frontFor(t: Test) {
  const port = await freePort();
  const front = await openFront("127.0.0.1", port);
  t.teardown(() => front.close());
  return { front, port };
}

async function say(port: number, what: string): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.end(what);
  return text(socket);
}

t.test("openFront() leads to the process that serves when a connection comes", async (t) => {
  const [one, two] = [await serverNamed(t, "one"), await serverNamed(t, "two")];
  const { front, port } = await frontFor(t);
  front.direct({ type: "serving", port: one.port });
  t.equal(await say(port, "a"), "one:a");

  const early = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  await once(early, "data");
  front.direct({ type: "serving", port: two.port });
  t.equal(await say(port, "b"), "two:b");
  early.end("c");
  t.equal(await text(early), "c", "what began goes on with the one that it began with");
});

t.test(
  "openFront() holds connections while a process is on its way, also where the last one is gone",
  async (t) => {
    const { front, port } = await frontFor(t);
    front.direct({ type: "waiting" });
    const held = say(port, "a");
    // Those that wait go on waiting.
    await once(connect({ port, host: "127.0.0.1" }), "connect");
    front.direct({ type: "waiting" });
    front.direct({ type: "serving", port: await freePort() });
    const refused = say(port, "b");
    const server = await serverNamed(t, "one");
    front.direct({ type: "serving", port: server.port });
    t.strictSame(await Promise.all([held, refused]), ["one:a", "one:b"]);
  },
);

t.test("openFront() ends connections while the service is down, and those whose process dies", async (t) => {
  const { front, port } = await frontFor(t);
  await t.rejects(say(port, "a"), { code: "ECONNRESET" });
  const server = await serverNamed(t, "one");
  front.direct({ type: "serving", port: server.port });
  const socket = connect({ port, host: "127.0.0.1" });
  await once(socket, "data");
  const closed = once(socket, "error");
  server.sockets[0]?.resetAndDestroy();
  t.match(await closed, [{ code: "ECONNRESET" }]);
});
