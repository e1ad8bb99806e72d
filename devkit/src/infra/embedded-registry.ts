// The embedded registry: it speaks Consul's API inside our process (R6).
import { choosePort, loopback } from "./choose-port.ts";
import type { PartContext, PreparedPart } from "./part.ts";

/** Chooses the port. */
export async function prepareEmbeddedRegistry(context: PartContext): Promise<PreparedPart> {
  const port = await choosePort("registry", context);
  return {
    url: `http://${loopback}:${port}`,
    description: "embedded registry, speaks Consul's API",
    async launch() {
      const { startEmbeddedRegistry } = await import("@samspel/registry/embedded");
      const registry = await startEmbeddedRegistry({ host: loopback, port });
      return {
        ended: new Promise(() => {}),
        lastLines: [],
        stop: () => registry.close(),
        kill: () => registry.close(),
      };
    },
  };
}
