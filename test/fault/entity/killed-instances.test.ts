// Instances that are killed in a storm of commands, again and again (J1-J5).
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { startCounterService } from "./ground/counter-service.ts";
import { followJournal } from "./ground/follower.ts";
import { acknowledged } from "./ground/ledger.ts";
import { settle } from "./ground/settle.ts";
import { startStorm } from "./ground/storm.ts";
import { until } from "../../support/until.ts";

const kills = 6;
const betweenKills = 150;

t.test("nothing is lost, doubled or out of order though instances are killed in a storm", async (t) => {
  const place = { url: databaseUrl(), schema: testSchema(t) };
  const instances = await startCounterService(t, { databaseUrl: place.url, schema: place.schema });
  const follower = await followJournal(t, place);
  const urls = instances.map(({ url }) => url);
  const storm = startStorm(t, { urls, counters: ["a", "b", "c", "d"] });
  for (let kill = 0; kill < kills; kill++) {
    const before = acknowledged(storm.ledger);
    await until("the storm rages", () => acknowledged(storm.ledger) >= before + betweenKills, 60_000);
    await sleep(50 * Math.random()); // anywhere in the course of a command
    const victim = instances[kill % instances.length];
    await victim?.kill();
    await victim?.start();
  }
  const ledger = await storm.stop();
  t.ok(ledger.failures.size > 0, "the kills were felt");
  t.same(
    ledger.increments.filter(({ commandId, outcome }) => commandId && outcome.type !== "acknowledged"),
    [],
    "who repeats a command with its id gets an answer",
  );
  await settle(t, { place, urls, ledger, follower });
});
