// The pages before the real server and a real service: what the fake says of both is true.
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { publish, startService, subscribe } from "@samspel/runtime";
import { join } from "node:path";
import t from "tap";
import { startCollector } from "../../devkit/src/collector/index.ts";
import { startDashboard } from "../../devkit/src/dashboard/index.ts";
import { CounterTopics } from "../gen/samspel/test/v1/counter_pb.ts";
import { defineCounter } from "../support/counter.ts";
import { databaseUrl, natsUrl } from "../support/environment.ts";
import { testSchema, testTopicPrefix } from "../support/isolation.ts";
import { silentLogger } from "../support/silent-logger.ts";
import { fakeSystem } from "../integration/dashboard/fixture.ts";
import { createVisitor, raiseCurtain } from "./stage.ts";

const browser = await raiseCurtain(t);

t.test("a counter is called, and its history, trace and configuration are there", async (t) => {
  const registry = await startEmbeddedRegistry();
  t.teardown(() => registry.close());
  const topicPrefix = testTopicPrefix(t);
  const counter = defineCounter();
  const service = await startService({
    name: "counter",
    entities: [counter],
    topics: [
      publish(CounterTopics.method.changed, counter, {
        incremented: ({ amount }, { entityId, state }) => ({
          counterId: entityId,
          value: state.value,
          delta: amount,
        }),
      }),
    ],
    subscriptions: [subscribe(CounterTopics.method.changed, { group: "watcher", handler: () => {} })],
    backoffice: true,
    natsUrl: natsUrl(),
    topicPrefix,
    databaseUrl: databaseUrl(),
    registryUrl: registry.url,
    schema: testSchema(t),
    ownsProcess: false,
    logger: silentLogger,
  });
  t.teardown(() => service.stop());
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const system = fakeSystem([], [join(import.meta.dirname, "../proto")]);
  const dashboard = await startDashboard({
    system,
    collector,
    registryUrl: registry.url,
    natsUrl: natsUrl(),
    topicPrefix,
    port: 0,
  });
  t.teardown(() => dashboard.close());
  const { open, complaints } = createVisitor(t, browser, dashboard.url);

  const page = await open("/system");
  await page.getByRole("link", { name: "counter", exact: true }).first().click();
  await page.getByText(`${service.host}:${service.port}`).waitFor();

  await page.getByRole("link", { name: "Call it" }).click();
  await page.getByRole("link", { name: "Increment" }).click();
  await page.getByText("Adds to a counter.").waitFor();
  await page.getByText("How much; may be negative.").waitFor();
  await page.getByLabel("counterId").fill("real");
  // Beyond JSON's numbers, so it goes as text.
  await page.getByLabel("amount").fill("9007199254740993");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  const response = page.getByRole("region", { name: "Response" });
  await response.getByText("OK", { exact: true }).waitFor();
  await response.getByText('"9007199254740993"').waitFor();
  await page.getByLabel("amount").fill("-9007199254740994");
  await page.keyboard.press("Control+Enter");
  await response.getByText("counter would be -1").waitFor();
  await response.getByText("FAILED_PRECONDITION", { exact: true }).waitFor();

  await response.getByRole("link", { name: "Its trace" }).click();
  await page.getByRole("button", { name: /Increment.*failed/ }).waitFor();

  await page.keyboard.press("g");
  await page.keyboard.press("e");
  await page.getByRole("link", { name: /^real/ }).click();
  await page.getByText("now, revision 1").waitFor();
  await page.getByRole("button", { name: "Before" }).click();
  await page.getByText("before the first event").waitFor();
  await page.getByRole("button", { name: "Increment", exact: true }).click();
  await page.getByText("It can be asked, and not told.").waitFor();
  await page.getByLabel("amount").fill("1");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("at revision 2").waitFor();

  await page.keyboard.press("Escape");
  await page.locator("h1").click();
  await page.keyboard.press("g");
  await page.keyboard.press("o");
  await page.getByRole("link", { name: /CounterTopics\.Changed/ }).click();
  const tail = page.getByRole("list", { name: "Messages" });
  await tail.getByRole("button", { name: /real.*delta: "1"/ }).waitFor();
  await page.getByRole("button", { name: "Publish a message" }).click();
  await page.getByRole("form", { name: "Publish" }).getByLabel("counterId").fill("by hand");
  await page.keyboard.press("Control+Enter");
  await page.getByText(/Stored in partition \d+ as/).waitFor();
  await tail.getByRole("button", { name: /by hand/ }).click();
  const message = page.getByRole("region", { name: "Message" });
  await message.getByText("/samspel/dashboard").waitFor();
  await page.getByRole("listitem").filter({ hasText: "watcher of counter" }).getByText("caught up").waitFor();
  await message.getByRole("link", { name: "Its trace" }).click();
  await page.getByRole("heading", { name: /publish samspel\.test\.v1\.CounterTopics\.Changed/ }).waitFor();

  for (const [key, text] of [
    ["p", "No projection"],
    ["l", "No line yet"],
  ] as const) {
    await page.keyboard.press("g");
    await page.keyboard.press(key);
    await page.getByText(text).waitFor();
  }
  system.write(
    "counter",
    JSON.stringify({ level: 40, time: Date.now(), msg: "this is said by the counter" }),
  );
  await page.getByRole("button", { name: /warn.*this is said by the counter/ }).waitFor();
  t.same(complaints, []);
});
