// Who may call a service: its intentions, followed and evaluated here, so that a call costs no request.
//
//   Z1. The verdict on a caller is by the intentions as they are; a change of theirs takes effect when the long poll
//       brings it, within a second.
//   Z2. Where no intention is about a caller, the registry's default holds. It is asked once per caller, and for
//       callers that still call again every 30 s and when the intentions change, beside the calls, so that a default
//       that was turned around is noticed.
//   Z3. While the registry is away the last verdicts stay. A caller on whom there is none is not let in.
import { internalsOf } from "../internals.ts";
import type { Registry } from "../registry.ts";
import { asRecord } from "../consul/index.ts";
import { createSource, lastOf } from "../watch/source.ts";
import { decide, parseIntentions, type Intention } from "./intentions.ts";
import { firstAnswers } from "./settled.ts";
import type { SpiffeId } from "./spiffe.ts";

/** What is known of a caller: whether it may, and by whose word; `unknown` before the registry was asked. */
export type Authorization =
  | { readonly type: "allowed" }
  | { readonly type: "denied"; readonly by: "intention" | "default" }
  | { readonly type: "unknown" };

export interface AuthorizerOptions {
  /** Whose intentions; it stays open when the authorizer is closed. */
  readonly registry: Registry;
  /** The service that is called. */
  readonly service: string;
}

/** A caller, by its certificate. */
export type Caller = Pick<SpiffeId, "uri" | "service"> & {
  /** In hexadecimal. */
  readonly serial?: string;
};

/** Says who may call a service; it follows the registry's intentions. */
export interface Authorizer extends Disposable {
  readonly service: string;
  /** What is known now, without a request. */
  look(caller: Caller): Authorization;
  /**
   * The same, after the registry was asked where that must be.
   *
   * @throws RegistryError when it must be asked and does not answer (Z3).
   */
  authorize(caller: Caller): Promise<Exclude<Authorization, { type: "unknown" }>>;
  /** Calls `listener` when verdicts may have changed, until the returned function is called. */
  onChange(listener: () => void): () => void;
  close(): void;
}

type Settled = Exclude<Authorization, { type: "unknown" }>;

const refreshMs = 30_000;

const allowed: Settled = { type: "allowed" };
const deniedByIntention: Settled = { type: "denied", by: "intention" };
const deniedByDefault: Settled = { type: "denied", by: "default" };
const unknown: Authorization = { type: "unknown" };

/** What the registry said of a caller that no intention is about. */
interface Default {
  readonly caller: Caller;
  readonly settled: Settled;
  /** Whether it was looked at since the registry was asked last. */
  used: boolean;
}

/**
 * Follows the intentions of a service until it is closed.
 *
 * @throws RegistryError when the registry has not said them within its `connectTimeoutMs`.
 */
export async function openAuthorizer({ registry, service }: AuthorizerOptions): Promise<Authorizer> {
  const internals = internalsOf(registry);
  const { http, options, closed } = internals;
  const source = createSource(http, options, {
    what: `watch the intentions of ${service}`,
    path: "/connect/intentions/match",
    query: { by: "destination", name: service },
    parse: (body) => parseIntentions(asRecord(body)[service], service),
  });
  const listeners = new Set<() => void>();
  const defaults = new Map<string, Default>();
  const asking = new Map<string, Promise<Settled>>();
  let intentions: readonly Intention[] = [];

  const changed = (): void => {
    for (const listener of listeners) listener();
  };
  const update = (): void => {
    // A failure says nothing new (Z3).
    if (source.state.type !== "live") return;
    intentions = source.state.value;
    refresh();
    changed();
  };
  const refresh = (): void => {
    for (const [name, known] of defaults) {
      if (!known.used) defaults.delete(name);
      else void askAgain(known);
    }
  };
  const leave = source.subscribe(update);
  const refreshing = setInterval(refresh, refreshMs).unref();
  const close = (): void => {
    clearInterval(refreshing);
    leave();
    listeners.clear();
  };
  closed.addEventListener("abort", close, { once: true });
  try {
    await firstAnswers([source], internals, `know who may call ${service}`);
  } catch (error) {
    close();
    throw error;
  }
  intentions = lastOf(source.state)?.value ?? intentions;

  const byIntentions = (caller: Caller): Settled | undefined => {
    const verdict = decide(intentions, caller.service);
    if (verdict === "default") return undefined;
    return verdict === "allow" ? allowed : deniedByIntention;
  };
  const ask = async (caller: Caller): Promise<Settled> => {
    const { body } = await http.send({
      what: `authorize ${caller.service} at ${service}`,
      method: "POST",
      path: "/agent/connect/authorize",
      body: { Target: service, ClientCertURI: caller.uri, ClientCertSerial: caller.serial ?? "" },
      signal: closed,
    });
    const settled = asRecord(body)["Authorized"] === true ? allowed : deniedByDefault;
    defaults.set(caller.service, { caller, settled, used: defaults.get(caller.service)?.used ?? true });
    return settled;
  };
  const askOnce = (caller: Caller): Promise<Settled> => {
    const running = asking.get(caller.service);
    if (running !== undefined) return running;
    const answer = ask(caller).finally(() => asking.delete(caller.service));
    asking.set(caller.service, answer);
    return answer;
  };
  async function askAgain(known: Default): Promise<void> {
    known.used = false;
    // What was known stays where the registry does not answer (Z3).
    const settled = await askOnce(known.caller).catch(() => known.settled);
    if (settled.type !== known.settled.type) changed();
  }
  const look = (caller: Caller): Authorization => {
    const decided = byIntentions(caller);
    if (decided !== undefined) return decided;
    const known = defaults.get(caller.service);
    if (known === undefined) return unknown;
    known.used = true;
    return known.settled;
  };

  return {
    service,
    look,
    async authorize(caller) {
      const known = look(caller);
      return known.type === "unknown" ? await askOnce(caller) : known;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close,
    [Symbol.dispose]: close,
  };
}
