// What a person who saves a file sees.
import { createClients } from "@samspel/runtime";
import { createRegistry } from "@samspel/registry";
import { freePort } from "samspel/process";
import t from "tap";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { descendants } from "./descendants.ts";
import { runWatched, watchedProject, watchedServices } from "./watched-project.ts";

const { echo, script } = watchedServices;

t.test("startDev() restarts exactly the services that are made of a file that changed", async (t) => {
  const project = await watchedProject(t, { echo, script });
  const run = await runWatched(t, project.dir);
  const pids = () => Object.fromEntries(run.dev.services.map(({ name, pid }) => [name, pid]));
  const [first, urls] = [pids(), run.dev.services.map(({ url }) => url)];
  t.equal(await run.ask("echo"), "one!");
  t.equal(await run.ask("script"), "script!");

  await project.edit("echo/answer.ts", "one", "two");
  await run.untilAnswer("echo", "two!");
  t.equal(pids()["script"], first["script"], "the other one goes on");
  t.not(pids()["echo"], first["echo"]);

  await project.edit("shared/shout.ts", "!", "?");
  await run.untilAnswer("echo", "two?");
  await run.untilAnswer("script", "script?");

  const before = run.count("changed");
  await project.write("echo/answer.ts", await project.read("echo/answer.ts"));
  await project.write("echo/notes.md", "not of the program");
  await project.edit("script/main.ts", `shout("script")`, `shout("end")`);
  await run.untilAnswer("script", "end?");
  t.equal(run.count("changed"), before + 1, "what is as it was, or of no service, is no change");
  t.strictSame(
    run.dev.services.map(({ url }) => url),
    urls,
    "they are where they were",
  );
});

t.test("startDev() keeps what serves while its successor does not start, and says why", async (t) => {
  const project = await watchedProject(t, { echo });
  const run = await runWatched(t, project.dir);
  const [service] = run.dev.services;
  const pid = service?.pid;

  await project.edit("echo/answer.ts", "=> shout", "=> => shout");
  const syntax = await run.untilProblem("start");
  t.match(syntax, { service: "echo", summary: /echo\/answer\.ts:3: SyntaxError.*: Expression expected/ });
  t.match(syntax.detail, 'shout("one")');
  t.equal(await run.ask("echo"), "one!");
  t.match(run.dev.system.services(), [{ name: "echo", status: "ready", pid }]);

  await project.edit("echo/answer.ts", "=> => shout", "=> shout");
  await run.untilNoProblem();
  t.equal(await run.ask("echo"), "one!");

  await project.edit(
    "echo/main.ts",
    "await startService",
    `throw new TypeError("no luck");\nawait startService`,
  );
  t.match(await run.untilProblem("start"), { summary: /echo\/main\.ts:6(:\d+)?: TypeError: no luck/ });
  t.equal(await run.ask("echo"), "one!");
  await project.edit("echo/main.ts", `throw new TypeError("no luck");\n`, "");
  await run.untilNoProblem();
  t.ok(run.events.some((event) => event.type === "mended" && event.problem.kind === "start"));
});

t.test("startDev() waits for the mending of a service that does not start at first", async (t) => {
  const project = await watchedProject(t, { echo, script });
  await project.edit("echo/answer.ts", "../shared/shout.ts", "../shared/shuot.ts");
  const run = await runWatched(t, project.dir);
  t.match(run.dev.system.problems(), [
    { service: "echo", kind: "start", summary: /Cannot find module .*shuot\.ts/ },
  ]);
  t.match(run.dev.system.services(), [
    { name: "echo", status: "crashed" },
    { name: "script", status: "ready" },
  ]);
  await t.rejects(run.ask("echo"), "it refuses, and does not hang");
  // The file that is named and not there is watched as well.
  await project.write("shared/shuot.ts", "export const shout = (text: string): string => `${text}.`;");
  await run.untilAnswer("echo", "one.");
  t.strictSame(run.dev.system.problems(), []);
});

