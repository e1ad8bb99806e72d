// Bytes as no good peer sends them, and what gRPC says of those. Tests draw them by fast-check, which prints the seed of a
// failure. FUZZ_RUNS is how many are drawn of each kind: a few hundred by default, more for an hour of searching.
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from "node:zlib";
import { fromBinary, type DescMessage, type MessageShape } from "@bufbuild/protobuf";
import * as fc from "fast-check";

export const runs = Number(process.env["FUZZ_RUNS"] ?? 200);

/** Of messages: what peers take. Small, so that it is reached. */
export const maxBytes = 10_000;

/** Compressed, it is small; what becomes of it is a hundred times too large. */
const bomb = gzipSync(Buffer.alloc(100 * maxBytes));

export type Encoding = "identity" | "gzip" | "br" | "snappy" | undefined;

export const encoding: fc.Arbitrary<Encoding> = fc.constantFrom(
  undefined,
  undefined,
  "gzip",
  "gzip",
  "br",
  "identity",
  "snappy",
);

export function isKnown(name: Encoding): boolean {
  return name !== "snappy";
}

/** A body, and the pieces that it comes in. */
export interface Body {
  readonly bytes: Buffer;
  readonly chunks: readonly Buffer[];
}

/** Frames of gRPC, most of them good, with messages that `encode` makes of texts. */
export function body(encode: (text: string) => Uint8Array): fc.Arbitrary<Body> {
  const text = fc.string({ maxLength: 20 });
  const valid = text.map(encode);
  const data = fc.oneof(
    { weight: 8, arbitrary: valid },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 30 }) },
  );
  const compressed = fc.oneof(
    { weight: 6, arbitrary: data.map((bytes) => gzipSync(bytes)) },
    { weight: 3, arbitrary: data.map((bytes) => brotliCompressSync(bytes)) },
    { weight: 1, arbitrary: fc.constant(bomb) },
    {
      weight: 1,
      arbitrary: fc.tuple(valid, fc.nat(30)).map(([bytes, length]) => gzipSync(bytes).subarray(0, length)),
    },
    { weight: 1, arbitrary: data },
  );
  const lie = fc.oneof(
    { weight: 20, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: -3, max: 3 }) },
    { weight: 1, arbitrary: fc.constantFrom(maxBytes, 0x7fffffff, 0xfffff000) },
  );
  const frame = fc.oneof(
    { weight: 8, arbitrary: fc.tuple(fc.constant(0), data, lie) },
    { weight: 4, arbitrary: fc.tuple(fc.constant(1), compressed, lie) },
    { weight: 1, arbitrary: fc.tuple(fc.nat(255), data, lie) },
  );
  const frames = fc.oneof(
    { weight: 3, arbitrary: fc.array(frame, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(frame, { maxLength: 5 }) },
  );
  const rest = fc.oneof(
    { weight: 10, arbitrary: fc.constant(new Uint8Array()) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 6 }) },
  );
  return fc.tuple(frames, rest, cuts).map(([all, more, sizes]) => {
    const bytes = Buffer.concat([...all.map(framed), more]);
    return { bytes, chunks: [...pieces(bytes, sizes)] };
  });
}

function framed([flags, data, lie]: readonly [number, Uint8Array, number]): Buffer {
  const frame = Buffer.concat([Buffer.alloc(5), data]);
  frame[0] = flags;
  frame.writeUInt32BE(Math.max(0, data.length + lie) % 2 ** 32, 1);
  return frame;
}

/** Sizes of pieces, again and again; none: all in one. */
export const cuts: fc.Arbitrary<readonly number[]> = fc.oneof(
  fc.constant([]),
  fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 }),
);

export function* pieces(bytes: Buffer, sizes: readonly number[]): Generator<Buffer> {
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % Math.max(1, sizes.length)] ?? bytes.length;
    yield bytes.subarray(at, (at += size));
  }
}

/** What a body is by the letter: the messages before what is wrong with it, and whether nothing is. */
export interface Reading<D extends DescMessage> {
  readonly messages: readonly MessageShape<D>[];
  readonly isGood: boolean;
}

export function readBody<D extends DescMessage>(desc: D, bytes: Buffer, encoding: Encoding): Reading<D> {
  const messages: MessageShape<D>[] = [];
  for (let at = 0; at < bytes.length;) {
    if (bytes.length - at < 5) return { messages, isGood: false };
    const [flags, length] = [bytes[at], bytes.readUInt32BE(at + 1)];
    const data = bytes.subarray(at + 5, at + 5 + length);
    if (flags === undefined || flags > 1 || length > maxBytes || data.length < length)
      return { messages, isGood: false };
    try {
      messages.push(fromBinary(desc, flags === 0 ? data : inflated(data, encoding)));
    } catch {
      return { messages, isGood: false };
    }
    at += 5 + length;
  }
  return { messages, isGood: true };
}

function inflated(data: Buffer, encoding: Encoding): Buffer {
  if (isKnown(encoding) && encoding !== "identity" && encoding !== undefined && data.length === 0)
    return data;
  if (encoding === "gzip") return gunzipSync(data, { maxOutputLength: maxBytes });
  if (encoding === "br") return brotliDecompressSync(data, { maxOutputLength: maxBytes });
  throw new TypeError("nothing was agreed on");
}

/** Values of headers that HTTP carries. */
export const headerValue: fc.Arbitrary<string> = fc.string({ maxLength: 12 }).map((value) => value.trim());

/** What happens to bytes on a bad way. */
interface Edit {
  readonly type: "flip" | "cut" | "repeat" | "insert";
  /** Where, counted on from the end to the beginning again. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

export const edits: fc.Arbitrary<readonly Edit[]> = fc.array(
  fc.record({
    type: fc.constantFrom("flip", "flip", "cut", "repeat", "insert"),
    at: fc.nat(100_000),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 16 }),
  }),
  { maxLength: 6 },
);

export function edited(original: Buffer, all: readonly Edit[]): Buffer {
  return all.reduce((bytes, { type, at: anywhere, bytes: own }) => {
    const at = anywhere % (bytes.length + 1);
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
    if (type === "cut") return Buffer.concat([before, after.subarray(own.length)]);
    if (type === "repeat") return Buffer.concat([before, after.subarray(0, 20 * own.length), after]);
    if (type === "insert") return Buffer.concat([before, own, after]);
    return Buffer.concat([
      before,
      after.subarray(0, 1).map((byte) => byte ^ (own[0] ?? 1)),
      after.subarray(1),
    ]);
  }, original);
}
