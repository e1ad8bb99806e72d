// The law behind the rules: whatever changes, if the comparison refuses nothing, then each stored value is read again,
// and none that was not stored. The other way round, changes that are free are never refused.
import { create, fromBinary, toBinary, type DescMessage, type Message } from "@bufbuild/protobuf";
import {
  isReflectList,
  isReflectMap,
  isReflectMessage,
  reflect,
  type ReflectMessage,
} from "@bufbuild/protobuf/reflect";
import { FieldDescriptorProto_Type as Type } from "@bufbuild/protobuf/wkt";
import * as fc from "fast-check";
import t from "tap";
import {
  compile,
  label,
  messages,
  type,
  types,
  version,
  type Field,
  type Version,
} from "../../../test/support/proto-versions.ts";
import { compareEvents } from "./compare-messages.ts";
import { decodeDescriptor, encodeDescriptor } from "./descriptor-set.ts";
import { verdictOf } from "./finding.ts";

/** A change of one field; undefined removes it. */
type Change = (field: Field) => Field | undefined;

const rename: Change = (field) => ({ ...field, name: `other_${field.number}` });
const widened: Partial<Record<Type, Field["type"]>> = {
  [Type.INT32]: Type.INT64,
  [Type.UINT32]: Type.INT64,
  [Type.BOOL]: Type.UINT32,
  [Type.ENUM]: Type.INT32,
  [Type.SINT32]: Type.SINT64,
  [Type.STRING]: Type.BYTES,
};
const widen: Change = (field) => ({ ...field, type: widened[field.type] ?? field.type });
const repeat: Change = (field) => ({ ...field, label: "repeated" });
const leave: Change = (field) => field;
const remove: Change = () => undefined;

/** Any change at all, and often none, as else nearly all would be refused. */
const anyChange: fc.Arbitrary<Change> = fc.oneof(
  { weight: 8, arbitrary: fc.constant(leave) },
  fc.constantFrom(rename, widen, repeat, remove),
  type.map((type): Change => (field) => ({ ...field, type })),
  label.map((label): Change => (field) => ({ ...field, label })),
);
const freeChange = fc.constantFrom(leave, rename, widen, repeat, remove);

function changed(version: Version, changes: readonly Change[]): Version {
  let index = 0;
  const next = (field: Field): readonly Field[] => {
    const is = changes[index++ % changes.length]?.(field);
    return is === undefined ? [] : [is];
  };
  return { first: version.first.flatMap(next), second: version.second.flatMap(next) };
}

/** Whether what was stored is what is read. */
function isRead(was: ReflectMessage, is: ReflectMessage): boolean {
  return was.fields.every((field) => {
    const now = is.fields.find(({ number }) => number === field.number);
    if (now === undefined) return true; // passed over, as the rules say
    if (!was.isSet(field)) return !is.isSet(now);
    const [stored, read] = [was.get(field), is.get(now)];
    if (!isReflectList(read)) return isSame(stored, read);
    const list = isReflectList(stored) ? [...stored] : [stored];
    return list.length === read.size && list.every((item, index) => isSame(item, read.get(index)));
  });
}

function isSame(stored: unknown, read: unknown): boolean {
  if (isReflectMap(stored) || isReflectMap(read)) return false;
  if (!isReflectMessage(stored)) return normal(stored) === normal(read);
  if (isReflectMessage(read)) return isRead(stored, read);
  return normal(toBinary(stored.desc, stored.message)) === normal(read);
}

function normal(value: unknown): string {
  if (typeof value === "string") return Buffer.from(value).toString("hex");
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  return String(typeof value === "boolean" ? Number(value) : value);
}

interface Sample {
  readonly stored: DescMessage;
  readonly compiled: DescMessage;
  readonly message: Message;
}

const samples = (change: fc.Arbitrary<Change>): fc.Arbitrary<Sample> =>
  fc.tuple(version, fc.array(change, { minLength: 10, maxLength: 10 })).chain(([before, changes]) => {
    const stored = compile(before, "was");
    const compiled = compile(changed(before, changes), "is");
    return messages(stored, 3).map((message) => ({ stored, compiled, message }));
  });

const refusals = ({ stored, compiled }: Sample): number =>
  compareEvents(stored, compiled).filter((finding) => verdictOf(finding) !== "warned").length;

/** A message that holds a number, in a field of that type. */
const single = (type: Field["type"]): Version => ({
  first: [{ number: 1, name: "field_1", type, label: "optional" }],
  second: [{ number: 1, name: "field_1", type: Type.SINT32, label: "optional" }],
});

function survives({ stored, compiled, message }: Sample): boolean {
  const bytes = toBinary(stored, message);
  try {
    return isRead(reflect(stored, message), reflect(compiled, fromBinary(compiled, bytes)));
  } catch {
    return false; // bytes that are nothing under the other version
  }
}

t.test("what compareEvents() does not refuse is read without loss", async (t) => {
  let taken = 0;
  let refused = 0;
  fc.assert(
    fc.property(samples(anyChange), (sample) => {
      if (refusals(sample) > 0) return void refused++;
      taken++;
      if (!survives(sample)) throw new Error("stored values are lost");
    }),
    { numRuns: 1_000 },
  );
  t.ok(taken > 100 && refused > 100, `${taken} taken, ${refused} refused`);
});

t.test("of each pair of types, compareEvents() refuses exactly what loses a value", async (t) => {
  for (const was of types) {
    const stored = compile(single(was), "was");
    const events = fc.sample(messages(stored, 2), 200);
    for (const is of types) {
      const compiled = compile(single(is), "is");
      const lost = events.some((message) => !survives({ stored, compiled, message }));
      const refused = refusals({ stored, compiled, message: create(stored) }) > 0;
      t.equal(refused, lost, `${Type[was]} to ${Type[is]}`);
    }
  }
});

t.test("compareEvents() refuses no change that is free", async (t) => {
  fc.assert(
    fc.property(samples(freeChange), (sample) => refusals(sample) === 0 && survives(sample)),
    { numRuns: 500 },
  );
  t.pass("no counter-example was found");
});

t.test("compareEvents() finds nothing where nothing changed, stored descriptor included", async (t) => {
  fc.assert(
    fc.property(version, (version) => {
      const message = compile(version, "was");
      const { bytes, message: name, digest } = encodeDescriptor(message);
      const stored = decodeDescriptor(bytes, name);
      return (
        stored !== undefined &&
        encodeDescriptor(stored).digest === digest &&
        compareEvents(message, message).length === 0 &&
        compareEvents(stored, message).length === 0
      );
    }),
    { numRuns: 300 },
  );
  t.pass("no counter-example was found");
});
