// Several projects in one environment: the second uses what the first started, and leaves it as it was.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import t from "tap";
import { runSamspel, testProject, type ReadyLine } from "./dev-run.ts";

const infraOf = ({ infra }: ReadyLine) => Object.fromEntries(infra.map(({ name, url }) => [name, url]));

async function servicesOf(ready: ReadyLine): Promise<readonly string[]> {
  const response = await fetch(`${infraOf(ready)["registry"]}/v1/catalog/services`);
  return Object.keys((await response.json()) as Readonly<Record<string, unknown>>)
    .filter((name) => name !== "consul")
    .toSorted();
}

t.test("samspel dev --join uses the infra of a run, and outlives it", async (t) => {
  const [shop, stock] = [await testProject(t, { greeter: {} }), await testProject(t, { helper: {} })];
  const first = runSamspel(t, ["dev", "--project", shop, "--json"]);
  const shopReady = await first.ready();
  const second = runSamspel(t, ["dev", "--project", stock, "--join", shop, "--json"]);
  const stockReady = await second.ready();
  t.strictSame(infraOf(stockReady), infraOf(shopReady));
  t.strictSame(await servicesOf(shopReady), ["greeter", "helper"]);

  second.signal("SIGINT");
  t.equal(await second.ended, 0);
  t.strictSame(await servicesOf(shopReady), ["greeter"]);

  const third = runSamspel(t, ["dev", "--project", stock, "--join", String(shopReady["name"]), "--json"]);
  await third.ready();
  first.signal("SIGKILL");
  await first.ended;
  const lost = await third.until(({ type }) => type === "problem");
  t.match(lost, { problem: { kind: "infra", summary: /p-\w+ has ended, whose infra is used/ } });

  const again = runSamspel(t, ["dev", "--project", shop, "--json"]);
  await again.ready();
  await third.until(({ type }) => type === "mended");
  third.signal("SIGINT");
  t.equal(await third.ended, 0);
  again.signal("SIGINT");
  t.equal(await again.ended, 0);
});

t.test("samspel dev --join names what runs when what is meant does not", async (t) => {
  const dir = await testProject(t, { greeter: {} });
  const run = runSamspel(t, ["dev", "--project", dir, "--join", "no-such-system"]);
  t.equal(await run.ended, 1);
  t.match(run.text, /Cannot join no-such-system, as it does not run: (no system runs|there are)/);

  const killed = runSamspel(t, ["dev", "--project", dir, "--json"]);
  await killed.ready();
  killed.signal("SIGKILL");
  await killed.ended;
  const late = runSamspel(t, ["dev", "--project", dir, "--join", dir]);
  t.equal(await late.ended, 1);
  t.match(late.text, `Cannot join ${dir}, as it does not run`);
  await rm(join(dir, ".samspel"), { recursive: true, force: true, maxRetries: 5 });
});
