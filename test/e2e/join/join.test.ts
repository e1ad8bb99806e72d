// `samspel join` with a program that knows nothing of us, as a person or a container runs it.
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { once } from "node:events";
import { createClients } from "@samspel/runtime";
import t, { type Test } from "tap";
import { echoMs } from "../../../devkit/src/cli/end-signals.ts";
import { portAnswers } from "../../../devkit/src/join/probe.ts";
import { freePort } from "../../../devkit/src/process/index.ts";
import { readDescriptorSet } from "../../../ts-runtime/src/descriptor/index.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { consulUrl } from "../../support/environment.ts";
import { until } from "../../support/until.ts";
import { startEcho } from "../../integration/calls/echo-server.ts";
import { uniqueName } from "../../integration/registry/consul-api.ts";
import { echoProto, lives, plainServer, registered, selfOf, type Registered } from "./joined.ts";

t.jobs = 3;
const echo = "samspel.test.v1.EchoService";

/** A client of the instances with these tags: others may serve the same in a registry that is shared. */
function clientOf(t: Test, { registry }: Registered, ...tags: readonly string[]) {
  const clients = createClients({ registry });
  t.teardown(() => clients.close());
  return clients.client(EchoService, { instances: { tags } });
}

for (const [kind, url] of [
  ["the embedded registry", undefined],
  ["Consul", consulUrl()],
] as const) {
  t.test(`samspel join runs a plain program, registers it in ${kind}, and takes it out first`, async (t) => {
    const on = await registered(t, url);
    const name = uniqueName("plain");
    const port = await freePort();
    const command = on.samspel(
      "join",
      "--name",
      name,
      "--port",
      String(port),
      "--proto",
      echoProto,
      "--service",
      echo,
      "--meta",
      "team=stock",
      "--tag",
      name,
      "--version",
      "1.2.3",
      "--lang",
      "js",
      "--",
      ...plainServer,
      "--port",
      String(port),
      "--health",
      "--slow",
    );
    const [instance] = await on.instances(name);
    t.match(instance, {
      service: name,
      port,
      address: "127.0.0.1",
      health: "passing",
      tags: ["grpc", echo, name],
      meta: { team: "stock", version: "1.2.3", lang: "js", secure: "false", protocols: "grpc" },
    });
    const sha256 = instance?.meta["descriptor_sha256"] ?? "";
    const set = readDescriptorSet((await on.registry.descriptors.read(sha256)) ?? new Uint8Array());
    t.equal(set.getService(echo)?.methods.length, 5);
    const answer = clientOf(t, on, name).echo({ text: "hi" });
    const { pid } = await selfOf(command);
    // The call is on its way when the signal comes, and still is answered.
    await command.said(/"called"/);
    command.signal("SIGTERM");
    t.equal((await answer).text, "hi");
    t.equal(await command.code, 7, "the program's own code");
    t.same(await on.registry.states(name), []);
    t.notOk(lives(pid));
    const order = [...command.out, ...command.err];
    t.ok(order.some((line) => line.includes("is out of the registry")));
    t.equal(command.out.filter((line) => line.includes("SIGTERM")).length, 1, "it was asked once");
  });
}

t.test("samspel join --port 0 chooses a port and tells the program", async (t) => {
  const on = await registered(t);
  const command = on.samspel(
    "join",
    "--name",
    "plain",
    "--port",
    "0",
    "--proto",
    echoProto,
    "--",
    ...plainServer,
    "--port",
    "{port}",
  );
  const [instance] = await on.instances("plain");
  command.signal("SIGUSR2");
  await command.said(/"signal":"SIGUSR2"/);
  const self = await selfOf(command);
  t.equal(self.port, String(instance?.port));
  t.equal(self.samspelPort, self.port);
  command.signal("SIGINT");
  t.equal(await command.code, 7);
  t.equal(command.out.filter((line) => line.includes("SIGINT")).length, 1, "Ctrl-C arrives as itself");
});

t.test(
  "without health it falls back to its port, and says what is lost; --check grpc is refused",
  async (t) => {
    const on = await registered(t);
    const port = String(await freePort());
    const base = ["join", "--name", "plain", "--port", port, "--proto", echoProto];
    const command = on.samspel(...base, "--", ...plainServer, "--port", port);
    await on.instances("plain");
    t.match(
      await command.said(/no grpc\.health\.v1/),
      /only looks whether its port accepts connections \(--check tcp\)/,
    );
    command.signal("SIGTERM");
    await command.code;
    const refused = on.samspel(...base, "--check", "grpc", "--", ...plainServer, "--port", port);
    t.equal(await refused.code, 1);
    t.match(refused.err.join("\n"), /--check grpc cannot be had as 127\.0\.0\.1:\d+ lacks it/);
    t.notOk(lives((await selfOf(refused)).pid), "the program does not run on");
  },
);

