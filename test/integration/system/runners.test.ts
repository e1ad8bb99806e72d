// Systems in node:test, which tests of this repository do not use: in place of a runner's own ways there is `await using`.
import { join } from "node:path";
import { superviseProcesses } from "samspel/process";
import t from "tap";
import { databaseUrl, natsUrl } from "../../support/environment.ts";

t.test("a system works in node:test, and withSystem() shows the logs of a test that fails", async (t) => {
  const supervisor = superviseProcesses();
  t.teardown(() => supervisor.stop());
  const run = await supervisor.start({
    name: "node --test",
    command: process.execPath,
    args: [
      "--conditions=samspel-source",
      "--test-reporter=tap",
      "--test",
      join(import.meta.dirname, "fixtures/in-node-test.ts"),
    ],
    env: { PATH: process.env["PATH"], TEST_DATABASE_URL: databaseUrl(), TEST_NATS_URL: natsUrl() },
  });
  const lines: string[] = [];
  run.onLine(({ text }) => lines.push(text));
  t.same((await run.ended).exit, { type: "exited", code: 1 });
  const output = lines.join("\n");
  t.match(output, /^ok 1 - a test that passes/m);
  t.match(output, /^not ok 2 - a test that fails/m);
  t.match(output, /inventory │ .*service is ready/);
});
