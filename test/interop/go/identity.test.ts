// Identity in Go on both sides, with the certificates and the intentions of a real Consul.
import { Code, ConnectError } from "@connectrpc/connect";
import { superviseProcesses } from "samspel/process";
import t from "tap";
import { openStage } from "../../../interop/suite/direction.ts";
import { prepareGround, type Ground } from "../../../interop/suite/ground.ts";
import { build, loadLanguage } from "../../../interop/suite/language.ts";
import { identityScenarios } from "../../../interop/suite/mtls.ts";
import { databaseUrl, natsUrl } from "../../support/environment.ts";
import { until } from "../../support/until.ts";
import { missingGo } from "./go-toolchain.ts";

const missing = await missingGo();
if (missing !== undefined) {
  t.pass("skipped", { skip: missing });
  process.exit(t.passing() ? 0 : 1);
}
// A build with nothing in any cache takes a minute.
const go = loadLanguage("go");
await build(go, AbortSignal.timeout(600_000));
const supervisor = superviseProcesses();
const ground = await prepareGround(
  { databaseUrl: databaseUrl(), natsUrl: natsUrl() },
  supervisor,
  new AbortController().signal,
);
t.teardown(async () => {
  await supervisor.stop();
  await ground[Symbol.asyncDispose]();
});
const stage = await openStage({ ground, serve: go, drive: go, identity: true });

async function intend(
  { registryUrl }: Ground,
  source: string,
  destination: string,
  action: string,
): Promise<void> {
  const pair = new URLSearchParams({ source, destination });
  const answer = await fetch(`${registryUrl}/v1/connect/intentions/exact?${pair.toString()}`, {
    method: "PUT",
    body: JSON.stringify({ Action: action }),
  });
  t.equal(answer.status, 200, `${action} of ${source} → ${destination} is taken`);
}

t.test("an instance with an identity is Connect native, and its health is asked in plaintext", async (t) => {
  const id = `scenario-go-127-0-0-1-${stage.server.port}`;
  const said = await fetch(`${ground.registryUrl}/v1/health/service/${stage.server.service}`);
  t.match(await said.json(), [
    { Service: { Meta: { secure: "true", health_port: /^\d+$/ }, Connect: { Native: true } } },
  ]);
  const check = await until(
    "Consul has asked its health",
    async () => {
      const answer = await fetch(`${ground.registryUrl}/v1/agent/checks`);
      // The shape is Consul's.
      const checks = (await answer.json()) as Readonly<
        Record<string, { readonly Status: string; readonly Output: string }>
      >;
      const own = checks[`service:${id}`];
      return own?.Output === "" ? undefined : own;
    },
    30_000,
  );
  t.match(check, { Status: "passing", Output: /success/ });
});

t.test("a stream of a caller that an intention denies ends, and its calls are refused", async (t) => {
  const { scenario } = stage.server;
  await scenario.echo({ text: "allowed" });
  let runs = false;
  const stream = (async () => {
    for await (const _ of scenario.count({ to: 0, pauseMs: 20 }, { timeoutMs: 60_000 })) runs = true;
  })().catch((error: unknown) => ConnectError.from(error));
  await until("the stream runs", () => runs);
  await intend(ground, "suite", stage.server.service, "deny");
  const deniedAt = performance.now();
  const ended = await stream;
  t.ok(performance.now() - deniedAt < 5_000, "at once");
  t.match(ended, { code: Code.PermissionDenied, rawMessage: "suite may not call scenario-go" });
  const refused = await scenario.echo({ text: "denied" }).catch((error: unknown) => ConnectError.from(error));
  t.match(refused, { code: Code.PermissionDenied });
  await intend(ground, "suite", stage.server.service, "allow");
  await until("it may call again", () =>
    scenario.echo({ text: "allowed" }).then(
      () => true,
      () => false,
    ),
  );
});

t.test("another root, and an instance replaced, in the middle of calls: none fails", async (t) => {
  const calls = stage.drive("drain", { seconds: "8" });
  const config = { PrivateKeyType: "ec", PrivateKeyBits: 384, LeafCertTTL: "72h" };
  const rotated = await fetch(`${ground.registryUrl}/v1/connect/ca/configuration`, {
    method: "PUT",
    body: JSON.stringify({ Provider: "consul", Config: config }),
  });
  t.equal(rotated.status, 200, await rotated.text());
  const roots = await fetch(`${ground.registryUrl}/v1/connect/ca/roots`);
  // The shape is Consul's.
  const { Roots } = (await roots.json()) as { readonly Roots: readonly object[] };
  t.equal(Roots.length, 2);
  const next = await stage.startServer("b");
  t.same(await stage.server.stop(), { type: "exited", code: 0 });
  stage.server = next;
  await calls;
});

t.test("who is allowed is named; who has no certificate, or is denied, is refused", async () => {
  await identityScenarios.get("mtls")?.(stage);
});

t.test("a registry that comes back with another CA is followed, and no call fails", async () => {
  await intend(ground, stage.driver.service, stage.server.service, "allow");
  await until("it may call", () =>
    stage.drive("unary").then(
      () => true,
      () => false,
    ),
  );
  // Longer than the former CA is accepted: by then all connections are of the new one.
  const calls = stage.drive("re-registration", { seconds: "45" });
  await ground.killRegistry();
  await ground.restartRegistry();
  await calls;
});
