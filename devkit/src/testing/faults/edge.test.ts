import { once } from "node:events";
import { connect as connectHttp2, createServer as createHttp2Server } from "node:http2";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import t, { type Test } from "tap";
import { createEdge, createLine, openLink, type Edge } from "./index.ts";

interface Echo {
  readonly edge: Edge;
  /** All that the callee has received. */
  readonly received: () => string;
  connect(this: void): Socket;
}

/** A callee that sends back what it gets, behind an edge. */
async function startEcho(t: Test): Promise<Echo> {
  let received = "";
  const callee = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      received += bytes.toString("latin1");
      socket.write(bytes);
    });
    socket.on("end", () => socket.end());
  });
  await once(callee.listen(0, "127.0.0.1"), "listening");
  const line = createLine("a → b");
  const link = await openLink(line, { host: "127.0.0.1", port: (callee.address() as AddressInfo).port });
  t.teardown(() => {
    link.close();
    line.reset();
    callee.close();
  });
  return {
    edge: createEdge("a → b", [line]),
    received: () => received,
    connect() {
      const socket = connect({ port: link.port, allowHalfOpen: true });
      socket.on("error", () => {});
      t.teardown(() => socket.destroy());
      return socket;
    },
  };
}

/** Resolves when the socket is gone, however. */
function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => void (socket.closed ? resolve() : socket.once("close", () => resolve())));
}

/** What comes, until there is so much of it. */
async function read(socket: Socket, bytes: number): Promise<string> {
  let text = "";
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.length >= bytes) break;
  }
  return text;
}

t.test("an edge without faults carries everything, and the end of each side", async (t) => {
  const { connect } = await startEcho(t);
  const socket = connect();
  const sent = "0123456789".repeat(300_000);
  socket.end(sent);
  t.equal(await read(socket, Infinity), sent);
});

t.test("drop() holds what is sent, and lift() lets it go on in its order", async (t) => {
  const { edge, received, connect } = await startEcho(t);
  const socket = connect();
  const fault = edge.drop();
  socket.write("one ");
  await fault.struck();
  socket.write("two");
  t.equal(received(), "");
  fault.lift();
  t.equal(await read(socket, 7), "one two");
});

t.test("drop() of answers lets requests through", async (t) => {
  const { edge, received, connect } = await startEcho(t);
  const socket = connect();
  using fault = edge.drop({ only: "answers" });
  socket.write("request");
  await fault.struck();
  t.equal(received(), "request");
  fault.reset();
  await closed(socket);
});

t.test("drop() holds a new connection's bytes, and bytes beyond a mebibyte are not read", async (t) => {
  const { edge, received, connect } = await startEcho(t);
  const fault = edge.drop({ only: "requests" });
  const socket = connect();
  const sent = "x".repeat(20_000_000);
  socket.write(sent);
  await fault.struck();
  t.equal(received(), "");
  t.ok(socket.writableLength > 0, "the sender is held back");
  fault.lift();
  t.equal((await read(socket, sent.length)).length, sent.length);
});

t.test("a callee that dies behind drop() is not heard of before lift()", async (t) => {
  const callee = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.resetAndDestroy());
  });
  await once(callee.listen(0, "127.0.0.1"), "listening");
  const line = createLine("a → b");
  const link = await openLink(line, { host: "127.0.0.1", port: (callee.address() as AddressInfo).port });
  t.teardown(() => {
    link.close();
    callee.close();
  });
  const socket = connect(link.port);
  const gone = closed(socket);
  socket.on("error", () => {});
  const fault = createEdge("a → b", [line]).drop({ only: "answers" });
  socket.write("die");
  await fault.struck();
  t.equal(socket.closed, false);
  fault.lift();
  await gone;
});

t.test("delay() moves everything by its time, and keeps the pace of what follows", async (t) => {
  const { edge, connect } = await startEcho(t);
  const socket = connect();
  using _ = edge.delay(60, { only: "requests" });
  const began = performance.now();
  const text = "y".repeat(1_000_000);
  socket.write(text);
  t.equal((await read(socket, text.length)).length, text.length);
  const tookMs = performance.now() - began;
  t.ok(tookMs >= 59, `${tookMs} ms`);
  t.ok(tookMs < 5_000, `chunks wait beside each other, not one after the other: ${tookMs} ms`);
});

t.test("limit() lets bytes through at its rate", async (t) => {
  const { edge, connect } = await startEcho(t);
  const socket = connect();
  using _ = edge.limit(100_000, { only: "requests" });
  const began = performance.now();
  socket.write("z".repeat(20_000));
  t.equal((await read(socket, 20_000)).length, 20_000);
  const tookMs = performance.now() - began;
  t.ok(tookMs >= 140, `20 kB at 100 kB/s, but for the first piece: ${tookMs} ms`);
});

t.test("cut() breaks connections and new ones; after lift() they work", async (t) => {
  const { edge, connect } = await startEcho(t);
  const old = connect();
  old.write("hello");
  await read(old, 5);
  t.equal(edge.connections, 1);
  const fault = edge.cut();
  await fault.struck();
  await closed(old);
  const refused = connect();
  await closed(refused);
  fault.lift();
  const fresh = connect();
  fresh.write("again");
  t.equal(await read(fresh, 5), "again");
});

t.test("reset() breaks what is there, once", async (t) => {
  const { edge, connect } = await startEcho(t);
  const old = connect();
  old.write("hello");
  await read(old, 5);
  edge.reset();
  await closed(old);
  const fresh = connect();
  fresh.write("again");
  t.equal(await read(fresh, 5), "again");
});

t.test("faults of a chain are lifted together", async (t) => {
  const { edge, connect } = await startEcho(t);
  const socket = connect();
  {
    await using chain = edge.delay(1).drop();
    socket.write("held");
    await chain.struck();
  }
  t.equal(await read(socket, 4), "held");
});

t.test("struck() names the fault and its edge when nothing happens", async (t) => {
  const { edge } = await startEcho(t);
  await t.rejects(edge.delay(5).drop().struck({ timeoutMs: 10 }), {
    message: "Waited 10 ms in vain until delay(5).drop() of a → b touched something",
  });
});

t.test("a fault of no size is refused", async (t) => {
  const { edge } = await startEcho(t);
  t.throws(
    () => edge.delay(0),
    new RangeError("Cannot make delay as ms must be more than 0: current value is 0"),
  );
  t.throws(() => edge.limit(Number.NaN), RangeError);
});

t.test("drop() of answers holds an HTTP/2 answer, not what opens the connection", async (t) => {
  let calls = 0;
  const callee = createHttp2Server().on("stream", (stream) => {
    calls++;
    stream.respond({ ":status": 200 });
    stream.end("answer");
  });
  await once(callee.listen(0, "127.0.0.1"), "listening");
  const line = createLine("a → b");
  const link = await openLink(line, { host: "127.0.0.1", port: (callee.address() as AddressInfo).port });
  const fault = createEdge("a → b", [line]).drop({ only: "answers" });
  const session = connectHttp2(`http://127.0.0.1:${link.port}`);
  t.teardown(() => {
    session.destroy();
    link.close();
    callee.close();
  });
  await once(session, "remoteSettings");
  await new Promise<void>((resolve, reject) =>
    session.ping((error) => (error === null ? resolve() : reject(error))),
  );
  const call = session.request({ ":path": "/" });
  await fault.struck();
  t.equal(calls, 1);
  fault.lift();
  const [headers] = (await once(call, "response")) as [{ ":status": number }];
  t.equal(headers[":status"], 200);
});
