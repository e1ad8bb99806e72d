// What a server takes on at a time, over all protocols: who is one too many is refused before the handler, and the rest is
// served as if nobody else were there.
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Code, createClient, type Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import t from "tap";
import { createClients, errorDetail } from "../../../ts-runtime/src/client/index.ts";
import { neverRanTrailer, reject } from "../../../ts-runtime/src/errors/index.ts";
import {
  Health,
  HealthCheckResponse_ServingStatus as Status,
} from "../../../ts-runtime/src/gen/grpc/health/v1/health_pb.ts";
import { defaultPolicies, type Policies, type ServerPolicy } from "../../../ts-runtime/src/policy/index.ts";
import type { RpcServer, RpcServerOptions } from "../../../ts-runtime/src/service/index.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { until } from "../../support/until.ts";
import { fixedSource, startEcho } from "./echo-server.ts";
import { failureOf } from "../../support/failure-of.ts";
import { http2Client } from "./stock-clients.ts";

function transports({ port }: RpcServer): Record<string, Transport> {
  const baseUrl = `http://127.0.0.1:${port}`;
  return {
    gRPC: createGrpcTransport({ baseUrl }),
    "gRPC-Web": createGrpcWebTransport({ baseUrl, httpVersion: "1.1" }),
    Connect: createConnectTransport({ baseUrl, httpVersion: "1.1" }),
  };
}

/** Policies that say something of methods by their names. */
function policiesOf(ofMethods: Readonly<Record<string, Partial<ServerPolicy>>>): Policies {
  const defaults = defaultPolicies();
  return {
    ...defaults,
    ofMethod(method) {
      const policy = defaults.ofMethod(method);
      return { ...policy, server: { ...policy.server, ...ofMethods[method.name] } };
    },
  };
}

/** Both ways to a handler: ours, and Connect's interceptors. */
const ways: Record<string, Partial<RpcServerOptions>> = {
  "by our own way": {},
  "within interceptors": { interceptors: [(next) => next] },
};

for (const [way, options] of Object.entries(ways)) {
  t.test(
    `a method with a limit refuses what is above it, ${way}, and says that nothing ran (O1)`,
    async (t) => {
      const echo = await startEcho(t, { ...options, policies: policiesOf({ EchoOnce: { maxInFlight: 2 } }) });
      const client = http2Client(echo.server);
      const running = [client.echoOnce({ text: "wait" }), client.echoOnce({ text: "wait" })];
      await echo.called(2);
      for (const [name, transport] of Object.entries(transports(echo.server))) {
        const error = await failureOf(createClient(EchoService, transport).echoOnce({ text: "hej" }));
        t.equal(error.code, Code.ResourceExhausted, name);
        t.match(errorDetail(error), {
          code: "SAMSPEL_OVERLOADED",
          retryable: true,
          metadata: { reason: "method", limit: "2", method: "samspel.test.v1.EchoService/EchoOnce" },
        });
        t.ok(error.metadata.has(neverRanTrailer), `${name}: ${neverRanTrailer}`);
        t.equal(error.metadata.get("grpc-retry-pushback-ms"), "100", name);
      }
      t.equal((await client.echo({ text: "hej" })).text, "hej", "other methods are not concerned");
      t.equal(echo.contexts.length, 3);
      echo.release();
      await Promise.all(running);
      t.equal((await client.echoOnce({ text: "hej" })).text, "hej", "there is room again");
    },
  );

  t.test(`a server that is full lets a call wait for a place, ${way}, and then refuses it`, async (t) => {
    const concurrency = { initial: 2, min: 2, max: 2 };
    const echo = await startEcho(t, { ...options, limits: { concurrency } });
    const clients = Object.entries(transports(echo.server));
    const client = http2Client(echo.server);
    const running = [client.echo({ text: "wait" }), client.echo({ text: "wait" })];
    await echo.called(2);
    for (const [name, transport] of clients) {
      const error = await failureOf(createClient(EchoService, transport).echo({ text: "hej" }));
      t.equal(error.code, Code.ResourceExhausted, name);
      t.equal(errorDetail(error)?.metadata["reason"], "wait", name);
    }
    t.equal(echo.contexts.length, 2);
    const health = createClient(
      Health,
      createGrpcTransport({ baseUrl: `http://127.0.0.1:${echo.server.port}` }),
    );
    t.equal((await health.check({})).status, Status.SERVING, "health answers all the same (O2)");
    const controller = new AbortController();
    const leaving = failureOf(client.echo({ text: "hej" }, { signal: controller.signal }));
    controller.abort();
    t.equal((await leaving).code, Code.Canceled);
    echo.release();
    await Promise.all(running);
    for (const [name, transport] of clients)
      t.equal((await createClient(EchoService, transport).echo({ text: "hej" })).text, "hej", name);
  });

  t.test(`places come back, whatever ends a call, ${way} (O4)`, async (t) => {
    let [running, peak, called] = [0, 0, 0];
    const echo = await startEcho(
      t,
      { ...options, limits: { concurrency: { initial: 4, min: 4, max: 4 } } },
      {
        async echo({ text }, context) {
          called += 1;
          peak = Math.max(peak, (running += 1));
          try {
            if (text === "refuse") throw reject(Code.FailedPrecondition, "not today");
            if (text === "fail") throw new Error("a secret of the service");
            if (text === "wait") await once(context.signal, "abort");
            else await sleep(20);
            return { text };
          } finally {
            running -= 1;
          }
        },
      },
    );
    const clients = Object.values(transports(echo.server)).map((it) => createClient(EchoService, it));
    const first = http2Client(echo.server);
    const ends = (code: Code, call: () => Promise<unknown>): Promise<true> =>
      until(`a call ends with ${Code[code]}`, async () => (await failureOf(call())).code === code);
    for (const client of clients) {
      await ends(Code.FailedPrecondition, () => client.echo({ text: "refuse" }));
      await ends(Code.Internal, () => client.echo({ text: "fail" }));
      await ends(Code.DeadlineExceeded, () => client.echo({ text: "wait" }, { timeoutMs: 50 }));
      await ends(Code.Canceled, async () => {
        const controller = new AbortController();
        const before = called;
        const leaving = client.echo({ text: "wait" }, { signal: controller.signal });
        leaving.catch(() => {});
        await until("its handler runs, or it is refused", () =>
          Promise.race([leaving.catch(() => true), sleep(10, called > before)]),
        );
        controller.abort();
        return leaving;
      });
      for await (const { text } of client.echoMany({ text: "hej", count: 2 })) t.equal(text, "hej");
    }
    await until("all places are free", async () => {
      peak = 0;
      await Promise.allSettled(Array.from({ length: 4 }, () => first.echo({ text: "hej" })));
      return peak === 4;
    });
  });
}

