// Calls from process to process, found in a registry.
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { Code, ConnectError } from "@connectrpc/connect";
import { createRegistry } from "@samspel/registry";
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import t, { type Test } from "tap";
import { createClients } from "../../../ts-runtime/src/client/index.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";

async function startProcess(t: Test, name: string, registryUrl: string): Promise<ChildProcess> {
  const child = fork(new URL("echo-process.ts", import.meta.url), [name, registryUrl], {
    execArgv: ["--conditions=samspel-source"],
  });
  t.teardown(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  await once(child, "message", { signal: AbortSignal.timeout(20_000) });
  return child;
}

t.test(
  "clients find instances in the registry, and outlive those that stop and those that are killed",
  async (t) => {
    const embedded = await startEmbeddedRegistry();
    t.teardown(() => embedded.close());
    const [one, two] = await Promise.all([
      startProcess(t, "one", embedded.url),
      startProcess(t, "two", embedded.url),
    ]);
    const registry = createRegistry({ url: embedded.url });
    t.teardown(() => registry.close());
    const clients = createClients({ registry });
    t.teardown(() => clients.close());
    const client = clients.client(EchoService);

    const names = new Set<string>();
    for (const deadline = Date.now() + 10_000; names.size < 2 && Date.now() < deadline;) {
      names.add((await client.echo({ text: "who" })).text);
    }
    t.same(names, new Set(["one", "two"]), "calls go to both");

    one.kill("SIGTERM");
    const stopped = once(one, "exit");
    const load = async (): Promise<void> => {
      while (one.exitCode === null && one.signalCode === null) await client.echoOnce({ text: "hej" });
    };
    await Promise.all([load(), load(), load()]);
    t.same(await stopped, [0, null], "a stop loses no call, of whatever method");
    t.equal((await client.echo({ text: "who" })).text, "two");

    const hanging = once(two, "message");
    const cut = client.echo({ text: "hang" }).catch((error: unknown) => ConnectError.from(error).code);
    await hanging;
    const three = await startProcess(t, "three", embedded.url);
    const answered = once(three, "message");
    two.kill("SIGKILL");
    await answered;
    t.pass("a safe call that was cut is sent again, to another instance");
    three.kill("SIGKILL");
    t.equal(await cut, Code.Unavailable, "and when all are dead, it is Unavailable");
  },
);
