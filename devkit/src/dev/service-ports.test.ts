import t from "tap";
import { DevError } from "./dev-error.ts";
import { assignPorts } from "./service-ports.ts";

t.test("assignPorts() names service, port and fix when the port may not be used at all", async (t) => {
  const file = "/project/samspel.json";
  const command = ["node"] as const;
  const greeter = {
    name: "greeter",
    command,
    cwd: "/project",
    env: {},
    port: 80,
  } as const;
  const beside = { enabled: false, port: undefined };
  const project = {
    name: "project",
    dir: "/project",
    file,
    extended: [],
    services: [greeter],
    unmanaged: [],
    protos: [],
    gateway: beside,
    dashboard: beside,
    tryCommands: [],
  };
  // An address that no machine has: as an ordinary user gets with a port below 1024, it is not "in use".
  const error: unknown = await assignPorts(project, "stable", "192.0.2.1").catch((error: unknown) => error);
  t.ok(error instanceof DevError);
  t.match(String(error), /Cannot start greeter on port 80: .*EADDRNOTAVAIL/);
  t.match(String(error), `Change services.greeter.port in ${file}`);
});
