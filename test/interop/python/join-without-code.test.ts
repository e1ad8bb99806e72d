// A Python program that has grpcio and nothing of ours, joined by `samspel join`, is called by a Samspel client.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createClients } from "@samspel/runtime";
import t from "tap";
import { descriptorSetOf, readDescriptorSet } from "../../../ts-runtime/src/descriptor/index.ts";
import { registered } from "../../e2e/join/joined.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";
import { inventoryPython } from "./inventory-process.ts";

const program = join(import.meta.dirname, "plain_server.py");

t.test("samspel join joins a plain grpcio server, with reflection and health or without", async (t) => {
  const python = await inventoryPython(t);
  const set = join(t.testdir({}), "echo.binpb");
  await writeFile(set, descriptorSetOf([EchoService]));
  const on = await registered(t);
  await using clients = createClients({ registry: on.registry });
  for (const [name, flags, own] of [
    ["asked", [], []],
    ["bare", ["--proto", set], ["--bare"]],
  ] as const) {
    const command = on.samspel(
      "join",
      "--name",
      name,
      "--port",
      "0",
      "--lang",
      "python",
      ...flags,
      "--",
      python,
      program,
      set,
      ...own,
    );
    const [instance] = await on.instances(name);
    t.match(instance, {
      protoServices: [EchoService.typeName],
      health: "passing",
      meta: { lang: "python" },
    });
    const check = instance?.checks.find(({ id }) => id.startsWith("service:"));
    t.ok(check, "it has a check of its own");
    const published = await on.registry.descriptors.read(instance?.meta["descriptor_sha256"] ?? "");
    t.ok(readDescriptorSet(published ?? new Uint8Array()).getService(EchoService.typeName));
    const client = clients.client(EchoService, { instances: { meta: { lang: "python" } } });
    t.equal((await client.echo({ text: `to ${name}` })).text, `to ${name}`);
    t.equal(
      command.err.some((line) => line.includes("no grpc.health.v1")),
      name === "bare",
    );
    command.signal("SIGTERM");
    t.equal(await command.code, 0, command.err.join("\n"));
    t.same(await on.registry.states(name), []);
  }
});
