// The run as programs use it: demos and fault tests.
import { once } from "node:events";
import { connect } from "node:net";
import { startDev, type DevEvent } from "samspel";
import t from "tap";
import { descendants, remaining } from "./descendants.ts";
import { testProject } from "./dev-run.ts";

async function isOpen(port: number): Promise<boolean> {
  const socket = connect({ port, host: "127.0.0.1" });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

t.test("startDev() gives a run whose parts can be killed and started again", async (t) => {
  const events: DevEvent[] = [];
  const dev = await startDev({
    project: await testProject(t, { greeter: {}, helper: {} }),
    ports: "free",
    reporter: {
      step: () => ({ progress() {}, done() {}, fail() {} }),
      event: (event) => events.push(event),
    },
  });
  t.teardown(() => dev.stop());
  const [greeter, helper] = dev.services;
  if (greeter === undefined || helper === undefined) throw new Error("A service is missing");
  const before = greeter.pid;
  t.equal(greeter.state, "ready");
  t.strictSame(greeter.instance?.protoServices, ["greeter.v1.FixtureService"]);

  await dev.kill("greeter");
  t.equal(greeter.state, "down");
  t.equal(greeter.pid, undefined);
  t.notOk(await isOpen(greeter.port));
  t.ok(await isOpen(helper.port));
  await dev.restart("greeter");
  t.equal(greeter.state, "ready");
  t.not(greeter.pid, before);
  t.ok(await isOpen(greeter.port));

  const natsPort = Number(new URL(dev.infra.natsUrl).port);
  await dev.infra.kill("nats");
  t.notOk(await isOpen(natsPort));
  await dev.infra.restart("nats");
  t.ok(await isOpen(natsPort));

  t.notOk(
    events.some(({ type }) => type === "crashed"),
    "what was asked for is no crash",
  );
  await t.rejects(dev.restart("greter"), {
    message: "No service is named greter: there are greeter, helper",
  });
  const seen = await descendants(process.pid);
  await dev.stop();
  t.strictSame(await remaining(seen, 0), []);
  t.equal(greeter.state, "down");
});

t.test("startDev() says what the registry lacks when a service does not get ready", async (t) => {
  const starting = startDev({
    project: await testProject(t, { greeter: { env: { FIXTURE: "never-registers" } } }),
    ports: "free",
    readyTimeoutMs: 1000,
  });
  await t.rejects(starting, {
    name: "DevError",
    message: /waiting for it to register as greeter on port \d+/,
  });
  t.strictSame(await remaining(await descendants(process.pid), 0), []);
});
