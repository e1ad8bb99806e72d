// What the policies of calls do at the client: deadlines, retries, hedges (C1, C2), and what is seen of it.
import { setTimeout as sleep } from "node:timers/promises";
import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import t from "tap";
import { errorDetail } from "../../../ts-runtime/src/client/index.ts";
import { reject } from "../../../ts-runtime/src/errors/index.ts";
import { RetryInfoSchema } from "../../../ts-runtime/src/gen/google/rpc/error_details_pb.ts";
import { measureProcess } from "../../support/measured.ts";
import { traceProcess } from "../../support/traced.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { failureOf } from "../../support/failure-of.ts";
import { until } from "../../support/until.ts";
import { clientOf, longMs, retry, startActing } from "./acting.ts";
import { fixedSource, startEcho } from "./echo-server.ts";

const measured = measureProcess(t);
const traced = traceProcess();

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
  // Five times as long as after which a hedge would go to the one that is idle.
  await sleep(100);
  hung.release();
  t.equal((await call).text, "wait");
  t.equal(idle.contexts.length, 0);
});

t.test("retries and hedges are seen in spans and counters", async (t) => {
  const events = new Set(traced.spans().flatMap((span) => span.events.map(({ name }) => name)));
  for (const name of ["retry", "hedge"]) t.ok(events.has(name), name);
  for (const name of ["samspel.client.retries", "samspel.client.hedges"] as const) {
    const points = await measured.points(name);
    t.ok(points.length > 0, name);
    for (const { attributes } of points) t.equal(attributes["rpc.service"], EchoService.typeName);
  }
});
