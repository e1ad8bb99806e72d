// The registry on a real Consul: what a pick costs, how soon news is known, what rest costs, and many services at once.
//   npm run bench -- --long registry
import { parseArgs } from "node:util";
import { consulAgent } from "../test/support/consul-agent.ts";
import { measureMany } from "./registry-many.ts";
import { measureNews } from "./registry-news.ts";
import { measurePick } from "./registry-pick.ts";
import { measureTraffic } from "./registry-traffic.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "15" },
    "rest-s": { type: "string", default: "60" },
    "many-rest-s": { type: "string", default: "60" },
    services: { type: "string", default: "1000" },
  },
});
const rounds = Number(values.rounds);
const restS = Number(values["rest-s"]);

const ends: (() => unknown)[] = [];
const agent = await consulAgent({ teardown: (end) => void ends.push(end) }, { name: "bench" });
try {
  await agent.start();
  await measurePick(agent.url, rounds);
  await measureNews(agent.url, rounds);
  await measureTraffic(agent.url, restS);
  await measureMany(Number(values.services), Number(values["many-rest-s"]), rounds);
} finally {
  await Promise.all(ends.map((end) => end()));
}
