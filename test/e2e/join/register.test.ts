// `samspel register` and `samspel deregister`: entries for what runs elsewhere.
import assert from "node:assert/strict";
import t from "tap";
import { freePort } from "../../../devkit/src/process/index.ts";
import { startEcho } from "../../integration/calls/echo-server.ts";
import { uniqueName } from "../../integration/registry/consul-api.ts";
import { consulUrl } from "../../support/environment.ts";
import { eventually } from "../../support/eventually.ts";
import { echoProto, registered } from "./joined.ts";

t.jobs = 3;
const echo = "samspel.test.v1.EchoService";

for (const [kind, url] of [
  ["the embedded registry", undefined],
  ["Consul", consulUrl()],
] as const) {
  t.test(`samspel register leaves an entry in ${kind}, samspel deregister takes it out`, async (t) => {
    const on = await registered(t, url);
    const name = uniqueName("legacy");
    const { server } = await startEcho(t);
    const at = ["--address", "127.0.0.1", "--port", String(server.port)];
    const command = on.samspel("register", "--name", name, ...at, "--tag", "old");
    t.equal(await command.code, 0, command.err.join("\n"));
    const [instance] = await on.instances(name);
    t.same(command.out, [instance?.id]);
    t.match(instance, { protoServices: [echo], tags: ["grpc", echo, "old"], health: "passing" });
    t.ok(instance?.meta["descriptor_sha256"]);
    const removal = on.samspel("deregister", "--name", name);
    t.equal(await removal.code, 0, removal.err.join("\n"));
    t.same(await on.registry.states(name), []);
  });
}

t.test("what does not answer now is registered where nothing must be asked of it", async (t) => {
  const on = await registered(t);
  const port = String(await freePort());
  const at = ["--address", "127.0.0.1", "--port", port];
  const asked = on.samspel("register", "--name", "legacy", ...at);
  t.equal(await asked.code, 1);
  t.match(
    asked.err.join("\n"),
    /so it cannot be asked what it serves: start it, or say it with --proto or --service/,
  );
  const said = on.samspel("register", "--name", "legacy", ...at, "--proto", echoProto, "--secure");
  t.equal(await said.code, 0, said.err.join("\n"));
  t.match(said.err.join("\n"), /nothing accepts connections/);
  const [instance] = await on.instances("legacy");
  t.match(instance, { protoServices: [echo], meta: { secure: "true" } });
  await eventually("its check fails, and it stays", async () => {
    const [state] = await on.registry.states("legacy");
    assert.equal(state?.health, "critical");
  });
});

t.test("samspel register --keep-alive stays, and takes the entry out at its end", async (t) => {
  const on = await registered(t);
  const { server } = await startEcho(t);
  const command = on.samspel(
    "register",
    "--name",
    "legacy",
    "--address",
    "127.0.0.1",
    "--port",
    String(server.port),
    "--check",
    "ttl",
    "--keep-alive",
  );
  const [instance] = await on.instances("legacy");
  await on.registry.remove(instance?.id ?? "");
  await command.said(/had forgotten/);
  await on.instances("legacy");
  command.signal("SIGTERM");
  t.equal(await command.code, 0);
  t.same(await on.registry.states("legacy"), []);
});

t.test("samspel deregister refuses what is not there, what is several, and what comes back", async (t) => {
  const on = await registered(t);
  const ids = await Promise.all(
    [1, 2].map((port) =>
      on.registry.place({
        name: "legacy",
        address: "10.0.0.7",
        port,
        protoServices: [echo],
        check: { type: "none" },
      }),
    ),
  );
  const nobody = on.samspel("deregister", "--name", "nobody");
  t.equal(await nobody.code, 1);
  t.match(nobody.err.join("\n"), /nobody is not in the registry at .*: there is legacy/);
  const several = on.samspel("deregister", "--name", "legacy");
  t.equal(await several.code, 1);
  t.match(
    several.err.join("\n"),
    /legacy has 2 instances: name one of legacy-10-0-0-7-1, legacy-10-0-0-7-2, or give --all/,
  );
  const neither = on.samspel("deregister");
  t.equal(await neither.code, 2);
  const one = on.samspel("deregister", ids[0] ?? "");
  t.equal(await one.code, 0, one.err.join("\n"));
  t.same(
    (await on.registry.states("legacy")).map(({ id }) => id),
    [ids[1]],
  );
  const all = on.samspel("deregister", "--name", "legacy", "--all");
  t.equal(await all.code, 0, all.err.join("\n"));
  t.same(await on.registry.states("legacy"), []);
});
