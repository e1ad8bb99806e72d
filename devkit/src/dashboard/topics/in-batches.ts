// Many small things as fewer large ones: a browser that gets ten thousand messages one by one does nothing else.

export interface BatchOptions<T> {
  /** How long a batch waits for more after its first one. */
  readonly waitMs: number;
  readonly maxItems: number;
  /** How much there may be of `weightOf` before a batch goes. */
  readonly maxWeight: number;
  readonly weightOf: (item: T) => number;
}

/**
 * The items of a source, in their order. No more is taken from the source than a batch ahead of the reader; what came before
 * a failure comes before it here, too.
 */
export async function* inBatches<T>(
  source: AsyncIterable<T>,
  { waitMs, maxItems, maxWeight, weightOf }: BatchOptions<T>,
): AsyncGenerator<readonly T[], void> {
  const items = source[Symbol.asyncIterator]();
  let next = taken(items.next());
  try {
    for (;;) {
      let latest: Taken<T> | undefined = await next;
      const batch: T[] = [];
      let weight = 0;
      const { promise: due, resolve } = Promise.withResolvers<undefined>();
      const timer = setTimeout(resolve, waitMs, undefined);
      while (latest?.type === "item") {
        batch.push(latest.item);
        weight += weightOf(latest.item);
        next = taken(items.next());
        latest = batch.length < maxItems && weight < maxWeight ? await Promise.race([next, due]) : undefined;
      }
      clearTimeout(timer);
      if (batch.length > 0) yield batch;
      if (latest?.type === "failure") throw latest.error;
      if (latest?.type === "end") return;
    }
  } finally {
    void items.return?.().catch(() => {});
  }
}

type Taken<T> =
  | { readonly type: "item"; readonly item: T }
  | { readonly type: "end" }
  | { readonly type: "failure"; readonly error: unknown };

/** A failure that nobody waits for yet must not count as unhandled. */
function taken<T>(next: Promise<IteratorResult<T, unknown>>): Promise<Taken<T>> {
  return next.then(
    ({ done, value }) => (done === true ? { type: "end" } : { type: "item", item: value }),
    (error: unknown) => ({ type: "failure", error }),
  );
}