t.test("a program that says NOT_SERVING is registered when it serves, and not before", async (t) => {
  const on = await registered(t);
  const port = String(await freePort());
  const beganAt = performance.now();
  on.samspel(
    "join",
    "--name",
    "plain",
    "--port",
    port,
    "--proto",
    echoProto,
    "--",
    ...plainServer,
    "--port",
    port,
    "--health-after",
    "1500",
  );
  await on.instances("plain");
  t.ok(performance.now() - beganAt > 1_500);
});

t.test("a program that dies at its start shows its own words and passes its code on", async (t) => {
  const on = await registered(t);
  const port = String(await freePort());
  const command = on.samspel("join", "--name", "plain", "--port", port, "--", ...plainServer, "--exit", "3");
  t.equal(await command.code, 3);
  t.ok(command.err.includes("no database"));
  t.match(command.err.join("\n"), /plain exited with code 3/);
  t.same(await on.registry.states("plain"), []);
});

t.test("a program that dies later leaves the registry at once, and passes on how it ended", async (t) => {
  const on = await registered(t);
  const port = String(await freePort());
  const command = on.samspel(
    "join",
    "--name",
    "plain",
    "--port",
    port,
    "--proto",
    echoProto,
    "--",
    ...plainServer,
    "--port",
    port,
  );
  await on.instances("plain");
  process.kill((await selfOf(command)).pid, "SIGKILL");
  t.equal(await command.code, 137);
  t.same(await on.registry.states("plain"), []);
});

t.test("a port that never opens, and a port that is taken, are told by name", async (t) => {
  const on = await registered(t);
  const port = String(await freePort());
  const deaf = on.samspel(
    "join",
    "--name",
    "plain",
    "--port",
    port,
    "--wait",
    "1",
    "--",
    ...plainServer,
    "--deaf",
  );
  t.equal(await deaf.code, 1);
  t.match(
    deaf.err.join("\n"),
    /Nothing accepts connections at 127\.0\.0\.1:\d+ after 1 s: --port and --host must be where plain listens/,
  );
  t.notOk(lives((await selfOf(deaf)).pid));

  const holder = createServer().listen(0, "127.0.0.1");
  await once(holder, "listening");
  t.teardown(() => holder.close());
  const address = holder.address();
  const taken = String(typeof address === "object" ? address?.port : 0);
  const second = on.samspel("join", "--name", "plain", "--port", taken, "--", ...plainServer);
  t.equal(await second.code, 1);
  t.match(
    second.err.join("\n"),
    new RegExp(`Cannot start plain as port ${taken} is taken by process ${process.pid} `),
  );
  t.same(second.out, [], "the program was not started");
});

t.test("a port that speaks something else is not registered, though its services are said", async (t) => {
  const on = await registered(t);
  const holder = createHttpServer((_, answer) => void answer.end("hello")).listen(0, "127.0.0.1");
  await once(holder, "listening");
  t.teardown(() => holder.close());
  const address = holder.address();
  const port = String(typeof address === "object" ? address?.port : 0);
  const command = on.samspel("join", "--name", "web", "--port", port, "--proto", echoProto);
  t.equal(await command.code, 1);
  t.match(command.err.join("\n"), /does not speak gRPC in plaintext: .* --secure where it wants TLS/);
});

t.test("a command that cannot be started, and a command line that is wrong, say so", async (t) => {
  const on = await registered(t);
  const none = on.samspel("join", "--name", "plain", "--port", "0", "--", "no-such-program");
  t.equal(await none.code, 1);
  t.match(none.err.join("\n"), /Cannot start plain with `no-such-program`: no such command/);
  for (const [args, said] of [
    [["--port", "1"], /--name <name> is missing/],
    [["--name", "plain", "--port", "0"], /--port 0 needs a command/],
    [["--name", "Bad_Name", "--port", "1", "--", "true"], /It must be a DNS label/],
    [["--name", "plain", "--port", "x"], /It must be a port/],
    [["--name", "plain", "--port", "1", "--host", "0.0.0.0"], /an address that callers can reach/],
    [["--name", "plain", "--port", "1", "--meta", "x"], /key=value/],
  ] as const) {
    const command = on.samspel("join", ...args);
    t.equal(await command.code, 2, args.join(" "));
    t.match(command.err.join("\n"), said);
  }
});

