// Runs the fake by itself: `node --conditions=samspel-source test/browser/fake/main.ts [port] [crowd]`.
import { dashboardAssets } from "../../../devkit/src/dashboard-assets/index.ts";
import { startFakeDashboard } from "./server.ts";
import { crowdAt, shopAt } from "./shop.ts";

const fake = await startFakeDashboard({
  assets: await dashboardAssets(),
  port: Number(process.argv[2] ?? 0),
  system: process.argv[3] === "crowd" ? (turn) => crowdAt(turn) : shopAt,
});
console.log(fake.url);
