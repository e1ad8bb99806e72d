// The law of the codec: it says what protobuf-es says, byte for byte, value for value and error for error, over any
// message types, messages and bytes.
import { deepStrictEqual } from "node:assert";
import { inspect } from "node:util";
import { fromBinary, toBinary, type DescMessage } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import t from "tap";
import { anyMessage, anyType, type Draw } from "../../../test/support/any-message.ts";
import { decodeByPlan } from "./decode.ts";
import { encodeByPlan } from "./encode.ts";
import { decode, encode } from "./index.ts";

type Outcome = { readonly value: unknown } | { readonly error: string };

function outcomeOf(work: () => unknown): Outcome {
  try {
    return { value: work() };
  } catch (error) {
    return { error: inspect(error).split("\n")[0] ?? "" };
  }
}

/** As text too, which shows the order of properties. */
function same(actual: Outcome, expected: Outcome): void {
  deepStrictEqual(actual, expected);
  const options = { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity };
  deepStrictEqual(inspect(actual, options), inspect(expected, options));
}

function plain(outcome: Outcome): Outcome {
  return "value" in outcome && outcome.value instanceof Uint8Array
    ? { value: Uint8Array.from(outcome.value) }
    : outcome;
}

function check(numRuns: number, law: (draw: Draw) => void): void {
  fc.assert(
    fc.property(fc.gen(), (draw) => {
      law((arbitrary) => draw(() => arbitrary));
    }),
    // What is drawn on the way shrinks badly.
    { numRuns, endOnFailure: true },
  );
}

function valid(draw: Draw, desc: DescMessage): Uint8Array | undefined {
  try {
    return toBinary(desc, anyMessage(draw, desc, Infinity) as never);
  } catch {
    // A required field lacks.
    return undefined;
  }
}

t.test("encode() writes the bytes that toBinary() writes, and refuses what it refuses", async (t) => {
  let [all, planned] = [0, 0];
  check(1_000, (draw) => {
    const desc = anyType(draw);
    for (const wrongOneOf of [Infinity, 30]) {
      const message = anyMessage(draw, desc, wrongOneOf) as never;
      all++;
      if (encodeByPlan(desc, message) !== undefined) planned++;
      same(
        plain(outcomeOf(() => encode(desc, message))),
        outcomeOf(() => toBinary(desc, message)),
      );
    }
  });
  t.ok(planned > all / 2, `${planned} of ${all} by plan`);
});

t.test("decode() reads the message that fromBinary() reads", async (t) => {
  let [all, planned] = [0, 0];
  check(1_000, (draw) => {
    const desc = anyType(draw);
    const bytes = valid(draw, desc);
    if (bytes === undefined) return;
    all++;
    if (decodeByPlan(desc, bytes) !== undefined) planned++;
    same(
      outcomeOf(() => decode(desc, bytes)),
      outcomeOf(() => fromBinary(desc, bytes)),
    );
    const buffer = Buffer.from(bytes);
    same(
      outcomeOf(() => decode(desc, buffer)),
      outcomeOf(() => fromBinary(desc, buffer)),
    );
  });
  t.ok(planned > all / 2, `${planned} of ${all} by plan`);
});

type Damage = (bytes: readonly number[], at: number) => readonly number[];

const damage = fc.oneof(
  fc.nat({ max: 255 }).map(
    (byte): Damage =>
      (bytes, at) =>
        bytes.with(at, byte),
  ),
  fc.nat({ max: 7 }).map(
    (bit): Damage =>
      (bytes, at) =>
        bytes.with(at, (bytes[at] ?? 0) ^ (1 << bit)),
  ),
  fc.constant<Damage>((bytes, at) => bytes.slice(0, at)),
  fc.uint8Array({ minLength: 1, maxLength: 4 }).map(
    (more): Damage =>
      (bytes, at) =>
        bytes.toSpliced(at, 0, ...more),
  ),
  fc.nat({ max: 5 }).map(
    (count): Damage =>
      (bytes, at) =>
        bytes.toSpliced(at, count),
  ),
  fc.constant<Damage>((bytes) => [...bytes, ...bytes]),
);

t.test("decode() reads damaged bytes as fromBinary() does, and refuses them as it does", async () => {
  check(2_000, (draw) => {
    const desc = anyType(draw);
    let bytes: readonly number[] = [...(valid(draw, desc) ?? [8, 1])];
    for (let times = draw(fc.integer({ min: 1, max: 3 })); times > 0 && bytes.length > 0; times--)
      bytes = draw(damage)(bytes, draw(fc.nat({ max: bytes.length - 1 })));
    const damaged = Uint8Array.from(bytes);
    same(
      outcomeOf(() => decode(desc, damaged)),
      outcomeOf(() => fromBinary(desc, damaged)),
    );
  });
});

t.test(
  "decode() reads the messages of other types as fromBinary() does: unknown fields, merged ones, other forms",
  async () => {
    check(1_000, (draw) => {
      const [written, read] = [anyType(draw), anyType(draw)];
      const bytes = valid(draw, written);
      if (bytes === undefined) return;
      same(
        outcomeOf(() => decode(read, bytes)),
        outcomeOf(() => fromBinary(read, bytes)),
      );
    });
  },
);
