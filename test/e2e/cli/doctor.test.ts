// `samspel doctor`: what is missing, and how to get it.
import t from "tap";
import { databaseUrl, natsUrl } from "../../support/environment.ts";
import { checkNode } from "../../../devkit/src/doctor/tools.ts";
import { jsonLines, samspelHere, type Ended } from "./run-cli.ts";

const project = t.testdir({
  "samspel.json": JSON.stringify({
    name: "shop",
    services: {
      mail: { command: ["java", "Mail"], build: ["cobol-compiler"] },
      stock: { command: ["node", "x"] },
    },
  }),
});

function doctor(env: Readonly<Record<string, string>>): Promise<Ended> {
  return samspelHere(["doctor", "--project", project, "--json"], env);
}

t.test("samspel doctor finds what a project needs, and what is given", async (t) => {
  const ended = await doctor({ DATABASE_URL: databaseUrl(), NATS_URL: natsUrl() });
  const findings = jsonLines(ended);
  t.match(findings, [
    { what: "Node", state: "ok" },
    { what: "buf", state: "ok" },
    { what: "project", found: "shop, with 2 services" },
    { what: "Java for mail" },
    { what: "Postgres of DATABASE_URL", state: "ok" },
    { what: "NATS of NATS_URL", state: "ok" },
    { what: "registry", found: "embedded" },
    { what: "ports", state: "ok", found: /^mail 2\d{4}, stock 2\d{4}$/ },
  ]);
  t.notMatch(ended.out, new URL(databaseUrl()).password, "no password is shown");
});

t.test("samspel doctor names what is wrong, with the fix, and fails", async (t) => {
  const ended = await doctor({
    DATABASE_URL: "postgres://user:secret@127.0.0.1:1/x",
    NATS_URL: "nats://127.0.0.1:1",
  });
  t.equal(ended.code, 1);
  t.match(
    jsonLines(ended).filter((finding) => JSON.stringify(finding).includes('"problem"')),
    [
      { what: "Postgres of DATABASE_URL", fix: "start it, correct DATABASE_URL, or unset it" },
      { what: "NATS of NATS_URL", found: /Cannot reach NATS at nats:\/\/127\.0\.0\.1:1/ },
    ],
  );
  t.notMatch(ended.out, "secret");
  const broken = t.testdir({ "samspel.json": '{ "name": "shop", "servces": {} }' });
  const config = await samspelHere(["doctor", "--project", broken, "--json"], {});
  t.match(config, { code: 1, out: /unknown key servces; did you mean \\"services\\"/ });
});

t.test("checkNode() refuses a Node that cannot run Samspel", async (t) => {
  t.match(checkNode("24.11.1"), { state: "problem", fix: "install it from https://nodejs.org" });
  t.match(checkNode("24.12.0"), { state: "ok" });
  t.match(checkNode("25.0.0"), { state: "ok" });
});
