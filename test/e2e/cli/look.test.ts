// `samspel tail` and `samspel entity`: what was published, what entities are and were.
import { startEmbeddedRegistry } from "@samspel/registry/embedded";
import t from "tap";
import { natsUrl } from "../../support/environment.ts";
import { changedTopic, startFaultyService } from "../../support/faulty-service.ts";
import { testTopicPrefix } from "../../support/isolation.ts";
import { until } from "../../support/until.ts";
import { jsonLines, samspelHere, type Ended } from "./run-cli.ts";

const embedded = await startEmbeddedRegistry();
t.teardown(() => embedded.close());
const topicPrefix = testTopicPrefix(t);
const { countUp, handled } = await startFaultyService(t, { registryUrl: embedded.url, topicPrefix });
const env = { CONSUL_HTTP_ADDR: embedded.url, NATS_URL: natsUrl(), SAMSPEL_TOPIC_PREFIX: topicPrefix };
const run = (...args: readonly string[]): Promise<Ended> => samspelHere(args, env);

await countUp("a", 3);
await countUp("b/c", 1);
await until("all is published", () => handled.length === 4);

t.test("samspel tail shows a topic's messages, decoded, from where it is told", async (t) => {
  t.match(await run("tail"), {
    code: 0,
    out: new RegExp(`^${changedTopic} +\\S+CounterChanged +\\d+ +faulty$`, "m"),
  });
  const all = await run("tail", "CounterTopics/Changed", "--from", "beginning", "--no-follow", "--json");
  t.equal(all.code, 0, all.err);
  const lines = jsonLines(all);
  t.equal(lines.length, 4);
  t.match(lines[0], {
    topic: changedTopic,
    key: "a",
    id: "counter/a/1",
    type: "samspel.test.v1.CounterChanged",
    message: { counterId: "a", value: "1", delta: "1" },
    headers: { "ce-source": "/samspel/faulty" },
  });
  const ofKey = await run("tail", "Changed", "--from", "1h", "--no-follow", "--key", "b/c");
  t.match(ofKey.out, /^20\d\d-\S+ \d+ b\/c \{"counterId":"b\/c","value":"1","delta":"1"\}\n$/);
  t.match(await run("tail", "Changed", "--no-follow"), { code: 0, out: "" }, "nothing comes after the end");
  const [, sequence = ""] = /"sequence":(\d+)[^\n]*\n$/.exec(all.out) ?? [];
  const last = await run("tail", "Changed", "--from", sequence, "--no-follow", "--json");
  t.equal(jsonLines(last).length, 1);
});

t.test("samspel tail follows: what comes is shown, until there is as much as was asked for", async (t) => {
  const tail = run("tail", "Changed", "--from", "beginning", "--limit", "5", "--json");
  await countUp("later", 1);
  t.match(jsonLines(await tail).at(-1), { key: "later" });
});

t.test("samspel tail says what it cannot read", async (t) => {
  const failures = [
    [["Changd"], /^No service has a topic Changd: /],
    [["Changed", "--from", "yesterday"], /^--from must be beginning, end, a time such as/],
    [["Changed", "--limit", "0"], /^--limit must be a number, 1 or more: current value is "0"\n$/],
    [["Changed", "--nats", "nats://127.0.0.1:1"], /^NATS at nats:\/\/127\.0\.0\.1:1 does not answer/],
  ] as const;
  const ends = await Promise.all(failures.map(([args]) => run("tail", ...args)));
  for (const [at, [, err]] of failures.entries()) t.match(ends[at], { code: 2, out: "", err });
});

t.test("samspel entity shows types, entities, histories and states", async (t) => {
  t.match(await run("entity", "ls"), {
    code: 0,
    out: /^counter +faulty +\d+ +\d+ +Increment, Reset, GetCounter$/m,
  });
  t.match(await run("entity", "ls", "counter", "--prefix", "b"), {
    out: /^entity +revision .*\ncounter\/b\/c +1 +20\d\d-[^\n]*\n$/,
  });
  t.match(jsonLines(await run("entity", "ls", "counter", "--json", "--limit", "1")), [
    { entityId: "a", revision: "3" },
  ]);
  t.match(await run("entity", "history", "counter/a", "--after", "1", "--limit", "1"), {
    code: 0,
    out: /^ {3}2 {2}20\d\d-\S+ {2}incremented \{"amount":"1"\}\n {6}→ \{"value":"2"\}\n$/,
    err: "there are more: --after 2\n",
  });
  t.match(jsonLines(await run("entity", "history", "counter/b/c", "--json", "--no-states")), [
    { revision: "1" },
  ]);
  const now = await run("entity", "show", "counter/a");
  t.match([JSON.parse(now.out), now.err], [{ value: "3" }, "counter/a at revision 3\n"]);
  t.match(JSON.parse((await run("entity", "show", "counter/a", "--at", "1", "--json")).out), {
    revision: "1",
    state: { value: "1" },
  });
});

t.test("samspel entity says what is not there", async (t) => {
  const failures = [
    [["show", "counter/nobody"], 1, "counter/nobody has no events\n"],
    [["history", "counter/nobody"], 1, "counter/nobody has no events\n"],
    [["show", "counter/a", "--at", "9"], 1, /has no revision 9: its newest is 3/],
    [["show", "counter"], 2, /^An entity must be like cart\/42: current value is "counter"\n$/],
    [["show", "counter/a", "--at", "x"], 2, /^--at must be a number: current value is "x"\n$/],
    [["ls", "cart"], 2, /shows entities of type cart: there are counter\n$/],
  ] as const;
  const ends = await Promise.all(failures.map(([args]) => run("entity", ...args)));
  for (const [at, [, code, err]] of failures.entries()) t.match(ends[at], { code, out: "", err });
});

t.test("samspel complete knows commands, options, and what runs", async (t) => {
  const complete = async (...words: readonly string[]): Promise<readonly string[]> =>
    (await run("complete", "--within", "60000", "--", ...words)).out
      .split("\n")
      .filter((line) => line !== "");
  const cases: readonly (readonly [words: readonly string[], lines: readonly (string | RegExp)[]])[] = [
    [["ent"], [/^entity\tlook into entities/]],
    [
      ["call", "Counter"],
      [
        "CounterService/Increment\tfaulty",
        "CounterService/Reset\tfaulty",
        "CounterService/GetCounter\tfaulty",
        "CounterTopics/Changed\tfaulty",
      ],
    ],
    [["call", "samspel.test.v1.CounterService/I"], ["samspel.test.v1.CounterService/Increment\tfaulty"]],
    [["call", "CounterService/Increment", "--instance", ""], [/^faulty-127-0-0-1-\d+\tpassing$/]],
    [["call", "CounterService/Increment", "--tem"], [/^--template\t/]],
    [["tail", ""], ["CounterTopics/Changed\tfaulty"]],
    [["entity", "history", "co"], ["counter/"]],
    [["entity", "show", "counter/b"], ["counter/b/c"]],
    [["registry", "show", ""], ["faulty"]],
    [["topics", "--service", ""], ["faulty"]],
    [["new", "service", "x", "--lang", "p"], ["python"]],
    // It is quiet about failures.
    [["registry", "show", "--registry", "http://127.0.0.1:1", ""], []],
  ];
  const found = await Promise.all(cases.map(([words]) => complete(...words)));
  for (const [at, [words, lines]] of cases.entries()) {
    t.equal(found[at]?.length, lines.length, words.join(" "));
    t.match(found[at], lines, words.join(" "));
  }
});
