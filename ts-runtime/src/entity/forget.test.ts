import { create, fromBinary, toBinary, type DescMessage, type Message } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import t from "tap";
import { defineMember, type MemberEventInit } from "../../../test/support/member.ts";
import { MemberEventSchema } from "../../../test/gen/samspel/test/v1/member_pb.ts";
import { eventOneof } from "./event-oneof.ts";
import { createRemains, type Remains } from "./forget.ts";

const member = defineMember();
const oneof = eventOneof(MemberEventSchema);

const bytes = (event: MemberEventInit): Uint8Array =>
  toBinary(MemberEventSchema, create(MemberEventSchema, { event }));

const remainsOf = (remains: Remains | undefined, payload: Uint8Array): Uint8Array => {
  if (typeof remains !== "function") throw new TypeError("nothing remains");
  return remains(payload);
};

const policy = (handlers: object): Remains | undefined => createRemains("member", oneof, handlers);

t.test("what remains of an event is its case with what the handler leaves, or nothing", async (t) => {
  const registered = { case: "registered", value: { name: "Wilhelmina", email: "w@mail" } } as const;
  const left = fromBinary(MemberEventSchema, remainsOf(member.remains, bytes(registered)));
  t.match(left.event, { case: "registered", value: { name: "", email: "" } });
  t.same(remainsOf(member.remains, bytes({ case: "noted", value: { text: "tall" } })), new Uint8Array());
  const paid = bytes({ case: "feePaid", value: { amount: 5n } });
  t.equal(remainsOf(member.remains, paid), paid, "a case without a handler stays");
  t.same(remainsOf(member.remains, new Uint8Array()), new Uint8Array(), "an erased one stays erased");
  t.equal(defineMember({ everything: true }).remains, "nothing");
});

t.test("fields that this version does not know do not survive a handler", async (t) => {
  // Field 9 of `Registered`: "secret".
  const unknown = Buffer.concat([Buffer.from([0x0a, 0x08, 0x4a, 0x06]), Buffer.from("secret")]);
  t.notOk(Buffer.from(remainsOf(member.remains, unknown)).includes("secret"));
  const kept = policy({ registered: (event: object) => event });
  t.notOk(Buffer.from(remainsOf(kept, unknown)).includes("secret"));
});

t.test("handlers that do not fit are refused by name", async (t) => {
  t.throws(() => policy({ registred: () => undefined }), {
    code: "SAMSPEL_INVALID_CONFIGURATION",
    message: /forget of entity member: registred; samspel\.test\.v1\.MemberEvent has registered, noted/,
  });
  const registered = bytes({ case: "registered", value: { name: "W" } });
  t.throws(() => remainsOf(policy({ registered: () => ({ nam: "" }) }), registered), {
    name: "TypeError",
    message: /samspel\.test\.v1\.Registered has no field "nam": it has name, email/,
  });
  t.throws(() => remainsOf(policy({ registered: () => null }), registered), {
    name: "TypeError",
    message: "Forget handler registered of entity member must return what remains of the event, or undefined",
  });
  t.throws(() => remainsOf(member.remains, Uint8Array.of(0x7a, 0x00)), { code: "SAMSPEL_EVENT_UNKNOWN" });
});

const event: fc.Arbitrary<MemberEventInit> = fc.oneof(
  fc
    .record({ name: fc.string(), email: fc.string() })
    .map((value): MemberEventInit => ({ case: "registered", value })),
  fc.string().map((text): MemberEventInit => ({ case: "noted", value: { text } })),
  fc
    .bigInt({ min: 0n, max: 1_000n })
    .map((amount): MemberEventInit => ({ case: "feePaid", value: { amount } })),
  fc.constant<MemberEventInit>({ case: "forgotten", value: {} }),
);

const fold = (payloads: readonly Uint8Array[]): Message =>
  payloads.reduce((state, payload) => member.fold(state, payload), member.initialState());
const plain = (state: Message): Uint8Array => toBinary<DescMessage>(member.state, state);

t.test("folding what remains is folding the events with the handlers applied", async () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), (events) => {
      const rewritten = events.map((event) => remainsOf(member.remains, bytes(event)));
      const applied = events.flatMap((event): MemberEventInit[] => {
        if (event.case === "noted") return [];
        return event.case === "registered" ? [{ case: "registered", value: {} }] : [event];
      });
      return Buffer.from(plain(fold(rewritten))).equals(plain(fold(applied.map(bytes))));
    }),
  );
});

t.test("what remains of what remains is the same", async () => {
  fc.assert(
    fc.property(event, (event) => {
      const once = remainsOf(member.remains, bytes(event));
      return Buffer.from(remainsOf(member.remains, once)).equals(once);
    }),
  );
});
