import t from "tap";
import { createRequestStream, createSingleRequest } from "./request-stream.ts";

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

async function* count(events: string[]): AsyncGenerator<number> {
  try {
    yield 1;
    yield 2;
  } finally {
    events.push("ended");
  }
}

t.test("createSingleRequest() gives every attempt the same message", async (t) => {
  const request = createSingleRequest(count([]));
  t.same(await all(request.open()), [1, 2]);
  t.same(await all(request.open()), [1, 2]);
  t.equal(request.repeatable, true);
});

t.test("createRequestStream() can be opened again until somebody has read of it", async (t) => {
  const events: string[] = [];
  const request = createRequestStream(count(events));
  await request.open()[Symbol.asyncIterator]().return?.();
  t.equal(request.repeatable, true, "a failed attempt that read nothing");
  t.same(await all(request.open()), [1, 2]);
  t.equal(request.repeatable, false);
  t.same(events, ["ended"]);
});

t.test("createRequestStream() ends the writer when a reader stops, or nobody reads", async (t) => {
  const read: string[] = [];
  const iterator = createRequestStream(count(read)).open()[Symbol.asyncIterator]();
  await iterator.next();
  await iterator.return?.();
  t.same(read, ["ended"]);

  const unread: string[] = [];
  const source = count(unread);
  await source.next();
  const request = createRequestStream(source);
  request.abandon(new Error("no instance"));
  t.same(await source.next(), { done: true, value: undefined });
  t.same(unread, ["ended"]);
});

t.test(
  "single() is the message that a key can be read of, and nothing is read of a stream for it",
  async (t) => {
    t.equal(await createSingleRequest(count([])).single(), 1);
    const failing: AsyncIterable<number> = {
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(new Error("there is none")) }),
    };
    t.equal(await createSingleRequest(failing).single(), undefined, "the call says why");
    const stream = createRequestStream(count([]));
    t.equal(await stream.single(), undefined);
    t.equal(stream.repeatable, true);
  },
);
