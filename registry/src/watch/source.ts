// A value of the registry, kept fresh by one long poll for all who subscribe (R7).
//
//   S1. The poll runs while there is a subscriber, and only then.
//   S2. The first request has no index and returns at once; so has the first after a failure, as a registry that
//       restarted may count from the beginning. An index that goes back starts anew; 0 is never sent.
//   S3. A failure keeps the last value.
import { backoff } from "../backoff.ts";
import type { ConsulHttp } from "../consul/index.ts";
import { RegistryError } from "../errors.ts";
import type { ResolvedRegistryOptions } from "../options.ts";

export type SourceState<T> =
  /** No answer yet. */
  | { readonly type: "waiting" }
  /** The registry answers; this is the last it said. */
  | { readonly type: "live"; readonly value: T }
  /** The registry does not answer; what it said last, if it said anything. */
  | {
      readonly type: "unreachable";
      readonly error: RegistryError;
      readonly last: { readonly value: T } | undefined;
    };

export interface Source<T> {
  readonly state: SourceState<T>;
  /** Calls `listener` after every answer and every failure, until the returned function is called. */
  subscribe(listener: () => void): () => void;
}

export interface SourceRequest<T> {
  readonly what: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  parse(body: unknown): T;
}

export function createSource<T>(
  http: ConsulHttp,
  options: ResolvedRegistryOptions,
  request: SourceRequest<T>,
): Source<T> {
  const listeners = new Set<() => void>();
  let state: SourceState<T> = { type: "waiting" };
  let polling: AbortController | undefined;

  const tell = (next: SourceState<T>): void => {
    const { type } = state;
    state = next;
    const { what } = request;
    if (next.type === "unreachable" && type !== "unreachable") {
      options.onEvent({ type: "unreachable", what, error: next.error });
    }
    if (next.type === "live" && type === "unreachable") options.onEvent({ type: "recovered", what });
    for (const listener of listeners) listener();
  };

  const poll = async (signal: AbortSignal): Promise<void> => {
    let index: bigint | undefined;
    let failures = 0;
    while (!signal.aborted) {
      const startedAt = performance.now();
      try {
        const blocking = index === undefined ? {} : { index: String(index) };
        const answer = await http.get({
          what: request.what,
          path: request.path,
          query: { ...request.query, ...blocking },
          waitMs: index === undefined ? 0 : options.waitMs,
          signal,
        });
        const value = request.parse(answer.body);
        if (signal.aborted) return;
        failures = 0;
        const previous = index;
        index = nextIndex(previous, answer.index);
        tell({ type: "live", value });
        // A registry that does not hold the request back must not be asked in a tight loop.
        const held = performance.now() - startedAt > 100;
        if (!held && (index === undefined || index === previous)) await backoff(3, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof RegistryError)) throw error;
        index = undefined;
        failures++;
        const last = lastOf(state);
        tell({ type: "unreachable", error, last });
        await backoff(failures, signal);
      }
    }
  };

  return {
    get state() {
      return state;
    },
    subscribe(listener) {
      listeners.add(listener);
      if (polling === undefined) {
        polling = new AbortController();
        void poll(polling.signal);
      }
      return () => {
        if (!listeners.delete(listener) || listeners.size > 0) return;
        polling?.abort();
        polling = undefined;
        state = { type: "waiting" };
      };
    },
  };
}

/** The index for the next request: none, to begin anew, if the registry sent no usable one or one that went back. */
export function nextIndex(previous: bigint | undefined, answered: bigint | undefined): bigint | undefined {
  if (answered === undefined || answered <= 0n) return undefined;
  return previous !== undefined && answered < previous ? undefined : answered;
}

/** What the registry said last, whether it answers now or not. */
export function lastOf<T>(state: SourceState<T>): { readonly value: T } | undefined {
  if (state.type === "live") return { value: state.value };
  return state.type === "unreachable" ? state.last : undefined;
}
