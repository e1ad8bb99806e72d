import t from "tap";
import type { Project } from "../config/index.ts";
import { freePort } from "../process/index.ts";
import { DevError } from "./dev-error.ts";
import { assignPorts } from "./service-ports.ts";

const beside = { enabled: false, port: undefined };

const projectOf = (services: Project["services"]): Project => ({
  name: "project",
  dir: "/project",
  file: "/project/samspel.json",
  extended: [],
  services,
  unmanaged: [],
  protos: [],
  gateway: beside,
  dashboard: beside,
  tryCommands: [],
});

t.test("assignPorts() names service, port and fix when the port may not be used at all", async (t) => {
  const command = ["node"] as const;
  const greeter = {
    name: "greeter",
    command,
    cwd: "/project",
    env: {},
    port: 80,
  } as const;
  const project = projectOf([greeter]);
  // An address that no machine has: as an ordinary user gets with a port below 1024, it is not "in use".
  const error: unknown = await assignPorts(project, "stable", "192.0.2.1").catch((error: unknown) => error);
  t.ok(error instanceof DevError);
  t.match(String(error), /Cannot start greeter on port 80: .*EADDRNOTAVAIL/);
  t.match(String(error), `Change services.greeter.port in ${project.file}`);
});

t.test(
  "assignPorts() leaves those that have ports where they are, but for one that samspel.json names",
  async (t) => {
    const named = (name: string, port?: number): Project["services"][number] => ({
      name,
      command: ["node"],
      cwd: "/project",
      env: {},
      ...(port === undefined ? {} : { port }),
    });
    const host = "127.0.0.1";
    const first = await assignPorts(projectOf([named("a"), named("b")]), "free", host);
    const own = new Map([...first, ["away", await freePort(host)]]);
    const chosen = await freePort(host);
    const next = await assignPorts(
      projectOf([named("new"), named("away"), named("b", chosen), named("a")]),
      "free",
      host,
      own,
    );
    t.equal(next.get("a"), first.get("a"));
    t.equal(next.get("b"), chosen);
    t.equal(next.get("away"), own.get("away"));
    t.equal(new Set(next.values()).size, 4);
  },
);
