// `samspel call`: answers on standard output, all else on standard error, and an exit code that says what became of it.
import { createRegistry } from "@samspel/registry";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import t, { type Test } from "tap";
import { natsUrl } from "../../support/environment.ts";
import { defineParcel } from "../../support/parcels.ts";
import { startTown } from "../../support/town.ts";
import { startEcho, type Echo } from "../../integration/calls/echo-server.ts";
import { jsonLines, samspel, samspelHere, type Ended, type RunOptions } from "./run-cli.ts";

interface World {
  readonly echo: Echo;
  call(this: void, args: readonly string[], options?: RunOptions): Promise<Ended>;
}

async function worldOf(t: Test): Promise<World> {
  const embedded = await startEmbeddedRegistry();
  t.teardown(() => embedded.close());
  const registry = createRegistry({ url: embedded.url });
  t.teardown(() => registry.close());
  const echo = await startEcho(t);
  await registry.place({
    name: "echo",
    address: "127.0.0.1",
    port: echo.server.port,
    protoServices: ["samspel.test.v1.EchoService"],
    check: { type: "none" },
  });
  const env = { CONSUL_HTTP_ADDR: embedded.url };
  return {
    echo,
    call: (args, options) =>
      options === undefined
        ? samspelHere(["call", ...args], env)
        : samspel(["call", ...args], { ...options, env }),
  };
}

t.test(
  "samspel call calls methods of all kinds; streams take their requests from standard input",
  async (t) => {
    const { call, echo } = await worldOf(t);
    const unary = await call(["EchoService/Echo", '{"text":"a"}', "-H", "x-tenant: blue"]);
    t.match(unary, {
      code: 0,
      out: '{"text":"a"}\n',
      err: /^echo-127-0-0-1-\d+, [\d.]+ ms, trace [0-9a-f]{32}\n$/,
    });
    t.equal(echo.contexts[0]?.requestHeader.get("x-tenant"), "blue");
    t.match(await call(["EchoService/Echo", "-"], { input: '{\n"text":"b"\n}' }), { out: '{"text":"b"}\n' });
    const many = await call(["EchoService/EchoMany", '{"text":"c","count":2}']);
    t.equal(many.out, '{"text":"c"}\n{"text":"c"}\n');
    const joined = await call(["EchoService/EchoJoined"], { input: '{"text":"d"}\n\n{"text":"e"}\n' });
    t.equal(joined.out, '{"text":"d e"}\n');
    const each = await call(["EchoService/EchoEach", '{"text":"f"}', '{"text":"g"}', "--json"]);
    t.match(jsonLines(each), [
      { type: "start", instance: /^echo-/ },
      { type: "message", message: { text: "f" } },
      { type: "message", message: { text: "g" } },
      { type: "end", code: "OK" },
    ]);
  },
);

t.test("samspel call says why it failed, and by its exit code who is to do something about it", async (t) => {
  const { call } = await worldOf(t);
  t.match(await call(["EchoService/EchoOnce", '{"text":"refuse"}']), {
    code: 1,
    out: "",
    err: /^FAILED_PRECONDITION: not today\n {2}code: SAMSPEL_REJECTED\n {2}why: test\n/,
  });
  t.match(await call(["EchoService/EchoOnce", '{"text":"fail"}']), {
    code: 4,
    err: /^INTERNAL: internal error\n/,
  });
  t.match(await call(["EchoService/EchoOnce", '{"text":"wait"}', "--deadline", "300ms"]), {
    code: 3,
    err: /^DEADLINE_EXCEEDED: /,
  });
  const failed = await call(["EchoService/EchoOnce", '{"text":"refuse"}', "--json"]);
  t.match(jsonLines(failed).at(-1), { code: "FAILED_PRECONDITION", details: [{ code: "SAMSPEL_REJECTED" }] });
});

