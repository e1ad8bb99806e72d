// What cannot start says so once, clearly, and leaves nothing.
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import t from "tap";
import { remaining } from "./descendants.ts";
import { runSamspel, testProject } from "./dev-run.ts";

t.test("samspel --help and --version exit with 0", async (t) => {
  const [help, devHelp, version] = [["--help"], ["dev", "--help"], ["--version"]].map((args) =>
    runSamspel(t, args),
  );
  t.equal(await help?.ended, 0);
  t.match(help?.text, /dev \[options\]/);
  t.equal(await devHelp?.ended, 0);
  for (const option of ["--project", "--fresh", "--registry", "--json", "--no-color"])
    t.match(devHelp?.text, option);
  t.equal(await version?.ended, 0);
  t.match(version?.text, /^\d+\.\d+\.\d+$/m);
});

t.test("samspel exits with 2 and the nearest option when the command line is wrong", async (t) => {
  const unknown = runSamspel(t, ["dev", "--frsh"]);
  const registry = runSamspel(t, ["dev", "--registry", "etcd"]);
  t.equal(await unknown.ended, 2);
  t.match(unknown.text, /unknown option '--frsh'\n\(Did you mean --fresh\?\)/);
  t.equal(await registry.ended, 2);
  t.match(registry.text, /Allowed choices are embedded, consul/);
});

t.test("samspel dev exits with 1 and names the key when samspel.json has a typo", async (t) => {
  const dir = await testProject(t, { greeter: {} });
  await writeFile(join(dir, "samspel.json"), '{"name": "x", "services": {"greeter": {"comand": ["node"]}}}');
  const run = runSamspel(t, ["dev", "--project", dir]);
  t.equal(await run.ended, 1);
  t.match(
    run.text,
    `${dir}/samspel.json: unknown key services.greeter.comand; did you mean "command"? ` +
      "Allowed here: command, build, cwd, port, env, python, watch, protos, handover, unmanaged",
  );
  t.notMatch(run.text, /Postgres/);
});

t.test("samspel dev names port, service, holder and fix when a port is taken", async (t) => {
  const holder = createServer().listen(0, "127.0.0.1");
  t.teardown(() => holder.close());
  await once(holder, "listening");
  const address = holder.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const dir = await testProject(t, { greeter: { port } });
  const run = runSamspel(t, ["dev", "--project", dir]);
  t.equal(await run.ended, 1);
  t.match(run.text, `Cannot start greeter on port ${port}: `);
  t.match(run.text, `(pid ${process.pid}) listens there`);
  t.match(run.text, `change services.greeter.port in ${dir}/samspel.json`);
});

t.test(
  "samspel dev shows exit code and last lines, and stops all, when a service crashes at start",
  async (t) => {
    const dir = await testProject(t, { greeter: {}, broken: { env: { FIXTURE: "crash-at-start" } } });
    const run = runSamspel(t, ["dev", "--no-watch", "--project", dir]);
    t.equal(await run.ended, 1);
    t.match(run.text, "broken did not start: it exited with code 7. Its last lines:");
    t.match(run.text, "│ TypeError: the fixture is broken");
    t.not(run.seen.size, 0);
    t.strictSame(await remaining(run.seen, 5000), []);
  },
);

t.test("samspel dev shows what a build that fails wrote, and starts no service", async (t) => {
  const build = ["node", "-e", "console.error('undefined: Crat'); process.exit(3)"];
  const dir = await testProject(t, { greeter: {}, shipping: { build } });
  const run = runSamspel(t, ["dev", "--no-watch", "--project", dir]);
  t.equal(await run.ended, 1);
  t.match(run.text, /Cannot build shipping: `node .*` exited with code 3/);
  t.match(run.text, "undefined: Crat");
  t.notMatch(run.text, /greeter is ready/);
  t.strictSame(await remaining(run.seen, 5000), []);
});

t.test("samspel dev names the command that there is not", async (t) => {
  const dir = await testProject(t, { greeter: { command: ["no-such-command"] } });
  const run = runSamspel(t, ["dev", "--no-watch", "--project", dir]);
  t.equal(await run.ended, 1);
  t.match(
    run.text,
    `Cannot start greeter with \`no-such-command\` in ${dir}: no such command, or no such folder`,
  );
  t.notMatch(run.text, /^ {4}at /m);
});

t.test("samspel dev says what is in its way when it cannot write into the project", async (t) => {
  const dir = await testProject(t, { greeter: {} });
  await writeFile(join(dir, ".samspel"), "");
  const run = runSamspel(t, ["dev", "--project", dir]);
  t.equal(await run.ended, 1);
  t.match(
    run.text,
    `Cannot start on ${dir}/.samspel/data: ${dir}/.samspel/data cannot be written, as a file lies where a folder must be`,
  );
  t.notMatch(run.text, /^ {4}at /m);
});
