// What is published and told.
import { Code } from "@connectrpc/connect";
import { errorDetail } from "@samspel/runtime";
import { ScenarioTopics } from "../../gen/samspel/scenario/v1/scenario_pb.ts";
import { clientOf, failure, parameter, same, type Scenario } from "./scenario.ts";

const keys = 20;
const numbers = 10;

export const topic: Scenario = async (run) => {
  const sender = run.service.topic(ScenarioTopics.method.happened);
  const prefix = parameter(run, "run");
  const traceparent = run.call.requestHeader.get("traceparent") ?? "";
  const published: Promise<string>[] = [];
  for (let number = 1; number <= numbers; number++) {
    for (let key = 0; key < keys; key++) {
      const event = { key: `k-${key}`, number };
      const options = {
        id: `${prefix}/${event.key}/${number}`,
        headers: { "x-tenant": "grün", traceparent },
      };
      published.push(sender.publish(event, options), sender.publish(event, options));
    }
  }
  same("all are published", (await Promise.all(published)).length, 2 * keys * numbers);
};

export const tell: Scenario = async (run) => {
  const client = clientOf(run);
  const request = { key: parameter(run, "key"), text: "told" };
  const options = { idempotencyKey: parameter(run, "id"), headers: { "x-tenant": "grün" } };
  const receipts = [await client.tell.note(request, options), await client.tell.note(request, options)];
  for (const receipt of receipts) same("count", (await receipt.reply({ timeoutMs: 15_000 })).count, 1);
};

export const tellRejected: Scenario = async (run) => {
  const receipt = await clientOf(run).tell.note(
    { key: "reject", text: "told" },
    { idempotencyKey: parameter(run, "id") },
  );
  const error = await failure("the tell", Code.FailedPrecondition, receipt.reply({ timeoutMs: 5_000 }));
  same("reason", errorDetail(error)?.code, "SCENARIO_REJECTED");
};
