// Everything that is registered, whatever its health, as it changes: for tools that show a whole system.
//
//   W1. Two long polls, however many services there are: of the catalog, and of all checks. What they say is compared
//       with what they said before, and only services that differ are read.
//   W2. A change that shows in no check, such as another version of an instance that has none, moves no index of either
//       poll. So all are read now and then: every 5 s, or 50 ms for each service.
//   W3. The registry's last word is kept while it does not answer. Its present word is never doubted: nobody is called
//       by this.
import { setTimeout as sleep } from "node:timers/promises";
import { asArray, asNumber, asRecord, asString, asStrings, type ConsulHttp } from "../consul/index.ts";
import { RegistryError } from "../errors.ts";
import { grpcTag } from "../instance.ts";
import type { ResolvedRegistryOptions } from "../options.ts";
import { createSource, lastOf, type Source } from "../watch/index.ts";
import { readServiceStates, type InstanceState } from "./instance-states.ts";

/** What is registered, kept fresh until it is disposed of. */
export interface StatesWatch extends Disposable {
  /** All instances that speak gRPC, sorted by service and id; empty before the first answer. */
  readonly current: readonly InstanceState[];
  /** `waiting` before the first answer; `unreachable` while the registry does not answer. */
  readonly status: "waiting" | "live" | "unreachable";
  /** Calls the listener after each change of the two above, never from within; returns how to end that. */
  onChange(listener: () => void): () => void;
}

/** Both polls tell of one event, one after the other. */
const settleMs = 20;
/** A deployment changes much at once: it makes so many rounds of reading. */
const restMs = 200;
const readAllEveryMs = 5_000;
const readAllEveryMsOfEach = 50;
const retryMs = 1_000;
const idleMs = 25_000;
const readsAtOnce = 8;

type Prints = ReadonlyMap<string, string>;

export function watchStates(
  http: ConsulHttp,
  options: ResolvedRegistryOptions,
  closed: AbortSignal,
): StatesWatch {
  const disposed = new AbortController();
  const signal = AbortSignal.any([disposed.signal, closed]);
  const listeners = new Set<() => void>();
  const known = new Map<string, readonly InstanceState[]>();
  let sorted: readonly InstanceState[] | undefined;
  let status: StatesWatch["status"] = "waiting";

  const names = createSource(http, options, {
    what: "watch the catalog",
    path: "/catalog/services",
    parse: parseNames,
    isEmpty: (found) => found.size === 0,
    neverEmpty: true,
  });
  const checks = createSource(http, options, {
    what: "watch all checks",
    path: "/health/state/any",
    parse: fingerprints,
  });

  const tell = (next: StatesWatch["status"], changed: boolean): void => {
    const same = status === next && !changed;
    status = next;
    if (changed) sorted = undefined;
    if (!same) for (const listener of listeners) listener();
  };

  const run = async (): Promise<void> => {
    const news = createNews([names, checks], signal);
    let seen: Prints = new Map();
    let readAllAt = 0;
    for (;;) {
      // While the registry is away, its polls tell when it is back.
      const waitMs = names.state.type === "unreachable" ? idleMs : readAllAt - performance.now();
      await news.next(waitMs);
      if (signal.aborted) return;
      await sleep(settleMs, undefined, { signal }).catch(() => {});
      const [found, prints] = [lastOf(names.state)?.value, lastOf(checks.state)?.value];
      if (names.state.type === "unreachable" || checks.state.type === "unreachable")
        tell("unreachable", false);
      if (found === undefined || prints === undefined || names.state.type !== "live") continue;
      const all = performance.now() >= readAllAt;
      const wanted = all ? [...found] : changedNames({ found, known, seen, prints });
      try {
        const changed = await readInto(known, wanted, (name) => readServiceStates(http, name, signal));
        const gone = [...known.keys()].filter((name) => !found.has(name));
        for (const name of gone) known.delete(name);
        seen = prints;
        if (all) readAllAt = performance.now() + Math.max(readAllEveryMs, found.size * readAllEveryMsOfEach);
        tell("live", changed || gone.length > 0);
        await sleep(restMs, undefined, { signal }).catch(() => {});
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof RegistryError)) throw error;
        tell("unreachable", false);
        // The polls find out when it is back; what could not be read is read then.
        readAllAt = performance.now() + retryMs;
      }
    }
  };
  void run();

  return {
    get current() {
      return (sorted ??= [...known].toSorted(([a], [b]) => (a < b ? -1 : 1)).flatMap(([, states]) => states));
    },
    get status() {
      return status;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    [Symbol.dispose]: () => disposed.abort(),
  };
}

