// What the policies of calls do at the client: deadlines, retries, hedges, breakers, bulkheads (C1, C2, C4), and what is
// seen of it.
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError, type Client, type HandlerContext } from "@connectrpc/connect";
import t, { type Test } from "tap";
import { createClients, errorDetail, type InstanceSource } from "../../../ts-runtime/src/client/index.ts";
import { reject } from "../../../ts-runtime/src/errors/index.ts";
import { RetryInfoSchema } from "../../../ts-runtime/src/gen/google/rpc/error_details_pb.ts";
import type { CallPolicy } from "../../../ts-runtime/src/policy/index.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { measureProcess } from "../../support/measured.ts";
import { policiesWith } from "../../support/policies.ts";
import { recordingLogger, type LogLine } from "../../support/recording-logger.ts";
import { traceProcess } from "../../support/traced.ts";
import { until } from "../../support/until.ts";
import { fixedSource, startEcho, type Echo } from "./echo-server.ts";

const measured = measureProcess(t);
const traced = traceProcess();

/** More than any test takes, so that what waits for it does not pass by waiting. */
const longMs = 120_000;
const retry: CallPolicy["retry"] = {
  maxAttempts: 3,
  initialBackoffMs: 1,
  maxBackoffMs: 2,
  attemptTimeoutMs: undefined,
};
const breaker: CallPolicy["breaker"] = {
  failureRatio: 0.5,
  minCalls: 4,
  windowMs: longMs,
  openMs: longMs,
  maxOpenMs: longMs,
};

interface Setting {
  readonly client: Client<typeof EchoService>;
  readonly lines: readonly LogLine[];
}

function clientOf(
  t: Test,
  registry: InstanceSource,
  changes: Readonly<Record<string, Partial<CallPolicy>>>,
): Setting {
  const { logger, lines } = recordingLogger();
  const clients = createClients({ registry, policies: policiesWith(changes), logger });
  t.teardown(() => clients.close());
  return { client: clients.client(EchoService), lines };
}

async function failureOf(call: Promise<unknown>): Promise<ConnectError> {
  return call.then(
    () => Promise.reject(new Error("the call was meant to fail")),
    (error: unknown) => ConnectError.from(error),
  );
}

/** A server whose unary methods do what `act` says, with the calls so far. */
async function startActing(
  t: Test,
  act: (context: HandlerContext, calls: number) => { text: string },
): Promise<Echo & { readonly calls: HandlerContext[] }> {
  const calls: HandlerContext[] = [];
  const answer = (_: unknown, context: HandlerContext): { text: string } => {
    calls.push(context);
    return act(context, calls.length);
  };
  return { ...(await startEcho(t, {}, { echo: answer, echoOnce: answer })), calls };
}

const unavailable = (headers: HeadersInit = {}): ConnectError =>
  new ConnectError("not now", Code.Unavailable, headers);

t.test("a policy says how long a call may take, and how often it is sent", async (t) => {
  const echo = await startEcho(t);
  const { client } = clientOf(t, fixedSource(echo.target), { Echo: { timeoutMs: 40 } });
  t.match(errorDetail(await failureOf(client.echo({ text: "wait" }))), { code: "SAMSPEL_DEADLINE_EXCEEDED" });
  await client.echo({ text: "hej" }, { timeoutMs: longMs });

  const failing = await startActing(t, () => {
    throw unavailable();
  });
  for (const maxAttempts of [1, 2, 5]) {
    const { client, lines } = clientOf(t, fixedSource(failing.target), {
      Echo: { retry: { ...retry, maxAttempts } },
    });
    failing.calls.length = 0;
    t.equal((await failureOf(client.echo({}))).code, Code.Unavailable);
    t.equal(failing.calls.length, maxAttempts);
    t.same(
      failing.calls.map(({ requestHeader }) => requestHeader.get("grpc-previous-rpc-attempts")),
      [null, "1", "2", "3", "4"].slice(0, maxAttempts),
      "the server hears which attempt it is",
    );
    t.equal(lines.filter(({ message }) => message === "a call is retried").length, maxAttempts - 1);
    t.equal((await failureOf(client.echoOnce({}))).code, Code.Unavailable);
    t.equal(failing.calls.length, maxAttempts + 1, "a method that is not safe is not sent again (C2)");
  }
});

