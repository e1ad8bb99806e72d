// An instance of its own process, for tests that kill one: `node echo-process.ts <name> <registry url>`. It says its
// port by IPC once it is registered, and stops as A2 says on SIGTERM.
import { createRegistry } from "@samspel/registry";
import { createLogger } from "../../../ts-runtime/src/telemetry/index.ts";
import { bind, startRpcServer } from "../../../ts-runtime/src/service/index.ts";
import { EchoService } from "../../gen/samspel/test/v1/echo_pb.ts";

const [name = "echo", url = ""] = process.argv.slice(2);
const registry = createRegistry({ url });
const server = await startRpcServer({
  logger: createLogger({ service: name, level: "silent" }),
  bindings: [
    bind(EchoService, {
      async echo({ text }) {
        if (text === "hang") {
          process.send?.({ hanging: true });
          await new Promise(() => {});
        }
        return { text: name };
      },
      echoOnce: ({ text }) => ({ text }),
      async *echoMany({ text, count }) {
        for (let i = 0; i < count; i += 1) yield { text };
      },
      async echoJoined() {
        return {};
      },
      async *echoEach(requests) {
        for await (const { text } of requests) yield { text };
      },
    }),
  ],
});
const handle = await registry.register({
  name,
  address: "127.0.0.1",
  port: server.port,
  protoServices: server.protoServices,
});

process.once("SIGTERM", () => {
  void (async () => {
    await handle.deregister();
    await server.drain(5_000);
    await registry.close();
    process.disconnect();
  })();
});
// The parent is gone: nobody would stop this process.
process.once("disconnect", () => process.exit());
process.send?.({ port: server.port });
