// A service that somebody else starts is kept in the registry while it answers.
import { bind, startRpcServer } from "../../../ts-runtime/src/service/index.ts";
import t from "tap";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { silentLogger } from "../../support/silent-logger.ts";
import { runWatched, watchedProject, watchedServices } from "./watched-project.ts";

const { script } = watchedServices;

t.test("startDev() registers an unmanaged service when it answers, and says that it does not", async (t) => {
  const serve = (port: number) =>
    startRpcServer({
      port,
      logger: silentLogger,
      bindings: [
        bind(EchoService, {
          echo: () => ({}),
          echoOnce: () => ({}),
          async *echoMany() {},
          echoJoined: async () => ({}),
          async *echoEach() {},
        }),
      ],
    });
  const first = await serve(0);
  const { port } = first;
  await first.close();
  const project = await watchedProject(t, {
    script,
    debugged: { unmanaged: { address: "127.0.0.1", port } },
  });
  const run = await runWatched(t, project.dir);
  t.match(await run.untilProblem("start"), { service: "debugged", summary: /Nothing accepts connections/ });
  t.match(run.dev.system.services(), [
    { name: "debugged", managed: false, port },
    { name: "script", managed: true },
  ]);
  await t.rejects(run.dev.system.control("debugged", "restart"), {
    message: "debugged is started by others: it cannot be controlled from here",
  });

  const again = await serve(port);
  t.teardown(() => again.close());
  await run.untilNoProblem();
  const known = await fetch(new URL("/v1/catalog/service/debugged", run.dev.infra.registryUrl));
  t.match(await known.json(), [{ ServicePort: port, ServiceTags: ["grpc", EchoService.typeName] }]);
});

t.test("DevSystem.control() stops and starts a service, and configuration() hides secrets", async (t) => {
  const env = { STRIPE_API_KEY: "sk_live_1", GREETING: "hi" };
  const project = await watchedProject(t, { script: { ...script, env } });
  const run = await runWatched(t, project.dir);
  const { system } = run.dev;
  const heard: string[] = [];
  const stopHearing = system.onOutput((service, { text }) => heard.push(`${service}: ${text}`));
  t.same(heard, ["script: script: starts"], "what it wrote before anybody listened is told");
  stopHearing();
  let changes = 0;
  const stopListening = system.onChange(() => changes++);
  await system.control("script", "stop");
  t.match(system.services(), [{ status: "down", pid: undefined }]);
  await t.rejects(run.ask("script"));
  await system.control("script", "start");
  t.match(system.services(), [{ status: "ready", pid: Number }]);
  t.equal(await run.ask("script"), "script!");
  await run.until("news", () => changes > 1);
  stopListening();
  await t.rejects(system.control("scrpt", "stop"), {
    message: "No service is named scrpt: there are script",
  });

  const settings = new Map(system.configuration("script").map((setting) => [setting.name, setting]));
  t.match(settings.get("STRIPE_API_KEY"), { value: "***", origin: "samspel.json" });
  t.match(settings.get("GREETING"), { value: "hi", origin: "samspel.json" });
  t.match(settings.get("SAMSPEL_HOST"), { value: "127.0.0.1", origin: "samspel dev" });
  t.notMatch(settings.get("DATABASE_URL")?.value, /:[^/@]+@/, "no password");
  t.notOk(settings.has("HOME"));
});
