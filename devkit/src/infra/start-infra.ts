// Starts the parts beside each other; all of them answer, or nothing of them runs (A1).
import { checkGivenPart, normalizeUrl } from "./given-part.ts";
import { prepareConsul } from "./consul.ts";
import { openDataDir } from "./data-dir.ts";
import { prepareEmbeddedRegistry } from "./embedded-registry.ts";
import { diskReason } from "../disk/index.ts";
import type { Infra, InfraOptions, InfraPart, InfraPartName, PartEnded } from "./infra.ts";
import { InfraError, reasonOf } from "./infra-error.ts";
import type { FileLock } from "./file-lock.ts";
import { prepareNats } from "./nats.ts";
import { resolveInfraOptions, type ResolvedInfraOptions } from "./options.ts";
import { partTitles, type PartContext, type PreparedPart } from "./part.ts";
import { preparePostgres } from "./postgres.ts";
import { redactUrl } from "@samspel/registry/redact-url";
import { createStartedPart, type StartedPart } from "./started-part.ts";

const names = ["postgres", "nats", "registry"] as const;

/** A part as it runs for us: ours, or given. */
type Running =
  | { readonly origin: "given"; readonly url: string; readonly variable: string }
  | { readonly origin: "started"; readonly url: string; readonly part: StartedPart };

/**
 * Starts Postgres, NATS and the registry, each unless it is given.
 * @throws InfraError when one cannot be started or reached; what was started is stopped by then.
 */
export async function startInfra(options: InfraOptions): Promise<Infra> {
  const resolved = resolveInfraOptions(options);
  const lock = await lockDataDir(resolved);
  const failed = new AbortController();
  const signal = AbortSignal.any([
    failed.signal,
    ...(resolved.signal === undefined ? [] : [resolved.signal]),
  ]);
  const listeners = new Set<(ended: PartEnded) => void>();
  const parts = new Map<InfraPartName, Running>();

  const stop = async (): Promise<void> => {
    const ours = [...parts.values()].filter((running) => running.origin === "started");
    await Promise.all(ours.map(({ part }) => part.stop()));
    lock?.release();
    if (resolved.ownsSupervisor) await resolved.supervisor.stop();
  };

  const starts = await Promise.allSettled(
    names.map(async (name) => {
      try {
        const running = await startPart(name, resolved, signal, (ended) => {
          for (const listener of listeners) listener(ended);
        });
        parts.set(name, running);
      } catch (error) {
        failed.abort(error);
        throw error;
      }
    }),
  );
  if (starts.some(({ status }) => status === "rejected")) {
    await stop();
    throw signal.reason;
  }

  const urlOf = (name: InfraPartName): string => get(name).url;
  const get = (name: InfraPartName): Running => {
    const running = parts.get(name);
    if (running === undefined)
      throw new InfraError(`Cannot use ${partTitles[name]}: it is not part of this infra`);
    return running;
  };
  const started = (name: InfraPartName, action: string): StartedPart => {
    const running = get(name);
    if (running.origin === "started") return running.part;
    throw new InfraError(
      `Cannot ${action} ${partTitles[name]} as it is given by ${running.variable}: it is not ours`,
    );
  };

  let stopping: Promise<void> | undefined;
  return {
    databaseUrl: urlOf("postgres"),
    natsUrl: urlOf("nats"),
    registryUrl: urlOf("registry"),
    describe: () => names.map((name) => describePart(name, get(name))),
    onEnded(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    kill: (name) => started(name, "kill").kill(),
    restart: (name) => started(name, "restart").restart(),
    stop: () => (stopping ??= stop()),
    [Symbol.asyncDispose]: () => (stopping ??= stop()),
  };
}

/** Given parts store nothing with us. */
async function lockDataDir(options: ResolvedInfraOptions): Promise<FileLock | undefined> {
  if (names.every((name) => options.given[name] !== undefined)) return undefined;
  try {
    return await openDataDir(options);
  } catch (error) {
    if (options.ownsSupervisor) await options.supervisor.stop();
    throw error;
  }
}

const preparations: Readonly<
  Record<"postgres" | "nats" | "embedded" | "consul", (context: PartContext) => Promise<PreparedPart>>
> = {
  postgres: preparePostgres,
  nats: prepareNats,
  embedded: prepareEmbeddedRegistry,
  consul: prepareConsul,
};

async function startPart(
  name: InfraPartName,
  options: ResolvedInfraOptions,
  signal: AbortSignal,
  onEnded: (ended: PartEnded) => void,
): Promise<Running> {
  const step = options.reporter.step(partTitles[name]);
  try {
    const given = options.given[name];
    if (given !== undefined) {
      step.progress(`checking ${redactUrl(normalizeUrl(name, given.url))}`);
      const url = await checkGivenPart(name, given, { signal });
      step.done(`${redactUrl(url)}, given by ${given.variable}`);
      return { origin: "given", url, variable: given.variable };
    }
    const prepare = preparations[name === "registry" ? options.registry : name];
    const prepared = await prepare({ options, supervisor: options.supervisor, step, signal });
    step.progress("starting");
    const part = await createStartedPart(prepared, signal, (exit, lastLines) =>
      onEnded({ name, exit, lastLines }),
    );
    step.done(`${redactUrl(prepared.url)}, ${prepared.description}`);
    return { origin: "started", url: prepared.url, part };
  } catch (cause) {
    const reason = diskReason(cause, options.cacheDir);
    const error =
      reason === undefined
        ? cause
        : new InfraError(`Cannot start ${partTitles[name]}: ${reason}`, { part: name, cause });
    step.fail(signal.aborted ? "stopped" : (reasonOf(error).split("\n", 1)[0] ?? ""));
    throw error;
  }
}

function describePart(name: InfraPartName, running: Running): InfraPart {
  const { origin, url } = running;
  const base = { name, origin, url, redactedUrl: redactUrl(url) };
  if (running.origin === "given") return { ...base, description: `given by ${running.variable}` };
  const { pid, prepared } = running.part;
  return {
    ...base,
    description: prepared.description,
    ...(pid === undefined ? {} : { pid }),
    ...(prepared.command === undefined ? {} : { command: prepared.command }),
    ...(prepared.dataDir === undefined ? {} : { dataDir: prepared.dataDir }),
  };
}
