// A registry alone: for those who share the other parts of infra and need one of their own.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Supervisor } from "../process/index.ts";
import { prepareConsul } from "./consul.ts";
import { loopback } from "./choose-port.ts";
import { resolveInfraOptions } from "./options.ts";
import { silentReporter } from "./reporter.ts";

/** A registry that runs. */
export interface StartedRegistry {
  readonly url: string;
  /** Ends it as a crash would, and starts it again on the same port: what was registered is forgotten. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

export interface StartRegistryOptions {
  /** `embedded` runs in this process, `consul` is a real agent in development mode. */
  readonly kind: "embedded" | "consul";
  readonly supervisor: Supervisor;
}

/**
 * Starts a registry on a port of its own.
 * @throws InfraError when there is no Consul to be had, or it does not start.
 */
export function startRegistry({ kind, supervisor }: StartRegistryOptions): Promise<StartedRegistry> {
  return kind === "embedded" ? startEmbedded() : startConsul(supervisor);
}

async function startEmbedded(): Promise<StartedRegistry> {
  const { startEmbeddedRegistry } = await import("@samspel/registry/embedded");
  let registry = await startEmbeddedRegistry({ host: loopback });
  const { url, port } = registry;
  return {
    url,
    async restart() {
      await registry.close();
      registry = await startEmbeddedRegistry({ host: loopback, port });
    },
    stop: () => registry.close(),
  };
}

async function startConsul(supervisor: Supervisor): Promise<StartedRegistry> {
  const { signal } = new AbortController();
  // An agent in development mode stores nothing; its ports follow from the folder's name.
  const dataDir = await mkdtemp(join(tmpdir(), "samspel-registry-"));
  supervisor.removeAtEnd(dataDir);
  const options = resolveInfraOptions({ dataDir, supervisor });
  const prepared = await prepareConsul({
    options,
    supervisor,
    step: silentReporter.step("registry"),
    signal,
  });
  let launched = await prepared.launch(signal);
  return {
    url: prepared.url,
    async restart() {
      await launched.kill();
      launched = await prepared.launch(signal);
    },
    stop: () => launched.stop(),
  };
}
