import { Code } from "@connectrpc/connect";
import { StringValueSchema } from "@bufbuild/protobuf/wkt";
import t from "tap";
import { MessageSource } from "./message-source.ts";
import { RequestMemory } from "./request-memory.ts";

const options = { desc: StringValueSchema, maxBytes: 1_000_000, compression: undefined };
/** The beginning of a message of 500,000 bytes. */
const beginning = Buffer.concat([Buffer.from([0, 0, 7, 0xa1, 0x20]), Buffer.alloc(100_000)]);

t.test("requests that do not end take so much in all, and what is large is refused then (B1)", async (t) => {
  const memory = new RequestMemory(250_000);
  const [first, second, third] = [0, 1, 2].map(() => new MessageSource({ ...options, memory }, undefined));
  for (const source of [first, second, third]) source?.push(beginning);
  t.equal(memory.bytes, 2 * beginning.length, "what the third had is forgotten");
  await t.rejects(async () => void (await third?.next()), { code: Code.ResourceExhausted });

  const small = new MessageSource({ ...options, memory }, undefined);
  memory.bytes += 100_000;
  small.push(Buffer.concat([Buffer.from([0, 0, 0, 0, 3, 0x0a, 1]), Buffer.from("a")]));
  t.match(await small.next(), { done: false, value: { value: "a" } }, "small ones come through");
  memory.bytes -= 100_000;

  first?.abort(new Error("the call is over"));
  await second?.return();
  t.equal(memory.bytes, 0, "what ends gives back what it had");
});