interface Comparison {
  readonly found: ReadonlySet<string>;
  readonly known: ReadonlyMap<string, unknown>;
  readonly seen: Prints;
  readonly prints: Prints;
}

function changedNames({ found, known, seen, prints }: Comparison): readonly string[] {
  // A node that fails takes all with it that runs there.
  if (seen.get("") !== prints.get("")) return [...found];
  return [...found].filter((name) => !known.has(name) || seen.get(name) !== prints.get(name));
}

/** Reads services, some at once; whether any of them is another. */
async function readInto(
  known: Map<string, readonly InstanceState[]>,
  names: readonly string[],
  read: (name: string) => Promise<readonly InstanceState[]>,
): Promise<boolean> {
  const left = names.values();
  let changed = false;
  const work = async (): Promise<void> => {
    // The iterator is shared: each name is read once.
    for (const name of left) {
      const states = await read(name);
      const before = known.get(name);
      if (before !== undefined && JSON.stringify(before) === JSON.stringify(states)) continue;
      known.set(name, states);
      changed = true;
    }
  };
  await Promise.all(Array.from({ length: readsAtOnce }, work));
  return changed;
}

/** Resolves when a source has said something since the last time, or when the time is over. */
function createNews(
  sources: readonly Source<unknown>[],
  signal: AbortSignal,
): { next(waitMs: number): Promise<void> } {
  let heard = false;
  let wake: (() => void) | undefined;
  const hear = (): void => {
    heard = true;
    wake?.();
  };
  const leave = sources.map((source) => source.subscribe(hear));
  signal.addEventListener(
    "abort",
    () => {
      for (const end of leave) end();
      wake?.();
    },
    { once: true },
  );
  return {
    next: (waitMs) =>
      new Promise((resolve) => {
        const done = (): void => {
          // What is heard from now on is news for the next one.
          wake = undefined;
          heard = false;
          clearTimeout(timer);
          resolve();
        };
        const timer = setTimeout(done, Math.max(waitMs, settleMs));
        wake = done;
        if (heard || signal.aborted) done();
      }),
  };
}

/** @throws TypeError if the answer is no map. */
function parseNames(body: unknown): ReadonlySet<string> {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new TypeError("something else than a map");
  }
  const entries = Object.entries(asRecord(body));
  return new Set(entries.filter(([, tags]) => asStrings(tags).includes(grpcTag)).map(([name]) => name));
}

/** What the checks of each service are, by its name; those of nodes under "". */
function fingerprints(body: unknown): Prints {
  if (!Array.isArray(body)) throw new TypeError("something else than a list");
  const parts = new Map<string, string[]>();
  for (const check of asArray(body).map(asRecord)) {
    const { Node, CheckID, Status, ModifyIndex } = check;
    const name = asString(check["ServiceName"]);
    // A node's output changes all the time.
    const version = name === "" ? "" : asNumber(ModifyIndex);
    const part = `${asString(Node)} ${asString(CheckID)} ${asString(Status)} ${version}`;
    const having = parts.get(name);
    if (having === undefined) parts.set(name, [part]);
    else having.push(part);
  }
  return new Map([...parts].map(([name, having]) => [name, having.toSorted().join("\n")]));
}
