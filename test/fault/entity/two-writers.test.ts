// Two instances that both write the same few entities all the time, as two do that cannot see each other: no event is
// lost or doubled, and neither starves (J1).
import { setTimeout as sleep } from "node:timers/promises";
import t from "tap";
import { databaseUrl } from "../../support/environment.ts";
import { testSchema } from "../../support/isolation.ts";
import { startCounterService } from "./ground/counter-service.ts";
import { followJournal } from "./ground/follower.ts";
import { acknowledged, together } from "./ground/ledger.ts";
import { settle } from "./ground/settle.ts";
import { startStorm } from "./ground/storm.ts";

/** Raise it for a longer look. */
const fightMs = 60_000;

/** Of all answers, what each of the two must have given at the least. */
const fairShare = 0.2;

t.test("two instances that fight over three entities lose and double nothing, and both go on", async (t) => {
  const place = { url: databaseUrl(), schema: testSchema(t) };
  const instances = await startCounterService(t, { databaseUrl: place.url, schema: place.schema });
  const follower = await followJournal(t, place);
  const urls = instances.map(({ url }) => url);
  const storms = urls.map((url, index) =>
    startStorm(t, {
      urls: [url],
      counters: ["a", "b", "c"],
      amountsAfter: BigInt(index) * 10n ** 9n,
      readers: 1,
    }),
  );
  await sleep(fightMs);
  const ledgers = await Promise.all(storms.map((storm) => storm.stop()));
  const ledger = together(ledgers);
  const answers = acknowledged(ledger);
  for (const [index, own] of ledgers.entries()) {
    const share = acknowledged(own) / answers;
    t.ok(share >= fairShare, `instance ${index} gave ${(100 * share).toFixed(0)} % of ${answers} answers`);
  }
  t.same(
    ledger.increments.filter(({ outcome }) => outcome.type === "unknown"),
    [],
    "a command that lost the race each time says that it wrote nothing",
  );
  await settle(t, { place, urls, ledger, follower });

  await Promise.all(instances.map((instance) => instance.stop()));
  const runs = instances.map(({ process: { lastLines } }) => {
    const [, count = "NaN"] = /was run (\d+) times/.exec(lastLines.map(({ text }) => text).join("\n")) ?? [];
    return Number(count);
  });
  const all = runs.reduce((sum, count) => sum + count, 0);
  t.ok(
    all > answers,
    `${all} runs for ${answers} answers: ${(((all - answers) / all) * 100).toFixed(1)} % conflicts`,
  );
});
