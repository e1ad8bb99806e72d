// The instances of a proto service for who needs them once.
import type { Instance } from "../instance.ts";
import type { InstanceWatch } from "./instance-watch.ts";
import type { InstanceQuery } from "./query.ts";

export interface ResolveOptions extends InstanceQuery {
  /** How long to wait for a first instance. Default 10,000 ms. */
  readonly timeoutMs?: number;
  /** Gives up with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The watch's set as soon as it has an instance; what it has, perhaps nothing, when the time is over. */
export async function resolveOnce(
  watch: InstanceWatch,
  { timeoutMs = 10_000, signal }: ResolveOptions = {},
): Promise<readonly Instance[]> {
  signal?.throwIfAborted();
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), timeoutMs);
  const end = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]);
  end.addEventListener("abort", () => watch[Symbol.dispose](), { once: true });
  try {
    for await (const instances of watch) if (instances.length > 0) return instances;
    signal?.throwIfAborted();
    return watch.current;
  } finally {
    clearTimeout(timer);
    watch[Symbol.dispose]();
  }
}
