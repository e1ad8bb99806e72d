import { create } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import t from "tap";
import {
  BroadcastRequestSchema,
  MailService,
  PackRequestSchema,
  ParcelService,
} from "../../../test/gen/samspel/test/v1/parcel_pb.ts";
import { tellableMethod } from "../descriptor/index.ts";
import { makeTell, outboxMessage, requireDelay } from "./outgoing-tell.ts";

const pack = tellableMethod(ParcelService.method.pack);

t.test("makeTell() lets no key, id or header break out of its line (O2)", async () => {
  const text = fc.string({ unit: "binary", minLength: 1 });
  fc.assert(
    fc.property(text, text, text, (key, id, value) => {
      const request = create(PackRequestSchema, { parcelId: key });
      const tell = makeTell(pack, request, { id, source: "shop", headers: { own: value } });
      const all = [tell.messageId, tell.subject, ...Object.values(tell.headers)];
      return all.every((line) => /^[\x21-\x7e]*$/.test(line));
    }),
  );
});

t.test("makeTell() tells apart what differs in method, key or id (O1)", async () => {
  const part = fc.string({ unit: fc.constantFrom("a", "b", "/", "%", "2", "F"), minLength: 1, maxLength: 5 });
  const tell = (key: string, id: string): string =>
    makeTell(pack, create(PackRequestSchema, { parcelId: key }), { id, source: "shop" }).messageId;
  fc.assert(
    fc.property(part, part, part, part, (key, id, otherKey, otherId) => {
      fc.pre(key !== otherKey || id !== otherId);
      return tell(key, id) !== tell(otherKey, otherId);
    }),
  );
});

t.test("makeTell() takes the id for the key of a request without one", async (t) => {
  const broadcast = tellableMethod(MailService.method.broadcast);
  const tell = makeTell(broadcast, create(BroadcastRequestSchema), { id: "x", source: "shop" });
  t.match(tell, { identity: { key: "x" }, messageId: "Broadcast/x/x", headers: { "ce-partitionkey": "x" } });
  t.equal(outboxMessage(tell, undefined).key, "x");
});

t.test("requireDelay() takes none for nought, and refuses what cannot be", async (t) => {
  const { method } = pack;
  t.equal(requireDelay(method, undefined), undefined);
  t.equal(requireDelay(method, 0), undefined);
  t.equal(requireDelay(method, 5), 5);
  for (const delayMs of [-1, Number.NaN, Infinity, 1e15])
    t.throws(() => requireDelay(method, delayMs), RangeError, String(delayMs));
});
