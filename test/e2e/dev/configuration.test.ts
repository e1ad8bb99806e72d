// What a person who edits samspel.json sees while `samspel dev` runs.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import t from "tap";
import { runWatched, watchedProject, watchedServices, type WatchedProject } from "./watched-project.ts";

const { echo, script } = watchedServices;
const name = "w-configuration";

type Services = Readonly<Record<string, unknown>>;

const save = (project: WatchedProject, services: Services, more: Services = {}): Promise<void> =>
  project.write("samspel.json", JSON.stringify({ name, services, ...more }));

t.test(
  "startDev() takes up services that are added, changed and removed, and leaves the others",
  async (t) => {
    const project = await watchedProject(t, {});
    await save(project, { echo });
    const run = await runWatched(t, project.dir);
    const stateOf = (name: string) => run.dev.services.find((service) => service.name === name);
    const changes = () => run.events.filter((event) => event.type === "project-changed");
    const { pid, url } = stateOf("echo") ?? {};

    await save(project, { echo, script });
    await run.untilAnswer("script", "script!");
    t.match(changes(), [{ added: ["script"], changed: [], removed: [], pending: [] }]);
    t.same(
      run.dev.system.services().map(({ name }) => name),
      ["echo", "script"],
    );
    const place = stateOf("script")?.url;

    // Its files are watched from then on.
    await project.edit("script/main.ts", `shout("script")`, `shout("edited")`);
    await run.untilAnswer("script", "edited!");

    // Another program in its place: the port stays.
    await project.write("script/other.ts", (await project.read("script/main.ts")).replace("edited", "other"));
    await save(project, { echo, script: { ...script, command: ["node", "other.ts"] } });
    await run.untilAnswer("script", "other!");
    t.match(changes().at(-1), { added: [], changed: ["script"], removed: [] });
    t.equal(stateOf("script")?.url, place);

    await save(project, { echo });
    await run.until("the end of script", () =>
      fetch(place ?? "").then(
        () => false,
        () => true,
      ),
    );
    t.match(changes().at(-1), { added: [], changed: [], removed: ["script"] });
    t.same(
      run.dev.system.services().map(({ name }) => name),
      ["echo"],
    );

    await save(project, { echo, script });
    await run.untilAnswer("script", "edited!");
    t.equal(stateOf("script")?.url, place, "who comes back is where it was");

    await save(project, { echo, script }, { gateway: { enabled: false } });
    await run.until("word of it", () => changes().at(-1)?.pending.join() === "gateway");
    t.match(stateOf("echo"), { pid, url, state: "ready" }, "what the file says as before goes on");
    t.equal(run.count("reloaded", "echo"), 0);
  },
);

t.test("startDev() shows a samspel.json that cannot be used as a problem, until it is mended", async (t) => {
  const project = await watchedProject(t, {});
  await save(project, { script });
  const run = await runWatched(t, project.dir);
  const [service] = run.dev.services;
  const pid = service?.pid;

  await project.write("samspel.json", `{"name":`);
  t.match(await run.untilProblem("configuration"), {
    service: undefined,
    summary: /^samspel\.json: is not JSON: /,
  });
  t.equal(await run.ask("script"), "script!");

  const wrong = { ...script, comand: ["node"] };
  await save(project, { script: wrong });
  await run.until("the next one", () =>
    run.dev.system.problems().some(({ summary }) => /services\.script.*comand/.test(summary)),
  );

  // What mends it is no change of the file.
  await save(project, { script, later: { ...script, cwd: "later/script" } });
  await run.until("the folder's", () =>
    run.dev.system.problems().some(({ summary }) => /services\.later\.cwd: there is no folder/.test(summary)),
  );
  await mkdir(join(project.dir, "later/script"), { recursive: true });
  await project.write(
    "later/script/main.ts",
    (await project.read("script/main.ts")).replace("../shared", "../../shared").replaceAll(`script`, "later"),
  );
  await run.untilAnswer("later", "later!");
  await run.untilNoProblem();
  t.equal(run.events.filter((event) => event.type === "mended").length > 0, true);
  t.equal(run.dev.services[0]?.pid, pid);
  t.equal(run.count("reloaded", "script"), 0);
});
