// .proto files: generated anew, linted, compared with the last commit; and who uses them restarts.
import { execFileSync } from "node:child_process";
import t from "tap";
import { runWatched, watchedProject, watchedServices } from "./watched-project.ts";

const { echo, script } = watchedServices;

// What is generated is an answer that the service imports: the comment of the file's first message.
const generate = `
import { readFileSync, writeFileSync } from "node:fs";
const [, text] = /\\/\\/ (.*)\\nmessage/.exec(readFileSync("proto/a/v1/a.proto", "utf8")) ?? [];
if (text === undefined) {
  console.error("proto/a/v1/a.proto:5:1:message lacks a comment");
  process.exit(1);
}
writeFileSync("echo/answer.ts", 'export const answer = () => "' + text + '";');
`;
const proto = `syntax = "proto3";

package a.v1;

// One.
message A {
  // An id.
  string id = 1;
}
`;

t.test("startDev() generates code anew, and shows what lint and the comparison find", async (t) => {
  const project = await watchedProject(
    t,
    { echo, script },
    { protos: { folders: ["proto"], generate: ["node", "generate.mjs"] } },
  );
  await project.write("proto/a/v1/a.proto", proto);
  await project.write(
    "buf.yaml",
    "version: v2\nmodules:\n  - path: proto\nlint:\n  use: [STANDARD, COMMENTS]\n",
  );
  await project.write("generate.mjs", generate);
  const git = (...args: string[]) => execFileSync("git", ["-C", project.dir, ...args]);
  git("init", "-q");
  git("add", "proto", "buf.yaml");
  git("-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "protos");
  const run = await runWatched(t, project.dir);
  const pid = run.dev.services.find(({ name }) => name === "script")?.pid;

  await project.edit("proto/a/v1/a.proto", "// One.", "// Two.");
  await run.untilAnswer("echo", "Two.");
  t.strictSame(run.dev.system.problems(), []);

  await project.edit("proto/a/v1/a.proto", "// Two.\n", "");
  t.match(await run.untilProblem("generate"), {
    service: undefined,
    summary: /Cannot generate code: .*: proto\/a\/v1\/a\.proto:5:1: message lacks a comment/,
  });
  t.equal(await run.ask("echo"), "Two.");

  await project.edit(
    "proto/a/v1/a.proto",
    "message A {\n  // An id.\n  string id = 1;",
    "// Three.\nmessage A {",
  );
  await run.untilAnswer("echo", "Three.");
  t.match(await run.untilProblem("breaking"), {
    summary: /1 change breaks callers: proto\/a\/v1\/a\.proto:6:1: .*deleted/,
  });

  await project.edit("proto/a/v1/a.proto", "{", "{\n  // An id.\n  string id = 1;\n  bool Wrong = 2;");
  t.match(await run.untilProblem("lint"), { summary: /lint: \d findings?: proto\/a\/v1\/a\.proto:9:/ });
  await run.until("the end of the breaking change", () =>
    run.dev.system.problems().every(({ kind }) => kind === "lint"),
  );
  await project.edit("proto/a/v1/a.proto", "bool Wrong", "// Right.\n  bool right");
  await run.untilNoProblem();
  t.equal(run.dev.services.find(({ name }) => name === "script")?.pid, pid, "who does not use them goes on");
});
