// How a service ends: of a process of its own, which gets SIGTERM.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import t, { type Test } from "tap";
import { consulUrl } from "../../../support/environment.ts";
import { verified, type Verified } from "../../../support/joining/verified.ts";

t.jobs = 3;

const main = join(import.meta.dirname, "fixtures/foreign-main.ts");

async function ending(t: Test, how: string): Promise<Verified> {
  const child = spawn(process.execPath, ["--conditions=samspel-source", main, consulUrl(), how], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.teardown(() => child.kill("SIGKILL"));
  const [line]: unknown[] = await once(child.stdout, "data");
  return verified({
    name: String(line).trim(),
    registryUrl: consulUrl(),
    only: ["DRAIN"],
    disruptive: true,
    pid: child.pid,
    graceMs: 2_000,
  });
}

t.test("verifyService() passes a service that leaves and ends", { buffered: true }, async (t) => {
  const { broken, skipped } = await ending(t, "good");
  t.same([broken, skipped], [{}, {}]);
});

t.test(
  "verifyService() finds a service that does not hear SIGTERM by DRAIN-1",
  { buffered: true },
  async (t) => {
    const { broken } = await ending(t, "deaf");
    t.same(Object.keys(broken), ["DRAIN-1"]);
    t.match(broken["DRAIN-1"], /is still registered 5 s after SIGTERM$/);
  },
);

t.test(
  "verifyService() finds a service that leaves and does not end by DRAIN-2",
  { buffered: true },
  async (t) => {
    const { broken } = await ending(t, "lingering");
    t.same(Object.keys(broken), ["DRAIN-2"]);
    t.match(broken["DRAIN-2"], /still runs 2 s after it left the registry$/);
  },
);