t.test("a program without reflection and without --proto is not guessed at", async (t) => {
  const on = await registered(t);
  const port = String(await freePort());
  const command = on.samspel("join", "--name", "plain", "--port", port, "--", ...plainServer, "--port", port);
  t.equal(await command.code, 1);
  t.match(command.err.join("\n"), /has no gRPC reflection \(.*\): add it, or give --proto .* or --service/);
  const said = on.samspel(
    "join",
    "--name",
    "plain",
    "--port",
    port,
    "--service",
    echo,
    "--",
    ...plainServer,
    "--port",
    port,
  );
  const [instance] = await on.instances("plain");
  t.same(instance?.protoServices, [echo]);
  t.match(await said.said(/nobody has descriptors/), /give --proto/);
});

t.test("a second signal kills a program that passes the first one by", { timeout: 60_000 }, async (t) => {
  const on = await registered(t);
  const port = String(await freePort());
  const command = on.samspel(
    "join",
    "--name",
    "plain",
    "--port",
    port,
    "--proto",
    echoProto,
    "--",
    ...plainServer,
    "--port",
    port,
    "--stubborn",
  );
  await on.instances("plain");
  const { pid } = await selfOf(command);
  command.signal("SIGTERM");
  await command.said(/"signal":"SIGTERM"/);
  t.same(await on.registry.states("plain"), [], "it is out already");
  // A signal that comes sooner would be the echo of the first.
  await sleep(echoMs + 100);
  command.signal("SIGTERM");
  t.equal(await command.code, 137);
  t.notOk(lives(pid));
});

t.test("nothing is left where samspel join itself is killed", { timeout: 60_000 }, async (t) => {
  const on = await registered(t);
  const port = String(await freePort());
  const command = on.samspel(
    "join",
    "--name",
    "plain",
    "--port",
    port,
    "--proto",
    echoProto,
    "--",
    ...plainServer,
    "--port",
    port,
  );
  await on.instances("plain");
  const { pid } = await selfOf(command);
  command.signal("SIGKILL");
  await until("the program has ended", () => !lives(pid), 20_000);
});

t.test(
  "samspel join without a command follows a program that runs: out while it is away, back with it",
  async (t) => {
    const on = await registered(t);
    const { server } = await startEcho(t);
    const { port } = server;
    const command = on.samspel("join", "--name", "echo", "--port", String(port));
    const [instance] = await on.instances("echo");
    t.match(instance, { protoServices: [echo], health: "passing" });
    t.ok(instance?.meta["descriptor_sha256"], "found by reflection");
    const client = clientOf(t, on);
    t.equal((await client.echo({ text: "a" })).text, "a");
    await server.close();
    await on.gone("echo");
    t.match(await command.said(/answers no more/), /out of the registry until it serves again/);
    await startEcho(t, { port });
    await on.instances("echo");
    t.equal((await client.echo({ text: "b" })).text, "b");
    command.signal("SIGTERM");
    t.equal(await command.code, 0);
    t.same(await on.registry.states("echo"), []);
    t.ok(await portAnswers("127.0.0.1", port), "it runs on");
  },
);

t.test(
  "a program that is ill for long is taken out, not put back as passing, and comes back when it serves",
  { timeout: 120_000 },
  async (t) => {
    const on = await registered(t);
    const port = String(await freePort());
    const command = on.samspel(
      "join",
      "--name",
      "plain",
      "--port",
      port,
      "--proto",
      echoProto,
      "--",
      ...plainServer,
      "--port",
      port,
      "--health",
    );
    await on.instances("plain");
    command.signal("SIGUSR2");
    await until(
      "it is critical, for all to see",
      async () => (await on.registry.states("plain"))[0]?.health === "critical",
      30_000,
    );
    await on.gone("plain");
    t.ok(await command.said(/does not say that it serves: out of the registry until it serves again/));
    command.signal("SIGUSR2");
    const [instance] = await on.instances("plain");
    t.equal(instance?.health, "passing");
  },
);

t.test("samspel join keeps a program in a registry that forgets", async (t) => {
  const on = await registered(t);
  const port = String(await freePort());
  const command = on.samspel(
    "join",
    "--name",
    "plain",
    "--port",
    port,
    "--proto",
    echoProto,
    "--",
    ...plainServer,
    "--port",
    port,
  );
  const [instance] = await on.instances("plain");
  await on.registry.remove(instance?.id ?? "");
  t.match(await command.said(/had forgotten/), /registered again/);
  await on.instances("plain");
});
