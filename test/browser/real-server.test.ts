// The pages before the real server and a real service: what the fake says of both is true.
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import { startService } from "@samspel/runtime";
import t from "tap";
import { startCollector } from "../../devkit/src/collector/index.ts";
import { startDashboard } from "../../devkit/src/dashboard/index.ts";
import { defineCounter } from "../support/counter.ts";
import { databaseUrl } from "../support/environment.ts";
import { testSchema } from "../support/isolation.ts";
import { silentLogger } from "../support/silent-logger.ts";
import { fakeSystem } from "../integration/dashboard/fixture.ts";
import { createVisitor, raiseCurtain } from "./stage.ts";

const browser = await raiseCurtain(t);

t.test("a counter is called, and its history, trace and configuration are there", async (t) => {
  const registry = await startEmbeddedRegistry();
  t.teardown(() => registry.close());
  const service = await startService({
    name: "counter",
    entities: [defineCounter()],
    databaseUrl: databaseUrl(),
    registryUrl: registry.url,
    schema: testSchema(t),
    ownsProcess: false,
    logger: silentLogger,
  });
  t.teardown(() => service.stop());
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const system = fakeSystem();
  const dashboard = await startDashboard({ system, collector, registryUrl: registry.url, port: 0 });
  t.teardown(() => dashboard.close());
  const { open, complaints } = createVisitor(t, browser, dashboard.url);

  const page = await open("/system");
  await page.getByRole("link", { name: "counter", exact: true }).first().click();
  await page.getByText(`${service.host}:${service.port}`).waitFor();

  await page.getByRole("link", { name: "Call it" }).click();
  await page.getByRole("link", { name: "Increment" }).click();
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
  await page.getByLabel("amount").fill("1");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await page.getByText("at revision 2").waitFor();

  await page.keyboard.press("Escape");
  await page.locator("h1").click();
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
