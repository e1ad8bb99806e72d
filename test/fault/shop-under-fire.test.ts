// The demo while parts of the system die and come back: nothing may be lost, nothing doubled, nothing stuck.
import t from "tap";
import { playDemo, type DemoResult } from "../../examples/shopping-cart/demo/demo.ts";
import { startShop } from "../support/system.ts";
import type { Dev } from "samspel";

const trips = 150;

/** Plays the demo and strikes once a third of the trips is done. */
async function playUnderFire(dev: Dev, seed: number, strike: () => Promise<void>): Promise<DemoResult> {
  let struck: Promise<void> | undefined;
  const result = await playDemo({
    registryUrl: dev.infra.registryUrl,
    databaseUrl: dev.infra.databaseUrl,
    trips,
    seed,
    concurrency: 8,
    patienceMs: 60_000,
    onTrip(done) {
      if (done >= trips / 3) struck ??= strike();
    },
  });
  await struck;
  return result;
}

t.test("the books balance whatever is killed and restarted in the middle of the demo", async (t) => {
  const dev = await startShop(t);
  const strikes: Readonly<Record<string, () => Promise<void>>> = {
    cart: () => dev.restart("cart"),
    inventory: () => dev.kill("inventory").then(() => dev.restart("inventory")),
    "popular-items": () => dev.kill("popular-items").then(() => dev.restart("popular-items")),
    NATS: () => dev.infra.kill("nats").then(() => dev.infra.restart("nats")),
    Postgres: () => dev.infra.kill("postgres").then(() => dev.infra.restart("postgres")),
    "the registry": () => dev.infra.restart("registry"),
  };
  let seed = 0;
  for (const [name, strike] of Object.entries(strikes)) {
    const { findings, carts } = await playUnderFire(dev, ++seed, strike);
    t.equal(carts.length, trips, `${name}: all trips were played to their end`);
    for (const { check, differences } of findings) t.same(differences, [], `${name}: ${check}`);
  }
});
