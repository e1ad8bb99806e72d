// Keeps one instance in the registry (R4).
//
//   K1. The first registration is awaited; afterwards only `deregister` ends the keeping.
//   K2. A long poll on the instance's own hash tells at once when the agent has forgotten it. One that was away is
//       told anew in any case: where it kept the instance, it restarted its check as critical. Waits between attempts
//       stay under `maxBackoffMs`.
//   K3. Nothing is registered after `deregister` began: the keeping has ended before the agent is told.
//   K4. An instance in maintenance is put back into it, whatever the agent forgets.
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
   * Takes the instance out of the callers' sight, though its checks pass, until `endMaintenance`: it gets no new calls.
   * `reason` is for people who look at the registry.
   *
   * @throws RegistryError if the registry refuses, or gives no answer: it then begins when it answers again.
   */
  beginMaintenance(reason: string): Promise<void>;
  /** Lets callers see the instance again. One that is not in maintenance stays as it is. */
  endMaintenance(): Promise<void>;
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
  let maintenance: string | undefined;
  await registerFirst(context, registration);
  options.onEvent({ type: "registered", id, again: false });
  const again = async (isKnown: boolean): Promise<void> => {
    if (isKnown) await agent.dropCheck(id);
    await agent.register(registration);
    if (maintenance !== undefined) await agent.maintain(id, maintenance);
    options.onEvent({ type: "registered", id, again: true });
  };
  const keeping = Promise.all([
    watchOneself(context, id, again, ended.signal),
    registration.check.type === "ttl"
      ? heartbeat(context, { id, ttlMs: registration.check.ttlMs }, again, ended.signal)
      : undefined,
  ]);
  const maintain = async (reason: string | undefined): Promise<void> => {
    maintenance = reason;
    await agent.maintain(id, reason);
  };
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
    beginMaintenance: maintain,
    endMaintenance: () => maintain(undefined),
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

/** Registers again whenever the agent does not know the instance, or was away (K2). */
async function watchOneself(
  { http, options }: KeeperContext,
  id: string,
  registerAgain: (isKnown: boolean) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const what = `keep ${id} registered`;
  const path = `/agent/service/${encodeURIComponent(id)}`;
  let hash: string | undefined;
  let failures = 0;
  while (!signal.aborted) {
    const startedAt = performance.now();
    try {
      const answer = await http.get({
        what,
        path,
        signal,
        ...(hash === undefined ? {} : { query: { hash }, waitMs: options.waitMs }),
      });
      if (answer.status === 404 || failures > 0) {
        await registerAgain(answer.status === 200);
        if (failures > 0) options.onEvent({ type: "recovered", what });
        failures = 0;
        hash = undefined;
        continue;
      }
      const passedBy = hash !== undefined && performance.now() - startedAt < 100;
      hash = answer.contentHash;
      // Where the request is not held back there is no long poll: ask now and then instead.
      if (hash === undefined || passedBy) await pause(Math.min(2_000, options.waitMs / 10), signal);
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
  { agent }: KeeperContext,
  { id, ttlMs }: { readonly id: string; readonly ttlMs: number },
  registerAgain: (isKnown: boolean) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await agent.pass(`service:${id}`);
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      // A registry that is away is the next beat's matter; one that refuses again, that of `watchOneself`.
      if (!error.retryable && !signal.aborted) await registerAgain(false).catch(ignoreRegistryError);
    }
    await pause(ttlMs / 3, signal);
  }
}

function ignoreRegistryError(error: unknown): void {
  if (!(error instanceof RegistryError)) throw error;
}
