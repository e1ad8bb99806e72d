import { execFile, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import t, { type Test } from "tap";
import { superviseProcesses, type SupervisedProcess, type Supervisor } from "./index.ts";

function supervise(t: Test): Supervisor {
  const supervisor = superviseProcesses();
  t.teardown(() => supervisor.kill());
  return supervisor;
}

const bash = (name: string, script: string): { name: string; command: string; args: string[] } => ({
  name,
  command: "bash",
  args: ["-c", script],
});

const line = (child: SupervisedProcess, text: string): Promise<void> =>
  new Promise((resolve) => {
    if (child.lastLines.some((line) => line.text === text)) resolve();
    child.onLine((line) => line.text === text && resolve());
  });

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`never became true: ${String(condition)}`);
    await delay(20);
  }
}

/** Living processes whose command line holds the text. */
async function alive(text: string): Promise<number> {
  const { stdout } = await promisify(execFile)("ps", ["-eo", "stat=,args="]);
  return stdout.split("\n").filter((row) => row.includes(text) && !row.startsWith("Z")).length;
}

t.test("stop() ends a process and what it started when it is asked", async (t) => {
  const supervisor = supervise(t);
  const marker = `9${process.pid}.1`;
  const child = await supervisor.start(
    bash("a", `sleep ${marker} & trap 'echo bye; exit 3' TERM; echo up; wait`),
  );
  await line(child, "up");
  t.strictSame(await child.stop(), { type: "exited", code: 3 });
  t.match(child.state, { type: "ended", asked: true });
  t.strictSame(
    child.lastLines.map(({ text }) => text),
    ["up", "bye"],
  );
  t.equal(await alive(`sleep ${marker}`), 0);
});

t.test("stop() asks once when it is called twice (a second signal ends many programs at once)", async (t) => {
  const supervisor = supervise(t);
  const child = await supervisor.start(
    bash("a", `trap 'echo asked; sleep 0.3; exit 0' TERM; echo up; while :; do sleep 0.05; done`),
  );
  await line(child, "up");
  await Promise.all([child.stop(), child.stop(), supervisor.stop()]);
  // Bash may tell, on its standard error, that the signal ended its `sleep`.
  const said = child.lastLines.filter(({ stream }) => stream === "stdout");
  t.strictSame(
    said.map(({ text }) => text),
    ["up", "asked"],
  );
});

t.test("stop() kills after the grace when a process does not obey", async (t) => {
  const supervisor = supervise(t);
  const child = await supervisor.start({
    ...bash("stubborn", "trap '' TERM; echo up; while true; do sleep 0.05; done"),
    graceMs: 100,
  });
  await line(child, "up");
  t.strictSame(await child.stop(), { type: "killed", signal: "SIGKILL" });
});

t.test("ended says that nobody asked when a process crashes, and its group goes along", async (t) => {
  const supervisor = supervise(t);
  const marker = `9${process.pid}.2`;
  const child = await supervisor.start(bash("b", `sleep ${marker} & echo oops >&2; exit 7`));
  t.strictSame(await child.ended, { exit: { type: "exited", code: 7 }, asked: false });
  t.strictSame(child.lastLines, [{ stream: "stderr", text: "oops" }]);
  t.equal(await alive(`sleep ${marker}`), 0);
  t.equal(supervisor.processes.length, 0);
});

t.test("start() names command and reason when there is no such command", async (t) => {
  await t.rejects(supervise(t).start({ name: "cart", command: "no-such-command" }), {
    message: "Cannot start cart with `no-such-command`: no such command, or no such folder",
  });
});

t.test("stop() stops services before infra", async (t) => {
  const supervisor = supervise(t);
  const order: string[] = [];
  for (const tier of ["infra", "service"] as const) {
    const child = await supervisor.start({
      ...bash(tier, `trap 'sleep 0.1; exit' TERM; echo up; while true; do sleep 0.02; done`),
      tier,
    });
    void child.ended.then(() => order.push(tier));
    await line(child, "up");
  }
  await supervisor.stop();
  t.strictSame(order, ["service", "infra"]);
  await t.rejects(supervisor.start(bash("late", "true")), { message: /everything is being stopped/ });
});

t.test("SIGKILL of the runner leaves no process, and services go before infra", async (t) => {
  const folder = t.testdir({});
  const scratch = mkdtempSync(join(tmpdir(), "samspel-guard-"));
  const marker = `9${process.pid}.3`;
  const trap = (tier: string): string =>
    `trap 'sleep 0.1; echo ${tier} >> ${folder}/order; exit' TERM; sleep ${marker} & echo up; wait`;
  const script = `
    import { superviseProcesses } from ${JSON.stringify(import.meta.resolve("./index.ts"))};
    const supervisor = superviseProcesses();
    supervisor.removeAtEnd(${JSON.stringify(scratch)});
    for (const [tier, script] of ${JSON.stringify([
      ["infra", trap("infra")],
      ["service", trap("service")],
    ])}) {
      const child = await supervisor.start({ name: tier, tier, command: "bash", args: ["-c", script] });
      if (child.lastLines.length === 0) await new Promise((resolve) => child.onLine(resolve));
    }
    process.kill(process.pid, "SIGKILL");`;
  const runner = spawn(process.execPath, ["--input-type=module", "--eval", script], { stdio: "ignore" });
  await new Promise((resolve) => runner.once("exit", resolve));
  await until(() => !existsSync(scratch));
  t.equal(readFileSync(join(folder, "order"), "utf8"), "service\ninfra\n");
  t.equal(await alive(`sleep ${marker}`), 0);
});
