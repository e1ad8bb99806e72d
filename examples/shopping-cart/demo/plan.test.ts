import * as fc from "fast-check";
import t from "tap";
import { createLatencies } from "./latencies.ts";
import { planTrips } from "./plan.ts";

t.test("planTrips() gives the same trips for the same seed, and others for another", async (t) => {
  t.same(planTrips(20, 1, ["a", "b"]), planTrips(20, 1, ["a", "b"]));
  t.not(JSON.stringify(planTrips(20, 1, ["a", "b"])), JSON.stringify(planTrips(20, 2, ["a", "b"])));
});

t.test("planTrips() plays every kind of trip, whatever the seed", async (t) => {
  fc.assert(
    fc.property(fc.nat(1_000_000), (seed) => {
      const trips = planTrips(300, seed, ["a", "b", "c"]);
      const steps = trips.flatMap((trip) => trip.steps);
      return (
        new Set(trips.map((trip) => trip.cartId)).size === 300 &&
        trips.some((trip) => trip.steps.every((step) => step.type !== "checkout")) &&
        steps.some((step) => step.type === "add" && step.quantity < 1) &&
        steps.some((step) => step.resend) &&
        steps.some((step) => step.type === "remove") &&
        trips.some((trip) => trip.steps.filter((step) => step.type === "checkout").length === 2)
      );
    }),
    { numRuns: 20 },
  );
  t.pass();
});

t.test("summary() gives percentiles by nearest rank", async (t) => {
  const latencies = createLatencies();
  for (let ms = 1; ms <= 100; ms++) latencies.record("add", ms);
  t.same(latencies.summary(), [{ name: "add", count: 100, p50Ms: 50, p95Ms: 95, p99Ms: 99 }]);
});