t.test("startDev() ends twenty saves in a row in one clean state", async (t) => {
  const project = await watchedProject(t, { echo });
  const run = await runWatched(t, project.dir);
  const text = await project.read("echo/answer.ts");
  // A save every 50 ms outruns each start; some of them are broken.
  for (let save = 1; save <= 20; save++) {
    await project.write(
      "echo/answer.ts",
      save % 5 === 3 ? "export const answer = (" : text.replace("one", `n${save}`),
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await run.untilAnswer("echo", "n20!");
  await run.untilNoProblem();
  await run.until("the end of all others", async () => {
    const alive = await Promise.all(run.dev.services.map(({ pid }) => descendants(pid ?? 0)));
    const nodes = (await descendants(process.pid)).filter((pid) => !alive.flat().includes(pid));
    // The service and the guard; not the `ps` that tells.
    return nodes.length <= 3;
  });
  t.ok(run.count("reloaded") < 20);
});

t.test("startDev() fails no call while a service restarts five times", async (t) => {
  const project = await watchedProject(t, { echo });
  const run = await runWatched(t, project.dir);
  const registry = createRegistry({ url: run.dev.infra.registryUrl });
  const clients = createClients({ registry });
  t.teardown(async () => {
    await clients.close();
    await registry.close();
  });
  const client = clients.client(EchoService);
  const answers = { mesh: new Set<string>(), port: new Set<string>() };
  let calls = 0;
  const over = new AbortController();
  const call = async (kind: keyof typeof answers, once: () => Promise<string>): Promise<void> => {
    while (!over.signal.aborted || calls < 500) {
      answers[kind].add(await once());
      calls++;
    }
  };
  const calling = Promise.all([
    call("mesh", async () => (await client.echo({})).text),
    call("mesh", async () => (await client.echoOnce({})).text),
    call("port", () => run.ask("echo")),
  ]);
  const text = await project.read("echo/answer.ts");
  for (let restart = 1; restart <= 5; restart++) {
    await project.write("echo/answer.ts", text.replace("one", `n${restart}`));
    await run.until(`answer ${restart}`, () =>
      Object.values(answers).every((seen) => seen.has(`n${restart}!`)),
    );
  }
  over.abort();
  await t.resolves(calling, "a call that failed would reject");
  t.ok(calls >= 500, `${calls} calls`);
  t.equal(run.count("reloaded", "echo"), 5);
});

t.test(
  "startDev() fails no call while a service with a port of its own restarts, though none is there",
  async (t) => {
    const port = await freePort();
    const project = await watchedProject(t, { echo: { ...echo, port } });
    const run = await runWatched(t, project.dir);
    const registry = createRegistry({ url: run.dev.infra.registryUrl });
    const clients = createClients({ registry });
    t.teardown(async () => {
      await clients.close();
      await registry.close();
    });
    const client = clients.client(EchoService);
    const over = new AbortController();
    const answers = new Set<string>();
    const call = async (): Promise<void> => {
      while (!over.signal.aborted) answers.add((await client.echo({}, { timeoutMs: 60_000 })).text);
    };
    const calling = Promise.all([call(), call(), call()]);
    for (const [from, to] of [
      ["one", "two"],
      ["two", "three"],
    ] as const) {
      await project.edit("echo/answer.ts", from, to);
      await Promise.race([calling, run.until(`answer ${to}`, () => answers.has(`${to}!`))]);
    }
    over.abort();
    await t.resolves(calling);
    t.equal(run.dev.services[0]?.instance?.port, port);
  },
);

t.test("startDev() tells of a crash until the service is back", async (t) => {
  const project = await watchedProject(t, { script });
  const run = await runWatched(t, project.dir);
  const url = run.dev.services[0]?.url;
  await fetch(`${url}/crash`).catch(() => {});
  t.match(await run.untilProblem("crash"), { service: "script", summary: "script exited with code 3" });
  // A connection that comes while it starts again waits for it.
  t.equal(await run.ask("script"), "script!");
  await run.untilNoProblem();
  t.match(run.dev.system.services(), [{ status: "ready", crashes: 1 }]);
});
