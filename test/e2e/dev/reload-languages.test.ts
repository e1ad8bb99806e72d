// What is not TypeScript is built where it must be, and restarted alike.
import { spawnSync } from "node:child_process";
import t from "tap";
import { runWatched, watchedProject, watchedServices } from "./watched-project.ts";

const { python, go } = watchedServices;

t.test(
  "startDev() restarts a Python service that does not take its own entry out of the registry",
  async (t) => {
    const project = await watchedProject(t, { python });
    const run = await runWatched(t, project.dir);
    t.equal(await run.ask("python"), "python one");
    await project.edit("python/answer.py", `"python one"`, `"python one`);
    t.match(await run.untilProblem("start"), {
      summary: /python\/answer\.py:1: SyntaxError: unterminated string/,
    });
    t.equal(await run.ask("python"), "python one");
    await project.edit("python/answer.py", `"python one`, `"python two"`);
    await run.untilAnswer("python", "python two");
    await run.untilNoProblem();
    const instances = async (): Promise<number> => {
      const answer = await fetch(new URL("/v1/health/service/python", run.dev.infra.registryUrl));
      return ((await answer.json()) as readonly unknown[]).length;
    };
    await run.until("the end of the old entry", async () => (await instances()) === 1);
  },
);

const hasGo = spawnSync("go", ["version"]).status === 0;

t.test(
  "startDev() builds a Go service, and keeps the old one where it does not compile",
  { skip: hasGo ? false : "there is no go on PATH" },
  async (t) => {
    const project = await watchedProject(t, { go });
    const run = await runWatched(t, project.dir);
    t.equal(await run.ask("go"), "go one");
    await project.edit("go/main.go", "answer)", "anwser)");
    const problem = await run.untilProblem("build");
    t.match(problem, { service: "go", summary: /Cannot build go: .*main\.go:\d+:\d+: undefined: anwser/ });
    t.equal(await run.ask("go"), "go one");
    await project.edit("go/main.go", "anwser)", "answer)");
    await project.edit("go/answer.go", "go one", "go two");
    await run.untilAnswer("go", "go two");
    await run.untilNoProblem();
    t.equal(run.dev.system.services()[0]?.status, "ready");
  },
);
