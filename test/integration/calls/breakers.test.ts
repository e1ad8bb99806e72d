// Breakers and bulkheads at the client (C4).
import { Code } from "@connectrpc/connect";
import t from "tap";
import { errorDetail } from "../../../ts-runtime/src/client/index.ts";
import { failureOf } from "../../support/failure-of.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { measureProcess } from "../../support/measured.ts";
import { policiesWith } from "../../support/policies.ts";
import { traceProcess } from "../../support/traced.ts";
import { until } from "../../support/until.ts";
import { breaker, clientOf, longMs, retry, startActing } from "./acting.ts";
import { fixedSource, startEcho } from "./echo-server.ts";

const measured = measureProcess(t);
const traced = traceProcess();

t.test(
  "a method that fails at an instance is called elsewhere, and fails at once where there is none (C4)",
  async (t) => {
    const failing = await startActing(t, ({ method }) => {
      if (method.name === "Echo") throw new Error("a bug");
      return { text: "well" };
    });
    const good = await startEcho(t);
    const source = fixedSource(failing.target);
    const { client, lines } = clientOf(t, source, { Echo: { breaker } });
    for (let i = 0; i < 4; i += 1) t.equal((await failureOf(client.echo({}))).code, Code.Internal);
    const error = await failureOf(client.echo({}));
    t.equal(error.code, Code.Unavailable);
    t.match(errorDetail(error), {
      code: "SAMSPEL_CIRCUIT_OPEN",
      retryable: true,
      metadata: { method: "samspel.test.v1.EchoService/Echo", since: /^\d{4}-/, calls: "4", failures: "4" },
    });
    t.match(error.rawMessage, /not called at any of its instances \(1\) .* 4 of 4 calls .*internal error/);
    t.equal(failing.calls.length, 4);
    t.match(
      lines.find(({ level }) => level === "warn"),
      { method: "samspel.test.v1.EchoService/Echo", failures: 4, message: /breaker .* opens/ },
    );
    t.equal((await client.echoOnce({})).text, "well", "of that instance, another method");

    source.set([failing.target, good.target]);
    for (let i = 0; i < 20; i += 1) t.equal((await client.echo({ text: "hej" })).text, "hej");
    t.equal(failing.calls.length, 5, "none but the call of the other method");
  },
);

t.test(
  "a breaker is not moved by what callers do wrong, by those who leave, nor by instances not reached (C4)",
  async (t) => {
    const echo = await startEcho(t);
    const { client } = clientOf(t, fixedSource(echo.target), { Echo: { breaker }, EchoOnce: { breaker } });
    for (let i = 0; i < 8; i += 1)
      t.equal((await failureOf(client.echo({ text: "refuse" }))).code, Code.FailedPrecondition);
    for (let i = 0; i < 8; i += 1) {
      const controller = new AbortController();
      const call = failureOf(client.echo({ text: "wait" }, { signal: controller.signal }));
      await echo.called(9 + i, 30_000);
      controller.abort();
      t.equal((await call).code, Code.Canceled);
    }
    // What cannot be sent is its caller's.
    const read = (count: number) => client.echoMany({ text: "hej", count })[Symbol.asyncIterator]().next();
    for (let i = 0; i < 8; i += 1) t.equal((await failureOf(read(2 ** 40))).code, Code.Internal);
    t.match(await read(1), { value: { text: "hej" } });
    t.equal((await client.echo({ text: "hej" })).text, "hej");

    await echo.server.close();
    for (let i = 0; i < 8; i += 1) {
      t.match(errorDetail(await failureOf(client.echoOnce({}))), { code: /UNREACHABLE|CONNECTION_LOST/ });
    }
  },
);

t.test(
  "a server that is full opens no breaker: it says so before the handler, and serves the others (C4)",
  async (t) => {
    const policies = policiesWith({ Echo: { server: { maxInFlight: 1, maxRequestBytes: 1_000 } } });
    const echo = await startEcho(t, { policies });
    const once = { ...retry, maxAttempts: 1 };
    const { client } = clientOf(t, fixedSource(echo.target), { Echo: { breaker, retry: once } });
    const running = client.echo({ text: "wait" });
    await echo.called(1);
    for (let i = 0; i < 8; i += 1) {
      t.match(errorDetail(await failureOf(client.echo({}))), { code: "SAMSPEL_OVERLOADED" });
    }
    echo.release();
    await running;
    t.equal((await client.echo({ text: "hej" })).text, "hej");
  },
);

t.test("a breaker closes after a probe that goes well; a call that may wait waits for that", async (t) => {
  let mended = false;
  const server = await startActing(t, () => {
    if (!mended) throw new Error("a bug");
    return { text: "mended" };
  });
  const short = { ...breaker, openMs: 100, maxOpenMs: 200 };
  const { client } = clientOf(t, fixedSource(server.target), {
    Echo: { breaker: short },
    EchoOnce: { breaker: short, waitForReady: true, timeoutMs: longMs },
  });
  for (let i = 0; i < 4; i += 1) {
    await failureOf(client.echo({}));
    await failureOf(client.echoOnce({}));
  }
  mended = true;
  t.equal((await client.echoOnce({})).text, "mended", "it has waited for its breaker");
  await until("the breaker has closed", () =>
    client.echo({}).then(
      () => true,
      () => undefined,
    ),
  );
  await Promise.all(Array.from({ length: 10 }, () => client.echo({})));
});

