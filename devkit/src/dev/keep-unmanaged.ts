// Keeps services in the registry that others start and that do not register themselves, for as long as the run goes.
import { createRegistry, type Registry } from "@samspel/registry";
import { setTimeout as sleep } from "node:timers/promises";
import type { UnmanagedService } from "../config/index.ts";
import { keepJoined } from "../join/index.ts";
import { problemOf, type Problems } from "./problems.ts";

const againMs = 2000;
const answerWithinMs = 2000;

export interface KeepUnmanagedOptions {
  readonly registryUrl: string;
  readonly problems: Problems;
  /** The project's folder. */
  readonly dir: string;
}

export interface KeptServices {
  /** Keeps these from now on; those that it kept and that are not among them leave the registry. */
  follow(this: void, services: readonly UnmanagedService[]): void;
  /** Takes all out of the registry. */
  end(this: void): Promise<void>;
}

interface Place {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** Begins with none. */
export function keepUnmanaged({ registryUrl, problems, dir }: KeepUnmanagedOptions): KeptServices {
  const kept = new Map<string, { readonly over: AbortController; readonly ended: Promise<void> }>();
  const ending = new Set<Promise<void>>();
  let registry: Registry | undefined;

  const keep = async ({ name, address, port }: Place, signal: AbortSignal): Promise<void> => {
    registry ??= createRegistry({ url: registryUrl });
    const reporter = { tell: () => problems.clear(name), warn: () => {}, fail: () => {} };
    const asked = { reflection: true, proto: [], services: [], meta: {}, tags: [], secure: false } as const;
    const unknown = {
      check: undefined,
      checkUrl: undefined,
      version: undefined,
      zone: undefined,
      lang: undefined,
    };
    const options = { name, host: address, port, waitMs: answerWithinMs, ...asked, ...unknown };
    while (!signal.aborted) {
      try {
        await keepJoined(registry, options, { reporter, signal });
      } catch (error) {
        if (signal.aborted) return;
        problems.set(problemOf(error, { service: name, kind: "start", dir }));
        await sleep(againMs, undefined, { signal }).catch(() => {});
      }
    }
  };

  const leave = (key: string): void => {
    const found = kept.get(key);
    if (found === undefined) return;
    kept.delete(key);
    found.over.abort();
    const ended = found.ended.finally(() => ending.delete(ended));
    ending.add(ended);
  };

  return {
    follow(services) {
      const places = new Map(
        services.flatMap(({ name, place }) =>
          place === undefined ? [] : [[JSON.stringify([name, place]), { name, ...place }] as const],
        ),
      );
      for (const key of kept.keys()) if (!places.has(key)) leave(key);
      for (const [key, place] of places) {
        if (kept.has(key)) continue;
        const over = new AbortController();
        kept.set(key, { over, ended: keep(place, over.signal) });
      }
    },
    async end() {
      for (const key of kept.keys()) leave(key);
      await Promise.all(ending);
      await registry?.close();
    },
  };
}
