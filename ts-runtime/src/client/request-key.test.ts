import { create, toBinary } from "@bufbuild/protobuf";
import t from "tap";
import { CounterService, IncrementRequestSchema } from "../../../test/gen/samspel/test/v1/counter_pb.ts";
import { EchoService } from "../../../test/gen/samspel/test/v1/echo_pb.ts";
import { keyInFrame, requestKey } from "./request-key.ts";

const { increment } = CounterService.method;

function frameOf(counterId: string, flags = 0): Uint8Array {
  const message = toBinary(
    IncrementRequestSchema,
    create(IncrementRequestSchema, { counterId, amount: -7n }),
  );
  return Uint8Array.of(flags, 0, 0, 0, message.length, ...message);
}

t.test("requestKey() reads the key of a message, and of what one is made from", async (t) => {
  t.equal(requestKey(increment, create(IncrementRequestSchema, { counterId: "c1" })), "c1");
  t.equal(requestKey(increment, { counterId: "c1" }), "c1");
  for (const request of [{}, { counterId: "" }, undefined, "c1"])
    t.equal(requestKey(increment, request), undefined);
  t.equal(requestKey(EchoService.method.echo, { text: "c1" }), undefined);
});

t.test("keyInFrame() reads the key of bytes, and nothing of what it cannot read", async (t) => {
  t.equal(keyInFrame(increment, frameOf("ä1")), "ä1");
  t.equal(keyInFrame(increment, frameOf("")), undefined);
  t.equal(keyInFrame(increment, frameOf("c1", 1)), undefined);
  t.equal(keyInFrame(increment, frameOf("c1").subarray(0, 7)), undefined);
  t.equal(keyInFrame(EchoService.method.echo, frameOf("c1")), undefined);
});