t.test(
  "an attempt that takes longer than one may is given up, and a safe method tried elsewhere",
  async (t) => {
    const [hung, quick] = await Promise.all([startEcho(t), startEcho(t)]);
    const source = fixedSource(hung.target);
    const attemptTimeoutMs = 150;
    const policy = { retry: { ...retry, maxAttempts: 100, attemptTimeoutMs }, timeoutMs: longMs };
    const { client } = clientOf(t, source, { Echo: policy, EchoOnce: policy });
    // It hangs at the one, and is free at the other.
    quick.release();
    const call = client.echo({ text: "wait" });
    await hung.called(1, 30_000);
    source.set([hung.target, quick.target]);
    t.equal((await call).text, "wait");
    await until("the handler of what was given up hears of it", () => hung.contexts[0]?.signal.aborted);
    t.match(hung.contexts[0]?.requestHeader.get("grpc-timeout"), /^1?\d?\dm$/);

    source.set([hung.target]);
    const controller = new AbortController();
    const unsafe = failureOf(client.echoOnce({ text: "wait" }, { signal: controller.signal }));
    await until("it is called", () => hung.contexts.some(({ method }) => method.name === "EchoOnce"));
    await new Promise((resolve) => setTimeout(resolve, attemptTimeoutMs * 2));
    controller.abort();
    t.equal((await unsafe).code, Code.Canceled, "a method that is not safe has all the time of its call");

    const last = clientOf(t, source, { Echo: { retry: { ...retry, maxAttempts: 2, attemptTimeoutMs: 30 } } });
    const error = await failureOf(last.client.echo({ text: "wait" }));
    t.equal(error.code, Code.DeadlineExceeded);
    t.match(error.rawMessage, /did not answer .*Echo within 30 ms, the time of an attempt/);
  },
);

t.test(
  "a server that asks for time gets it, and one that asks for no retry gets none (gRFC A6)",
  async (t) => {
    const asked = 60;
    const pushed = (error: ConnectError) =>
      startActing(t, ({ requestHeader }) => {
        if (requestHeader.has("grpc-previous-rpc-attempts")) return { text: "at last" };
        throw error;
      });
    for (const headers of [{ "grpc-retry-pushback-ms": "-1" }, { "grpc-retry-pushback-ms": "soon" }]) {
      const server = await pushed(unavailable(headers));
      const { client } = clientOf(t, fixedSource(server.target), { Echo: { retry } });
      t.equal((await failureOf(client.echo({}))).code, Code.Unavailable);
      t.equal(server.calls.length, 1);
    }
    const info = create(RetryInfoSchema, { retryDelay: { seconds: 0n, nanos: asked * 1e6 } });
    const waits = [
      unavailable({ "grpc-retry-pushback-ms": String(asked) }),
      new ConnectError("not now", Code.Unavailable, {}, [{ desc: RetryInfoSchema, value: info }]),
      reject(Code.Unavailable, "not now", { retryAfterMs: asked }),
    ];
    for (const error of waits) {
      const server = await startActing(t, ({ requestHeader }) => {
        if (requestHeader.has("grpc-previous-rpc-attempts")) return { text: "at last" };
        throw error;
      });
      const { client } = clientOf(t, fixedSource(server.target), { Echo: { retry } });
      const began = performance.now();
      t.equal((await client.echo({})).text, "at last");
      t.ok(performance.now() - began >= asked - 2, "not before its time");
    }
  },
);

t.test("a refusal from before the handler goes to another instance, whatever the method (C2)", async (t) => {
  const full = await startActing(t, () => {
    throw reject(Code.ResourceExhausted, "full", { retryAfterMs: longMs });
  });
  const refusing = await startActing(t, () => {
    throw new ConnectError("full", Code.ResourceExhausted, { "samspel-never-ran": "1" });
  });
  const free = await startEcho(t);
  const { client } = clientOf(t, fixedSource(full.target), {});
  t.equal((await failureOf(client.echoOnce({}))).code, Code.ResourceExhausted);
  t.equal(full.calls.length, 1, "one that does not say so may have done something");

  await until("one was refused", async () => {
    const both = clientOf(t, fixedSource(refusing.target, free.target), {}).client;
    t.equal((await both.echoOnce({ text: "hej" })).text, "hej");
    return refusing.calls.length > 0;
  });
});

