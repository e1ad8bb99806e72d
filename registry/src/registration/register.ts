// Keeps one instance in the registry (R4).
//
//   K1. The first registration is awaited; afterwards only `deregister` ends the keeping.
//   K2. A long poll on the instance's own hash tells at once when the agent has forgotten it; an agent that was
//       away is asked anew from the beginning. Waits between attempts stay under `maxBackoffMs`.
//   K3. Nothing is registered after `deregister` began: the keeping has ended before the agent is told.
import { backoff, pause } from "../backoff.ts";
import type { Agent, ConsulHttp } from "../consul/index.ts";
import { RegistryError } from "../errors.ts";
import type { ResolvedRegistryOptions } from "../options.ts";
import type { ResolvedRegistration } from "./resolve.ts";

/** An instance that is kept in the registry until `deregister`. */
export interface RegistrationHandle extends AsyncDisposable {
  /** The instance's id in the registry. */
  readonly id: string;
  /**
   * Takes the instance out of the registry, once however often it is called.
   *
   * @throws RegistryError if the registry gives no answer; the instance is then forgotten when its check has failed
   * for `deregisterCriticalAfterMs`.
   */
  deregister(): Promise<void>;
}

export interface KeeperContext {
  readonly agent: Agent;
  readonly http: ConsulHttp;
  readonly options: ResolvedRegistryOptions;
  /** Aborts when the client is closed: a first registration then gives up. */
  readonly closed: AbortSignal;
}

export async function keepRegistered(
  context: KeeperContext,
  registration: ResolvedRegistration,
): Promise<RegistrationHandle> {
  const { agent, options } = context;
  const { id } = registration;
  const ended = new AbortController();
  await registerFirst(context, registration);
  options.onEvent({ type: "registered", id, again: false });
  const keeping = Promise.all([
    watchOneself(context, registration, ended.signal),
    registration.check.type === "ttl"
      ? heartbeat(context, registration, registration.check.ttlMs, ended.signal)
      : undefined,
  ]);
  let deregistered: Promise<void> | undefined;
  const deregister = async (): Promise<void> => {
    ended.abort();
    await keeping;
    // A kept-alive socket may have died meanwhile: the second attempt opens its own.
    await agent.deregister(id).catch(() => agent.deregister(id));
    options.onEvent({ type: "deregistered", id });
  };
  return {
    id,
    deregister: () => (deregistered ??= deregister()),
    async [Symbol.asyncDispose]() {
      await (deregistered ??= deregister());
    },
  };
}

/** A registry that is away may be starting; one that refuses will refuse again. */
async function registerFirst(
  { agent, options, closed }: KeeperContext,
  registration: ResolvedRegistration,
): Promise<void> {
  const end = AbortSignal.any([AbortSignal.timeout(options.connectTimeoutMs), closed]);
  for (let attempt = 1; ; attempt++) {
    try {
      await agent.register(registration);
      return;
    } catch (error) {
      if (end.aborted || !(error instanceof RegistryError && error.retryable)) throw error;
      await backoff(attempt, end);
    }
  }
}

/** Registers again whenever the agent does not know the instance (K2). */
async function watchOneself(
  { agent, http, options }: KeeperContext,
  registration: ResolvedRegistration,
  signal: AbortSignal,
): Promise<void> {
  const { id } = registration;
  const what = `keep ${id} registered`;
  const path = `/agent/service/${encodeURIComponent(id)}`;
  let hash: string | undefined;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const answer = await http.get({
        what,
        path,
        signal,
        ...(hash === undefined ? {} : { query: { hash }, waitMs: options.waitMs }),
      });
      if (failures > 0) options.onEvent({ type: "recovered", what });
      failures = 0;
      if (answer.status === 404) {
        await agent.register(registration);
        options.onEvent({ type: "registered", id, again: true });
        hash = undefined;
      } else {
        hash = answer.contentHash;
        // Without a hash there is no long poll: ask now and then instead.
        if (hash === undefined) await pause(options.waitMs / 10, signal);
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof RegistryError)) throw error;
      hash = undefined;
      failures++;
      if (failures === 1) options.onEvent({ type: "unreachable", what, error });
      await backoff(failures, signal);
    }
  }
}

/** Says three times per TTL that the instance lives; puts a check back that somebody took out. */
async function heartbeat(
  { agent, options }: KeeperContext,
  registration: ResolvedRegistration,
  ttlMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { id } = registration;
  while (!signal.aborted) {
    try {
      await agent.pass(`service:${id}`);
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      // A registry that is away is the next beat's matter.
      if (!error.retryable && !signal.aborted) {
        const again = await agent.register(registration).then(
          () => true,
          () => false,
        );
        if (again) options.onEvent({ type: "registered", id, again });
      }
    }
    await pause(ttlMs / 3, signal);
  }
}