t.test("samspel call sends nothing where it is not clear what, and says what there is", async (t) => {
  const { call, echo } = await worldOf(t);
  const failures = [
    [["Echo/Echo"], /^No service serves Echo .*: there are samspel\.test\.v1\.EchoService\n$/],
    [["EchoService/Ecko"], /did you mean Echo\?\n$/],
    [["EchoService/Echo", "{text}"], /must be JSON/],
    [["EchoService/Echo", "@/nowhere.json"], /^Cannot read \/nowhere\.json/],
    [
      ["EchoService/Echo", "--deadline", "5"],
      /^--deadline must be like 500ms, 30s or 5m: current value is "5"\n$/,
    ],
    [["EchoService/Echo", "-H", "tenant"], /^--header must be like/],
    [["EchoService/Echo", "--instance", "echo-2"], /^No instance echo-2 .*: there are echo-127-0-0-1-/],
    [["EchoService/EchoOnce", "--tell"], /^Cannot tell .*EchoOnce as it might be carried out twice/],
    [["Nobody"], /^No service serves Nobody: there are samspel\.test\.v1\.EchoService; a method is like/],
  ] as const;
  const ends = await Promise.all(failures.map(([args]) => call(args)));
  for (const [at, [, err]] of failures.entries()) t.match(ends[at], { code: 2, out: "", err });
  t.equal(echo.contexts.length, 0);
  t.match(await call(["A/B", "--registry", "http://127.0.0.1:1"]), {
    code: 2,
    err: /gives no answer/,
  });
});

t.test("samspel call waits for a service that has just ended, but not for one that never was", async (t) => {
  const { start, registryUrl } = await startTown(t);
  const first = await start({ entities: [defineParcel()] });
  await first.stop();
  const env = { CONSUL_HTTP_ADDR: registryUrl };
  const waits = Promise.withResolvers<string>();
  const calling = samspelHere(["call", "ParcelService/GetParcel", '{"parcelId":"a"}'], env, waits.resolve);
  t.equal(await waits.promise, "waiting up to 5 s for an instance of samspel.test.v1.ParcelService\n");
  await start({ entities: [defineParcel()] });
  t.match(await calling, { code: 0, out: /^\{/ });
  t.match(await samspelHere(["call", "ParcelServise/GetParcel"], env), {
    code: 2,
    err: /^No service serves ParcelServise .*: did you mean samspel\.test\.v1\.ParcelService\?\n$/,
  });
});

t.test("samspel call lists what can be called, and shows a request to begin with", async (t) => {
  const { call } = await worldOf(t);
  t.match(await call([]), {
    code: 0,
    out: /^samspel\.test\.v1\.EchoService\/EchoMany +samspel\.test\.v1\.EchoManyRequest +stream samspel/m,
  });
  t.match(jsonLines(await call(["EchoService", "--json"])), [
    { method: "samspel.test.v1.EchoService/Echo", services: ["echo"], options: ["NO_SIDE_EFFECTS"] },
  ]);
  t.same(JSON.parse((await call(["EchoService/EchoMany", "--template"])).out), { text: "", count: 0 });
});

t.test("samspel call --tell waits for the reply, or says the receipt", async (t) => {
  const { start, prefix, registryUrl } = await startTown(t);
  await start({ entities: [defineParcel()] });
  const env = { CONSUL_HTTP_ADDR: registryUrl, NATS_URL: natsUrl(), SAMSPEL_TOPIC_PREFIX: prefix };
  const tell = (...args: readonly string[]): Promise<Ended> =>
    samspelHere(["call", "ParcelService/Pack", '{"parcelId":"a"}', "--tell", ...args], env);
  const first = await tell("--command-id", "once", "--deadline", "1m");
  t.match(first, { code: 0, out: '{"items":1}\n', err: /^told, receipt \S+, / });
  t.match(await tell("--command-id", "once", "--deadline", "1m"), { out: '{"items":1}\n' });
  t.match(await tell("--no-wait"), { code: 0, out: "", err: /^told, receipt \S+, / });
});
