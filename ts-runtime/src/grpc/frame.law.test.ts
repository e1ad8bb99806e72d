// Frames are the same however their bytes are cut, and nothing that comes is more than an error (F1, F2).
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Code, ConnectError } from "@connectrpc/connect";
import * as fc from "fast-check";
import t from "tap";
import { FrameReader, soleFrame, writeFrameHeader, type Frame } from "./frame.ts";

const limit = 1_000;
const payload = fc.uint8Array({ maxLength: 300 });
const cuts = fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 60 });

function framed(data: Uint8Array, compressed: boolean): Buffer {
  return writeFrameHeader(Buffer.concat([Buffer.alloc(5), data]), compressed);
}

/** The bytes in pieces of these sizes, again and again; sizes of 0 give empty chunks. */
function* chunksOf(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  const useful = sizes.some((size) => size > 0) ? sizes : [1];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = useful[turn % useful.length] ?? 1;
    yield bytes.subarray(at, (at += size));
  }
}

function readAll(reader: FrameReader, chunks: Iterable<Buffer>): Frame[] {
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame);
  }
  return frames;
}

t.test("FrameReader gives the frames that were written, however they are cut (F2)", async () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(payload, fc.boolean())), cuts, (messages, sizes) => {
      const bytes = Buffer.concat(messages.map(([data, compressed]) => framed(data, compressed)));
      const reader = new FrameReader(limit);
      const frames = readAll(reader, chunksOf(bytes, sizes));
      reader.end();
      return (
        reader.buffered === 0 &&
        frames.length === messages.length &&
        frames.every(({ data, compressed }, index) => {
          const [expected, flag] = messages[index] ?? [];
          return compressed === flag && Buffer.from(expected ?? []).equals(data);
        })
      );
    }),
  );
});

t.test("FrameReader takes any bytes as frames, or fails as gRPC says", async () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), cuts, (bytes, sizes) => {
      const reader = new FrameReader(limit);
      try {
        readAll(reader, chunksOf(Buffer.from(bytes), sizes));
        reader.end();
      } catch (error) {
        if (!(error instanceof ConnectError)) throw error;
        return [Code.Internal, Code.ResourceExhausted, Code.InvalidArgument].includes(error.code);
      }
      return true;
    }),
  );
});

t.test("FrameReader refuses a length above the limit by its header alone (F1)", async (t) => {
  const reader = new FrameReader(limit);
  reader.push(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]));
  t.throws(() => reader.next(), { code: Code.ResourceExhausted });
  const exact = new FrameReader(limit);
  exact.push(framed(Buffer.alloc(limit), false));
  t.equal(exact.next()?.data.length, limit);
});

t.test("FrameReader holds little more than what came, in however small pieces (F3)", async (t) => {
  setFlagsFromString("--expose-gc");
  const collectGarbage: () => void = runInNewContext("gc");
  const bytesNow = (): number => {
    collectGarbage();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const count = 200_000;
  const before = bytesNow();
  const reader = new FrameReader(4 * count);
  const header = Buffer.alloc(5);
  header.writeUInt32BE(2 * count, 1);
  reader.push(header);
  for (let number = 0; number < count; number++) reader.push(Buffer.from([number]));
  t.equal(reader.next(), undefined);
  const heldBytes = bytesNow() - before;
  t.ok(heldBytes < 20 * count, `${heldBytes} bytes are held for ${count}`);
  for (let number = 0; number < count; number++) reader.push(Buffer.from([number]));
  const data = reader.next()?.data;
  t.ok(data?.every((byte, index) => byte === (index % count) % 256));
  t.equal(reader.buffered, 0);
});

t.test("FrameReader.end() finds a message that was begun", async (t) => {
  for (const bytes of [[0], [0, 0, 0, 0, 1], [0, 0, 0, 0, 2, 7]]) {
    const reader = new FrameReader(limit);
    reader.push(Buffer.from(bytes));
    t.equal(reader.next(), undefined);
    t.throws(() => reader.end(), { code: Code.InvalidArgument });
  }
});

t.test("soleFrame() takes what FrameReader would, and leaves all else to it", async () => {
  fc.assert(
    fc.property(payload, fc.boolean(), fc.uint8Array({ maxLength: 3 }), (data, compressed, more) => {
      const chunk = Buffer.concat([framed(data, compressed), more]);
      const sole = soleFrame(chunk, limit);
      if (compressed || more.length > 0) return sole === undefined;
      return sole !== undefined && sole.equals(data) && soleFrame(chunk, data.length - 1) === undefined;
    }),
  );
});