t.test("streams hold places while they begin, and none while they idle (O3)", async (t) => {
  const echo = await startEcho(t, { limits: { concurrency: { initial: 4, min: 4, max: 4 } } });
  const controller = new AbortController();
  const client = http2Client(echo.server);
  let open = 0;
  let begun = 0;
  const endless = async (): Promise<void> => {
    try {
      const answers = client.echoMany({ text: "endless", count: 1 }, { signal: controller.signal });
      for await (const _ of answers) open += 1;
    } catch {
      // Refused, or ended with the test.
    }
    begun -= 1;
  };
  const streams: Promise<void>[] = [];
  await until("there are more streams than places", () => {
    if (begun++ - open < 4) streams.push(endless());
    else begun -= 1;
    return open >= 20;
  });
  await until("a call finds a place beside them", () =>
    client.echo({ text: "hej" }).then(
      () => true,
      () => false,
    ),
  );
  controller.abort();
  await Promise.all(streams);
});

t.test("a request of a method is as large as its policy says, from the next call on", async (t) => {
  const limits: Record<string, Partial<ServerPolicy>> = { EchoOnce: { maxRequestBytes: 1_000 } };
  const { server } = await startEcho(t, { policies: policiesOf(limits) });
  for (const [name, transport] of Object.entries(transports(server))) {
    limits["EchoOnce"] = { maxRequestBytes: 1_000 };
    const client = createClient(EchoService, transport);
    const large = { text: "x".repeat(2_000) };
    t.equal((await failureOf(client.echoOnce(large))).code, Code.ResourceExhausted, name);
    t.equal((await client.echo(large)).text.length, 2_000, `${name}: another method`);
    limits["EchoOnce"] = { maxRequestBytes: 10_000 };
    t.equal((await client.echoOnce(large)).text.length, 2_000, `${name}: after a change`);
  }
});

t.test("a server at five times its capacity does almost as much as at its best", async (t) => {
  // Handlers wait for a pool of two, as of connections to a database, and callers for a second at most.
  const waiting: (() => void)[] = [];
  let free = 2;
  const echo = await startEcho(
    t,
    {},
    {
      async echo({ text }) {
        if (free > 0) free -= 1;
        else await new Promise<void>((resolve) => waiting.push(resolve));
        await sleep(50);
        const next = waiting.shift();
        if (next === undefined) free += 1;
        else next();
        return { text };
      },
    },
  );
  const clients = createClients({ registry: fixedSource(echo.target), logger: silentLogger });
  t.teardown(() => clients.close());
  const client = clients.client(EchoService);
  const goodput = async (callers: number, forMs: number): Promise<number> => {
    const untilMs = performance.now() + forMs;
    let good = 0;
    await Promise.all(
      Array.from({ length: callers }, async () => {
        while (performance.now() < untilMs) {
          await client.echo({ text: "hej" }, { timeoutMs: 1_000 }).then(
            () => (good += 1),
            () => sleep(500),
          );
        }
      }),
    );
    return (good * 1_000) / forMs;
  };
  const best = await goodput(2, 1_500);
  t.ok(best > 0);
  // Without a limit each would wait for two and a half seconds, and give up after one of them.
  // What is too much shows within some seconds, of a machine that has nothing else to do.
  await until(`a hundred callers get half of ${best.toFixed(0)} answers a second`, async () => {
    return (await goodput(100, 2_000)) >= 0.5 * best;
  });
});
