// The messages of a streaming request, as several attempts see them: the single message of a server-streaming call
// can be sent again, a stream of them only as long as nobody has begun to read it.

export interface RequestStream<T> {
  /** The messages, for one attempt. */
  open(): AsyncIterable<T>;
  readonly repeatable: boolean;
  /** The single message; undefined where there is none to be had without reading a stream. */
  single(): Promise<T | undefined>;
  /** Tells the writer that nobody will read (on). */
  abandon(reason: unknown): void;
}

export function createSingleRequest<T>(input: AsyncIterable<T>): RequestStream<T> {
  const messages = collect(input);
  // Whoever reads sees the error.
  messages.catch(() => {});
  return {
    async *open() {
      yield* await messages;
    },
    repeatable: true,
    single: () =>
      messages.then(
        ([first]) => first,
        () => undefined,
      ),
    abandon() {},
  };
}

export function createRequestStream<T>(input: AsyncIterable<T>): RequestStream<T> {
  const iterator = input[Symbol.asyncIterator]();
  let begun = false;
  const iteratorOfAttempt: AsyncIterator<T> = {
    next() {
      begun = true;
      return iterator.next();
    },
    // A failed attempt ends what it read from; one that read nothing leaves it to the next.
    async return(value: unknown) {
      if (begun) await iterator.return?.(value);
      return { done: true, value };
    },
    async throw(reason: unknown) {
      if (begun) await iterator.throw?.(reason);
      throw reason;
    },
  };
  return {
    open: () => ({ [Symbol.asyncIterator]: () => iteratorOfAttempt }),
    get repeatable() {
      return !begun;
    },
    single: async () => undefined,
    abandon(reason) {
      iterator.throw?.(reason).then(undefined, () => {});
      iterator.return?.().then(undefined, () => {});
    },
  };
}

async function collect<T>(input: AsyncIterable<T>): Promise<readonly T[]> {
  const messages: T[] = [];
  for await (const message of input) messages.push(message);
  return messages;
}
