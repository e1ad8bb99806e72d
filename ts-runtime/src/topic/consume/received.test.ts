import { assert, nat, option, property, stringMatching } from "fast-check";
import t from "tap";
import { readReply, replyPrefixLength } from "./received.ts";

t.test("readReply() finds its numbers, with a domain and without", (t) => {
  const token = stringMatching(/^[A-Za-z0-9_-]{1,20}$/);
  assert(
    property(token, token, option(token), nat(), nat(), (stream, consumer, domain, sequence, count) => {
      const account = domain === null ? "" : `${domain}.hash.`;
      const random = domain === null ? "" : ".token";
      const reply = `$JS.ACK.${account}${stream}.${consumer}.1.${sequence}.${count}.1700000000000000000.7${random}`;
      const numbers = { sequence: 0, consumerSequence: 0 };
      readReply(reply, replyPrefixLength(reply), numbers);
      return numbers.sequence === sequence && numbers.consumerSequence === count;
    }),
  );
  t.end();
});
