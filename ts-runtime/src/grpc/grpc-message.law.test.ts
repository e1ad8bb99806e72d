import * as fc from "fast-check";
import t from "tap";
import { decodeText, encodeText } from "./grpc-message.ts";

const text = fc.string({ unit: "binary" });

t.test("encodeText() and decodeText() keep any text, in printable ASCII", async () => {
  fc.assert(
    fc.property(text, (message) => {
      const encoded = encodeText(message);
      return /^[ -~]*$/.test(encoded) && decodeText(encoded) === message.toWellFormed();
    }),
  );
});

t.test("encodeText() leaves alone what gRPC leaves alone", async (t) => {
  t.equal(encodeText('cart is empty: "c1" (50 of 60)'), 'cart is empty: "c1" (50 of 60)');
  t.equal(encodeText("50%"), "50%25");
  t.equal(encodeText("naïve\n☃"), "na%C3%AFve%0A%E2%98%83");
});

t.test("decodeText() never fails, and leaves as it came what is not well encoded", async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme-ascii" }), (encoded) => typeof decodeText(encoded) === "string"),
  );
  t.equal(decodeText("100%"), "100%");
  t.equal(decodeText("%zz%41%4"), "%zzA%4");
  t.equal(decodeText("%c3%b6"), "ö", "in lower case, too");
  t.equal(decodeText("%FF"), "\uFFFD");
});
