// The reference pages are complete: what the code takes is on the page.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { callFields, instancesFields } from "@samspel/runtime/policy";
import t from "tap";
import { root } from "./pages.ts";

const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** First cells of the tables of a page, without code marks. */
function tableNames(path: string): readonly string[] {
  const cells = [...read(path).matchAll(/^\| (`\w+`(?:, `\w+`)*)/gm)].map(([, cell = ""]) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/\w+/g)].map(([name]) => name));
}

/** The members of an interface, by name. */
function members(file: string, name: string): readonly string[] {
  const [, body = ""] =
    new RegExp(`export interface ${name}\\b[^{]* \\{(.*?)\\n\\}`, "s").exec(read(file)) ?? [];
  return [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??[:(<]/gm)].map(([, member = ""]) => member);
}

for (const [file, name, heading] of [
  ["ts-runtime/src/host/options.ts", "ServiceOptions", "Options"],
  ["ts-runtime/src/host/service-context.ts", "ServiceContext", "ServiceContext"],
] as const) {
  t.test(`start-service.md has each member of ${name}, and no other`, async (t) => {
    const page = read("docs/reference/start-service.md");
    const [, section = ""] = new RegExp(`## ${heading}\n(.*?)\n## `, "s").exec(page) ?? [];
    const listed = [...section.matchAll(/^\| `(\w+)/gm)].map(([, member = ""]) => member);
    t.ok(listed.length > 4);
    t.same(listed.sort(), [...members(file, name)].sort());
  });
}

for (const [file, name, heading] of [
  ["ts-runtime/src/testing/test-entity.ts", "TestEntityOptions", "testEntity"],
  ["ts-runtime/src/testing/check-entity.ts", "CheckEntityOptions", "checkEntity"],
  ["ts-runtime/src/testing/test-entity.ts", "EntityStory", "testEntity"],
  ["ts-runtime/src/testing/outcome.ts", "Accepted", "Outcome"],
  ["ts-runtime/src/testing/outcome.ts", "Rejected", "Outcome"],
  ["ts-runtime/src/testing/entity-defect.ts", "Defect", "EntityDefect"],
  ["ts-runtime/src/testing/test-service.ts", "TestService", "TestService"],
  ["devkit/src/testing/system.ts", "SystemOptions", "startSystem"],
  ["devkit/src/testing/system.ts", "System", "System"],
  ["devkit/src/testing/system.ts", "SystemService", "SystemService"],
  ["devkit/src/testing/faults/fault.ts", "Faults", "Edges and faults"],
  ["devkit/src/testing/faults/fault.ts", "Fault", "Edges and faults"],
  ["devkit/src/testing/faults/fault.ts", "Edge", "Edges and faults"],
] as const) {
  t.test(`testing.md has each member of ${name}`, async (t) => {
    const page = read("docs/reference/testing.md");
    const [, section = ""] = new RegExp(`## ${heading}\n(.*?)(\n## |$)`, "s").exec(page) ?? [];
    const listed = new Set([...section.matchAll(/`(\w+)/g)].map(([, member = ""]) => member));
    const all = members(file, name);
    t.ok(all.length > 1);
    t.same(
      all.filter((member) => !listed.has(member)),
      [],
    );
  });
}

t.test("environment.md has each variable that a service reads, and no other", async (t) => {
  const settings = ["ts-runtime/src/host/options.ts", "ts-runtime/src/auth/options.ts"];
  const files = [...settings, "registry/src/options.ts"].map(read);
  const variables = files.flatMap((text) =>
    [...text.matchAll(/environment\["(\w+)"\]/g)].map(([, name = ""]) => name),
  );
  const ofTls = [...read("registry/src/tls.ts").matchAll(/"(CONSUL_\w+)"/g)].map(([, name = ""]) => name);
  t.ok(variables.includes("DATABASE_URL"));
  t.same(
    [...tableNames("docs/reference/environment.md")].sort(),
    [...new Set([...variables, ...ofTls])].sort(),
  );
});

t.test("policy.md has each field of a policy, and no other", async (t) => {
  const [, ofCalls = "", ofInstances = ""] =
    /## Of calls\n(.*?)\n## Of a proto service's instances\n(.*?)\n## /s.exec(
      read("docs/reference/policy.md"),
    ) ?? [];
  const fieldsIn = (text: string) => [...text.matchAll(/^\| `([\w.]+)`/gm)].map(([, path]) => path);
  t.same(fieldsIn(ofCalls), [...callFields.keys()]);
  t.same(fieldsIn(ofInstances), [...instancesFields.keys()]);
});

t.test("gateway.md has each option of the gateway", async (t) => {
  const page = read("docs/reference/gateway.md");
  const [, section = ""] = /## Options\n(.*?)\n## /s.exec(page) ?? [];
  const listed = new Set([...section.matchAll(/[\w.]+/g)].map(([name]) => name));
  const missing = ["GatewayOptions", "CorsOptions", "JwtOptions", "RateLimit"].flatMap((name) =>
    members("devkit/src/gateway/options.ts", name).filter(
      (member) => ![...listed].some((one) => one === member || one.endsWith(`.${member}`)),
    ),
  );
  t.same(
    missing.filter((member) => !["cors", "jwt", "tls"].includes(member)),
    [],
  );
});
