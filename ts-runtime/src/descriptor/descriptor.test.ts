import { create } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import t from "tap";
import {
  ActRequestSchema,
  BadTopics,
  NoKeySchema,
  NumberKeySchema,
  RepeatedKeySchema,
} from "../../../test/gen/samspel/test/v1/bad_options_pb.ts";
import { CounterTopics, IncrementRequestSchema } from "../../../test/gen/samspel/test/v1/counter_pb.ts";
import { PresenceTopics } from "../../../test/gen/samspel/test/v1/presence_pb.ts";
import { findKeyField, keyField, keyOf } from "./key-field.ts";
import { partitionOf, sliceOf } from "./slice.ts";
import { isLiveTopic, liveTopicDescriptor, topicDescriptor } from "./topic-options.ts";

const refusal = (message: RegExp) => ({ code: "SAMSPEL_INVALID_CONFIGURATION", message });

t.test("keyOf() reads the key that the proto file marks", async (t) => {
  const field = keyField(IncrementRequestSchema, "a command");
  t.equal(field.name, "counter_id");
  t.equal(keyOf(field, create(IncrementRequestSchema, { counterId: "7" })), "7");
  t.equal(findKeyField(NoKeySchema), undefined);
});

t.test("keyField() refuses a key that cannot work, and names it", async (t) => {
  t.throws(
    () => keyField(ActRequestSchema, "a command"),
    refusal(/ActRequest has two keys, first_id and second_id: keep one/),
  );
  t.throws(
    () => keyField(NumberKeySchema, "a command"),
    refusal(/NumberKey\.id must be a singular string field/),
  );
  t.throws(
    () => keyField(RepeatedKeySchema, "a command"),
    refusal(/RepeatedKey\.ids must be a singular string field/),
  );
  t.throws(
    () => keyField(NoKeySchema, "a command"),
    refusal(/NoKey is a command and needs a key: mark one string field/),
  );
});

t.test("topicDescriptor() takes its defaults from the method", async (t) => {
  const { name, partitions, message } = topicDescriptor(CounterTopics.method.changed);
  t.match({ name, partitions }, { name: "samspel.test.v1.CounterTopics.Changed", partitions: 16 });
  t.equal(message.typeName, "samspel.test.v1.CounterChanged");
});

t.test("topicDescriptor() refuses options that cannot work, and names the method", async (t) => {
  const { noTopic, unary, keyless, wide, misnamed } = BadTopics.method;
  t.throws(() => topicDescriptor(noTopic), refusal(/BadTopics\.NoTopic cannot be a topic: it lacks `option/));
  t.throws(() => topicDescriptor(unary), refusal(/BadTopics\.Unary cannot be a topic: declare it as/));
  t.throws(() => topicDescriptor(keyless), refusal(/NoKey is the message of topic .* and needs a key/));
  t.throws(() => topicDescriptor(wide), refusal(/partitions must be from 1 to 256: current value is 1000/));
  t.throws(() => topicDescriptor(misnamed), refusal(/current value is "a b"/));
});

t.test("liveTopicDescriptor() needs no key, and refuses what a live topic cannot have", async (t) => {
  const { presence, ticks } = PresenceTopics.method;
  t.match(liveTopicDescriptor(presence), { name: "samspel.test.v1.PresenceTopics.Presence" });
  t.equal(liveTopicDescriptor(presence).keyField?.name, "user_id");
  t.match(liveTopicDescriptor(ticks), { name: "ticks", keyField: undefined });
  t.same([isLiveTopic(presence), isLiveTopic(CounterTopics.method.changed)], [true, false]);
  t.throws(() => topicDescriptor(presence), refusal(/topic .*Presence is live, so nothing of it is kept/));
  t.throws(() => liveTopicDescriptor(CounterTopics.method.changed), refusal(/is durable/));
  t.throws(
    () => liveTopicDescriptor(BadTopics.method.livePartitions),
    refusal(/is live and has no partitions: current value is 4/),
  );
});

t.test("slices and partitions lie in their range, for any key", async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.integer({ min: 1, max: 256 }), (key, partitions) => {
      const partition = partitionOf(key, partitions);
      const slice = sliceOf(key);
      return slice >= 0 && slice < 1024 && partition >= 0 && partition < partitions;
    }),
  );
  t.pass("no counter-example was found");
});