t.test(
  "a hedge answers in place of an instance that takes long, which is told to stop (gRFC A6)",
  async (t) => {
    const [hung, quick] = await Promise.all([startEcho(t), startEcho(t)]);
    quick.release();
    const source = fixedSource(hung.target);
    const hedge = { maxAttempts: 2, delayMs: 20 };
    const policy = { hedge, timeoutMs: longMs };
    const { client, lines } = clientOf(t, source, { Echo: policy, EchoOnce: policy });
    const call = client.echo({ text: "wait" });
    const unsafe = client.echoOnce({ text: "wait" });
    await hung.called(2, 30_000);
    t.equal(hung.contexts.length, 2, "no hedge goes to the instance that has the call already");
    source.set([hung.target, quick.target]);
    t.equal((await call).text, "wait");
    const loser = hung.contexts.find(({ method }) => method.name === "Echo");
    await until("the other handler is told to stop", () => loser?.signal.aborted);
    t.equal(lines.filter(({ message }) => message === "a call is hedged").length, 1);
    t.equal(quick.contexts.length, 1, "a method that is not safe is not hedged");
    hung.release();
    t.equal((await unsafe).text, "wait");
  },
);

t.test(
  "a hedged call goes on at once after a failure that may be mended, and ends with any other",
  async (t) => {
    const failing = await startActing(t, () => {
      throw unavailable();
    });
    const refusing = await startActing(t, () => {
      throw reject(Code.NotFound, "no such thing");
    });
    const hung = await startEcho(t);
    const good = await startEcho(t);
    const hedged = { Echo: { hedge: { maxAttempts: 3, delayMs: longMs }, retry, timeoutMs: longMs } };

    await until("one went to the instance that fails first", async () => {
      const { client } = clientOf(t, fixedSource(failing.target, good.target), hedged);
      t.equal((await client.echo({ text: "hej" })).text, "hej");
      return failing.calls.length > 0;
    });

    failing.calls.length = 0;
    const alone = clientOf(t, fixedSource(failing.target), hedged).client;
    t.equal((await failureOf(alone.echo({}))).code, Code.Unavailable);
    t.equal(failing.calls.length, 3, "on one instance after a backoff, as any retry");

    const quickly = { Echo: { ...hedged.Echo, hedge: { maxAttempts: 2, delayMs: 20 } } };
    const later = fixedSource(hung.target);
    const decided = clientOf(t, later, quickly).client;
    const call = failureOf(decided.echo({ text: "wait" }));
    await hung.called(1, 30_000);
    later.set([hung.target, refusing.target]);
    t.equal((await call).code, Code.NotFound, "the others could say nothing else");
    await until("the other handler is told to stop", () => hung.contexts[0]?.signal.aborted);
  },
);

t.test("a hedged call whose server wants no other waits for what runs", async (t) => {
  const hung = await startEcho(t);
  const pushing = await startActing(t, () => {
    throw unavailable({ "grpc-retry-pushback-ms": "-1" });
  });
  const idle = await startEcho(t);
  const source = fixedSource(hung.target);
  const hedge = { maxAttempts: 5, delayMs: 20 };
  const { client, lines } = clientOf(t, source, { Echo: { hedge, timeoutMs: longMs } });
  const call = client.echo({ text: "wait" });
  await hung.called(1, 30_000);
  source.set([hung.target, pushing.target]);
  const wants = "a server wants no other attempt of a call";
  await until("the second has refused", () => lines.some(({ message }) => message === wants));
  t.equal(pushing.calls.length, 1);
  source.set([hung.target, pushing.target, idle.target]);
  await new Promise((resolve) => setTimeout(resolve, 100));
  hung.release();
  t.equal((await call).text, "wait");
  t.equal(idle.contexts.length, 0);
});

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

t.test("retries, hedges, breakers and bulkheads are seen in spans and counters", async (t) => {
  const events = new Set(traced.spans().flatMap((span) => span.events.map(({ name }) => name)));
  for (const name of ["retry", "hedge", "breaker", "bulkhead wait"]) t.ok(events.has(name), name);
  for (const name of [
    "samspel.client.retries",
    "samspel.client.hedges",
    "samspel.client.breaker.transitions",
    "samspel.client.bulkhead.refusals",
  ] as const) {
    const points = await measured.points(name);
    t.ok(points.length > 0, name);
    for (const { attributes } of points) t.equal(attributes["rpc.service"], EchoService.typeName);
  }
  const states = (await measured.points("samspel.client.breaker.transitions")).map(
    ({ attributes }) => attributes["samspel.breaker.state"],
  );
  t.same(new Set(states), new Set(["open", "half-open", "closed"]));
});
