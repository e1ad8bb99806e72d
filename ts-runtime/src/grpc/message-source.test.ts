import { Code, ConnectError } from "@connectrpc/connect";
import * as fc from "fast-check";
import t, { type Test } from "tap";
import { EchoResponseSchema } from "../../../test/gen/samspel/test/v1/echo_pb.ts";
import { compressionOf } from "./compression.ts";
import { MessageSource } from "./message-source.ts";
import { encodeFrame } from "./message.ts";

function frame(text: string): Buffer {
  return Buffer.from(encodeFrame(EchoResponseSchema, { text }));
}

function sourceOf(t: Test) {
  const flow = { pauses: 0, resumes: 0, left: 0 };
  const source = new MessageSource(
    { desc: EchoResponseSchema, maxBytes: 200_000, compression: undefined },
    { pause: () => flow.pauses++, resume: () => flow.resumes++ },
    () => flow.left++,
  );
  t.teardown(() => source.end());
  return { source, flow };
}

t.test("next() gives what came, in order, whether it is asked before or after", async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 40 }), async (asks) => {
      const { source } = sourceOf(t);
      const pushed = asks.filter((ask) => !ask).length;
      let count = 0;
      const answers: Promise<IteratorResult<{ text: string }, undefined>>[] = [];
      for (const ask of asks) {
        if (ask) answers.push(source.next());
        else source.push(frame(String(count++)));
      }
      source.end();
      const results = await Promise.all(answers);
      return results.every((result, index) =>
        index < pushed ? result.value?.text === String(index) : result.done === true,
      );
    }),
  );
});

t.test("fail() comes after what came, abort() before it (M1)", async (t) => {
  const failing = sourceOf(t).source;
  failing.push(frame("a"));
  failing.fail(new ConnectError("gone", Code.NotFound));
  t.match(await failing.next(), { value: { text: "a" } });
  await t.rejects(failing.next(), { code: Code.NotFound });
  t.match(await failing.next(), { done: true }, "once is enough");

  const aborted = sourceOf(t).source;
  aborted.push(frame("a"));
  const waiting = sourceOf(t).source;
  const next = waiting.next();
  for (const source of [aborted, waiting]) source.abort(new ConnectError("over", Code.Canceled));
  await t.rejects(aborted.next(), { code: Code.Canceled });
  await t.rejects(next, { code: Code.Canceled });
});

t.test("next() fails once for what came broken, tells of that, and then is at its end", async (t) => {
  const broken = Buffer.from([1, 0, 0, 0, 2, 7, 7]);
  for (const compression of [undefined, compressionOf("gzip")]) {
    const faults: unknown[] = [];
    const onFault = (error: unknown): void => void faults.push(error);
    const source = new MessageSource(
      { desc: EchoResponseSchema, maxBytes: 1_000, compression, onFault },
      undefined,
    );
    const [first, second] = [source.next(), source.next()];
    source.push(broken);
    const error: unknown = await first.catch((error: unknown) => error);
    source.push(frame("unread"));
    t.match(error, ConnectError);
    t.same(faults, [error]);
    t.match(await second, { done: true });
    t.match(await source.next(), { done: true });
  }
});

t.test("push() asks for less when much is unread, and next() for more when it is read (M2)", async (t) => {
  const { source, flow } = sourceOf(t);
  const chunk = frame("x".repeat(30_000));
  for (let count = 0; count < 3; count++) source.push(chunk);
  t.same(flow, { pauses: 1, resumes: 0, left: 0 });
  await source.next();
  t.equal(flow.resumes, 1);
});

t.test("a message larger than what may be unread still comes (no deadlock of a large message)", async (t) => {
  const { source, flow } = sourceOf(t);
  const large = frame("x".repeat(150_000));
  source.push(large.subarray(0, 100_000));
  t.equal(flow.pauses, 1);
  const next = source.next();
  t.equal(flow.resumes, 1, "its reader asks for the rest");
  source.push(large.subarray(100_000));
  t.equal((await next).value?.text.length, 150_000);
});

t.test("next() fails on what is no message, and ends then", async (t) => {
  const malformed = sourceOf(t).source;
  malformed.push(Buffer.from([0, 0, 0, 0, 1, 0xff]));
  await t.rejects(malformed.next(), { code: Code.Internal });
  t.match(await malformed.next(), { done: true });

  const { source } = sourceOf(t);
  source.push(Buffer.from([1, 0, 0, 0, 1, 0xff]));
  await t.rejects(source.next(), { code: Code.Internal, rawMessage: /without grpc-encoding/ });

  const short = sourceOf(t).source;
  short.push(Buffer.from([0, 0, 0]));
  short.end();
  await t.rejects(short.next(), { code: Code.InvalidArgument });
});

t.test("return() tells once that nobody reads on", async (t) => {
  const { source, flow } = sourceOf(t);
  source.push(frame("a"));
  t.match(await source.return(), { done: true });
  await source.return();
  t.equal(flow.left, 1);
  source.push(frame("b"));
  t.match(await source.next(), { done: true });
});
