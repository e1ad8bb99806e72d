// A process whose test service is killed with it: see test-service.test.ts.
import { startTestService } from "@samspel/runtime/testing";
import { publish } from "@samspel/runtime";
import { CounterTopics } from "../../gen/samspel/test/v1/counter_pb.ts";
import { defineCounter } from "../../support/counter.ts";

const counter = defineCounter();
const { schema, topicPrefix } = await startTestService({
  entities: [counter],
  topics: [publish(CounterTopics.method.changed, counter, {})],
});
console.log(JSON.stringify({ schema, topicPrefix }));
