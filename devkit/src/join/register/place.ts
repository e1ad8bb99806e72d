// `samspel register` and `samspel deregister`: entries for what runs elsewhere and cannot register itself.
import type { InstanceState, Registry } from "@samspel/registry";
import { JoinError } from "../join-error.ts";
import type { JoinedOptions } from "../joined-options.ts";
import { portAnswers } from "../probe.ts";
import { findRegistration } from "../registration.ts";
import type { JoinReporter } from "../run/keep-joined.ts";

/**
 * Puts an instance into the registry and leaves it there, whatever its check says; resolves with its id. One that does
 * not answer now can be placed where nothing must be asked of it: with `proto` or `services`, and a check.
 * @throws JoinError or RegistryError.
 */
export async function place(
  registry: Registry,
  options: JoinedOptions,
  reporter: JoinReporter,
): Promise<string> {
  const { name, host, port } = options;
  const answers = await portAnswers(host, port);
  const isSaid = options.proto.length + options.services.length > 0;
  if (!answers && !isSaid) {
    throw new JoinError(
      `Nothing accepts connections at ${host}:${port}, so it cannot be asked what it serves: start it, or say it with --proto or --service`,
    );
  }
  const silent = answers
    ? options
    : { ...options, reflection: false, check: options.check ?? ("tcp" as const) };
  const { registration, doubts } = await findRegistration(
    silent,
    AbortSignal.timeout(options.waitMs + 30_000),
  );
  if (!answers) reporter.warn(`${name}: nothing accepts connections at ${host}:${port} now`);
  for (const doubt of doubts) reporter.warn(`${name}: ${doubt}`);
  return registry.place({ ...registration, deregisterCriticalAfterMs: "never" });
}

/** What to take out. */
export interface Removal {
  /** An instance's id, or a service's name. */
  readonly id: string | undefined;
  readonly name: string | undefined;
  /** Whether all instances of the name go. */
  readonly all: boolean;
}

/**
 * Takes instances out of the registry; resolves with them.
 * @throws JoinError where there is none, where there are several and not all are meant, and where one is still there.
 */
export async function removeInstances(
  registry: Registry,
  { id, name, all }: Removal,
): Promise<readonly InstanceState[]> {
  const known = await registry.states(name);
  const found = id === undefined ? known : known.filter((state) => state.id === id);
  if (found.length === 0) {
    const others = (name === undefined ? known : await registry.states()).map((state) =>
      id === undefined ? state.service : state.id,
    );
    const list = [...new Set(others)].join(", ") || "nothing";
    throw new JoinError(`${id ?? name ?? ""} is not in the registry at ${registry.url}: there is ${list}`);
  }
  if (found.length > 1 && !all) {
    throw new JoinError(
      `${name ?? ""} has ${found.length} instances: name one of ${found.map((state) => state.id).join(", ")}, or give --all`,
    );
  }
  for (const state of found) await registry.remove(state.id);
  const left = new Map((await registry.states(name)).map((state) => [state.id, state]));
  for (const { id: removed } of found) {
    const state = left.get(removed);
    if (state === undefined) continue;
    throw new JoinError(
      `${removed} is still in the registry: either it keeps itself there, so end its process; or it was registered at the agent of node ${state.node}, so give that agent's address as --registry`,
    );
  }
  return found;
}
