// A value of the registry, kept fresh by one long poll for all who subscribe (R7).
//
//   S1. The poll runs while there is a subscriber, and only then.
//   S2. The first request has no index and returns at once; so has the first after a failure, as a registry that
//       restarted may count from the beginning. An index that goes back starts anew; 0 is never sent.
//   S3. A failure keeps the last value. An answer of another shape is a failure, and so is an empty one from which
//       the token's rights have taken something: both say nothing of what is there.
//   S4. Until there is a value, every second attempt takes the word of any server (`?stale`): who starts while the
//       servers elect a leader finds others nevertheless. With a value, only the leader's word counts.
//   S5. Where there are slots and none is free, it is read when the catalog has changed, without a poll of its own.
import { backoff, pause } from "../backoff.ts";
import type { ConsulAnswer, ConsulHttp } from "../consul/index.ts";
import { hidden, notConsul, RegistryError } from "../errors.ts";
import type { ResolvedRegistryOptions } from "../options.ts";
import type { ChangeSignal } from "./change-signal.ts";
import type { PollSlots } from "./poll-slots.ts";

/** After some polls in a row that end sooner there are pauses: of what changes all the time, ten answers a second do. */
const shortestPollMs = 100;
const mostShortPolls = 5;
/** And after a poll that ended sooner and said what was known, where the source can tell: two answers a second. */
const sameRestMs = 500;

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
  /** Of the last answer; undefined after a failure. */
  readonly index: bigint | undefined;
  /** Calls `listener` after every answer and every failure, until the returned function is called. */
  subscribe(listener: () => void): () => void;
}

export interface SourceRequest<T> {
  readonly what: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** @throws TypeError, saying what was there instead, for an answer that Consul does not give. */
  readonly parse: (body: unknown) => T;
  /** Whether there is nothing in it. */
  readonly isEmpty?: (value: T) => boolean;
  /** Whether two answers say the same. Default: nobody knows. */
  readonly isSame?: (before: T, after: T) => boolean;
  /** Whether there is always something in it for who may see it. Default false. */
  readonly neverEmpty?: boolean;
}

/** For sources of which there may be many (S5). */
export interface SharedPolls {
  readonly slots: PollSlots;
  readonly changes: ChangeSignal;
}

export function createSource<T>(
  http: ConsulHttp,
  options: ResolvedRegistryOptions,
  request: SourceRequest<T>,
  shared?: SharedPolls,
): Source<T> {
  const listeners = new Set<() => void>();
  let state: SourceState<T> = { type: "waiting" };
  let index: bigint | undefined;
  let shortPolls = 0;
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

  /** One request and what it says; whether the registry held it back. */
  const read = async (signal: AbortSignal, { polls, stale }: ReadMode): Promise<void> => {
    const startedAt = performance.now();
    const previous = index;
    const blocking = polls && previous !== undefined;
    const answer = await http.get({
      what: request.what,
      path: request.path,
      query: {
        ...request.query,
        ...(blocking ? { index: String(previous) } : {}),
        ...(stale ? { stale: "" } : {}),
      },
      waitMs: blocking ? options.waitMs : 0,
      signal,
    });
    if (signal.aborted) return;
    // Read also when the index is the same: rights that change move no index.
    const value = valueOf(answer, request, options.shownUrl);
    const before = lastOf(state)?.value;
    const isSame = before !== undefined && request.isSame?.(before, value) === true;
    index = nextIndex(previous, answer.index);
    tell({ type: "live", value });
    // A registry that does not hold the request back must not be asked in a tight loop, nor a service that changes all
    // the time: its answer may have megabytes.
    const leftMs = shortestPollMs - (performance.now() - startedAt);
    shortPolls = blocking && leftMs > 0 ? shortPolls + 1 : 0;
    const restMs = blocking && isSame ? sameRestMs - (performance.now() - startedAt) : 0;
    if (restMs > 0) return pause(restMs, signal);
    if (!polls || leftMs <= 0) return;
    if (index === undefined || index === previous) await backoff(3, signal);
    else if (shortPolls > mostShortPolls) await pause(leftMs, signal);
  };

  const poll = async (signal: AbortSignal): Promise<void> => {
    let slot = false;
    let leave: (() => void) | undefined;
    let failures = 0;
    try {
      while (!signal.aborted) {
        slot ||= shared === undefined || shared.slots.take();
        if (slot) {
          leave?.();
          leave = undefined;
        } else {
          leave ??= shared?.changes.join();
        }
        const seen = shared?.changes.version ?? 0;
        try {
          const stale = failures % 2 === 1 && lastOf(state) === undefined;
          await read(signal, { polls: slot, stale });
          failures = 0;
          if (!slot) await shared?.changes.after(seen, signal);
        } catch (error) {
          if (signal.aborted) return;
          if (!(error instanceof RegistryError)) throw error;
          index = undefined;
          failures++;
          tell({ type: "unreachable", error, last: lastOf(state) });
          await backoff(failures, signal);
        }
      }
    } finally {
      leave?.();
      if (slot) shared?.slots.give();
    }
  };

  return {
    get state() {
      return state;
    },
    get index() {
      return index;
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
        index = undefined;
      };
    },
  };
}

interface ReadMode {
  readonly polls: boolean;
  readonly stale: boolean;
}

/** @throws RegistryError for an answer that says nothing of what is there (S3). */
function valueOf<T>(answer: ConsulAnswer, request: SourceRequest<T>, shownUrl: string): T {
  const { what, parse, isEmpty, neverEmpty = false } = request;
  let value: T;
  try {
    value = parse(answer.body);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw notConsul(shownUrl, what, error.message);
  }
  const isHidden = answer.filtered || (neverEmpty && answer.deniesByDefault);
  if (isHidden && isEmpty?.(value) === true) throw hidden(shownUrl, what);
  return value;
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
