import t from "tap";
import * as fc from "fast-check";
import { EchoResponseSchema } from "../../../test/gen/samspel/test/v1/echo_pb.ts";
import { FrameReader } from "./frame.ts";
import { MessageSink } from "./message-sink.ts";
import { decodeMessage, encodeFrame } from "./message.ts";

/** An outlet that keeps what it gets, and says no after each write of a full one. */
function outletOf(isFull: () => boolean) {
  const writes: Buffer[] = [];
  return {
    writes,
    write(chunk: Buffer): boolean {
      // A copy: what is written is to be sent, not kept.
      writes.push(Buffer.from(chunk));
      return !isFull();
    },
  };
}

function textsOf(writes: readonly Buffer[]): string[] {
  const reader = new FrameReader(1_000_000);
  for (const chunk of writes) reader.push(chunk);
  const texts: string[] = [];
  for (let frame = reader.next(); frame !== undefined; frame = reader.next())
    texts.push(decodeMessage(EchoResponseSchema, frame.data).text);
  reader.end();
  return texts;
}

const frameOf = (text: string): Buffer => encodeFrame(EchoResponseSchema, { text });
const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test("messages of one tick leave in one write, and of the next in another (K1)", async (t) => {
  const outlet = outletOf(() => false);
  const sink = new MessageSink(outlet, undefined);
  for (let number = 0; number < 50; number++) {
    t.equal(sink.add(frameOf(String(number))), undefined);
    // As an async generator does it.
    await Promise.resolve();
  }
  t.equal(outlet.writes.length, 0);
  await tick();
  t.equal(outlet.writes.length, 1);
  t.equal(sink.add(frameOf("later")), undefined);
  await tick();
  t.equal(outlet.writes.length, 2);
  t.same(textsOf(outlet.writes), [...Array.from({ length: 50 }, (_, number) => String(number)), "later"]);
});

t.test("whatever is encoded in between, all messages go out whole and in order", async () => {
  const item = fc.record({
    text: fc.string({ maxLength: 3_000 }),
    between: fc.boolean(),
    wait: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(item, { maxLength: 30 }), async (items) => {
      const outlet = outletOf(() => false);
      const sink = new MessageSink(outlet, undefined);
      for (const { text, between, wait } of items) {
        // Of another call: it takes its place in the buffer that all share.
        if (between) frameOf("of another");
        await sink.add(frameOf(text));
        if (wait) await tick();
      }
      sink.flush();
      return (
        JSON.stringify(textsOf(outlet.writes)) ===
        JSON.stringify(items.map(({ text }) => text.toWellFormed()))
      );
    }),
  );
});

t.test("who writes more than is taken waits until it has left (K2)", async (t) => {
  let isFull = true;
  const outlet = outletOf(() => isFull);
  const sink = new MessageSink(outlet, undefined);
  const full = sink.add(frameOf("x".repeat(40_000)));
  t.ok(full, "it is to be waited for");
  let went = false;
  const waited = full?.then(() => (went = true));
  await tick();
  t.notOk(went);
  isFull = false;
  sink.onDrain();
  await waited;
  t.equal(sink.add(frameOf("y".repeat(40_000))), undefined);
});

t.test("close() lets go who waits, and writes nothing more", async (t) => {
  const outlet = outletOf(() => true);
  const sink = new MessageSink(outlet, undefined);
  const full = sink.add(frameOf("x".repeat(40_000)));
  sink.close();
  await full;
  const { length } = outlet.writes;
  await tick();
  t.equal(outlet.writes.length, length);
});