t.test("deadlines that run out open a breaker (C4)", async (t) => {
  const echo = await startEcho(t);
  const { client } = clientOf(t, fixedSource(echo.target), { Echo: { breaker, timeoutMs: 30 } });
  for (let i = 0; i < 4; i += 1)
    t.equal((await failureOf(client.echo({ text: "wait" }))).code, Code.DeadlineExceeded);
  t.match(errorDetail(await failureOf(client.echo({ text: "wait" }))), { code: "SAMSPEL_CIRCUIT_OPEN" });
});

t.test("a bulkhead keeps a method to its number of calls, in order, and says when it is full", async (t) => {
  const echo = await startEcho(t);
  const bulkhead = { maxInFlight: 2, maxWaiting: 1 };
  const { client } = clientOf(t, fixedSource(echo.target), { Echo: { bulkhead, timeoutMs: longMs } });
  const running = [client.echo({ text: "wait" }), client.echo({ text: "wait" })];
  await echo.called(2, 30_000);
  const waiting = client.echo({ text: "hej" });
  const error = await failureOf(client.echo({ text: "hej" }));
  t.equal(error.code, Code.ResourceExhausted);
  t.match(errorDetail(error), {
    code: "SAMSPEL_BULKHEAD_FULL",
    metadata: { method: "samspel.test.v1.EchoService/Echo", max_in_flight: "2", max_waiting: "1" },
  });
  t.equal((await client.echoOnce({ text: "hej" })).text, "hej", "another method has room of its own");
  t.equal(echo.contexts.length, 3);
  echo.release();
  await Promise.all([...running, waiting]);
});

t.test("who waits at a bulkhead may give up, and has no longer than the deadline", async (t) => {
  const echo = await startEcho(t);
  const bulkhead = { maxInFlight: 1, maxWaiting: 10 };
  const { client } = clientOf(t, fixedSource(echo.target), {
    Echo: { bulkhead, timeoutMs: longMs },
    EchoMany: { bulkhead },
  });
  const running = client.echo({ text: "wait" });
  await echo.called(1, 30_000);
  const late = await failureOf(client.echo({ text: "hej" }, { timeoutMs: 20 }));
  t.match(errorDetail(late), { code: "SAMSPEL_BULKHEAD_FULL" });
  t.match(late.rawMessage, /none ended within the deadline/);
  const controller = new AbortController();
  const left = failureOf(client.echo({ text: "hej" }, { signal: controller.signal }));
  controller.abort();
  t.equal((await left).code, Code.Canceled);
  echo.release();
  await running;
  t.equal((await client.echo({ text: "hej" })).text, "hej");

  // A stream has its place until its end.
  const reader = client.echoMany({ text: "endless", count: 1 })[Symbol.asyncIterator]();
  await reader.next();
  const texts: string[] = [];
  const next = (async () => {
    for await (const { text } of client.echoMany({ text: "next", count: 1 })) texts.push(text);
  })();
  await client.echo({ text: "hej" });
  t.same(texts, []);
  await reader.return?.();
  await next;
  t.same(texts, ["next"]);
});

t.test("callers in a loop that are turned away at once do not starve their process", async (t) => {
  const failing = await startActing(t, () => {
    throw new Error("a bug");
  });
  const echo = await startEcho(t);
  const broken = clientOf(t, fixedSource(failing.target), { Echo: { breaker } }).client;
  const bulkhead = { maxInFlight: 1, maxWaiting: 0 };
  const full = clientOf(t, fixedSource(echo.target), { Echo: { bulkhead, timeoutMs: longMs } }).client;
  const running = full.echo({ text: "wait" });
  await echo.called(1, 30_000);
  for (const [client, code] of [
    [broken, "SAMSPEL_CIRCUIT_OPEN"],
    [full, "SAMSPEL_BULKHEAD_FULL"],
  ] as const) {
    await until("calls are turned away", async () => {
      return errorDetail(await failureOf(client.echo({})))?.code === code;
    });
    const timePassed = AbortSignal.timeout(20);
    let turnedAway = 0;
    // Each call fails without any I/O; a timer fires all the same.
    for (let calls = 0; !timePassed.aborted && calls < 1_000_000; calls += 1) {
      const error = await failureOf(client.echo({}));
      if (errorDetail(error)?.code === code) turnedAway += 1;
    }
    t.ok(timePassed.aborted && turnedAway > 0, code);
  }
  echo.release();
  await running;
});

t.test("breakers and bulkheads are seen in spans and counters", async (t) => {
  const events = new Set(traced.spans().flatMap((span) => span.events.map(({ name }) => name)));
  for (const name of ["breaker", "bulkhead wait"]) t.ok(events.has(name), name);
  for (const name of ["samspel.client.breaker.transitions", "samspel.client.bulkhead.refusals"] as const) {
    const points = await measured.points(name);
    t.ok(points.length > 0, name);
    for (const { attributes } of points) t.equal(attributes["rpc.service"], EchoService.typeName);
  }
  const states = (await measured.points("samspel.client.breaker.transitions")).map(
    ({ attributes }) => attributes["samspel.breaker.state"],
  );
  t.same(new Set(states), new Set(["open", "half-open", "closed"]));
});
