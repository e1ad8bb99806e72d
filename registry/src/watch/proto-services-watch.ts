// Which proto services there are at all, as that changes: what a gateway opens, and what a dashboard shows.
import { grpcTag } from "../instance.ts";
import type { CatalogSources } from "./catalog.ts";
import { lastOf } from "./source.ts";

/** The names of all proto services in the registry. Iterating gives them when they are known, then each change. */
export interface ProtoServicesWatch extends Disposable, AsyncIterable<ReadonlySet<string>> {
  /** What the registry said last; empty before its first answer. */
  readonly current: ReadonlySet<string>;
}

/** What a proto service can be called; other tags have a dot as well, such as `1.2.3`. */
const fullName = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$/;

export function watchProtoServices({ services }: CatalogSources): ProtoServicesWatch {
  const disposed = new AbortController();
  let current: ReadonlySet<string> | undefined;
  let change = Promise.withResolvers<void>();

  const update = (): void => {
    const last = lastOf(services.state);
    if (last === undefined) return;
    const grpc = new Set(last.value.get(grpcTag));
    const named = [...last.value].filter(
      ([tag, names]) => fullName.test(tag) && names.some((name) => grpc.has(name)),
    );
    const next = new Set(named.map(([tag]) => tag));
    const former = current;
    if (former?.size === next.size && [...next].every((name) => former.has(name))) return;
    current = next;
    change.resolve();
    change = Promise.withResolvers();
  };
  const leave = services.subscribe(update);
  update();
  return {
    get current() {
      return current ?? new Set();
    },
    async *[Symbol.asyncIterator]() {
      let seen: ReadonlySet<string> | undefined;
      while (!disposed.signal.aborted) {
        if (current === undefined || current === seen) await change.promise;
        else yield (seen = current);
      }
    },
    [Symbol.dispose]() {
      disposed.abort();
      leave();
      change.resolve();
    },
  };
}
