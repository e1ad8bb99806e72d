import { array, assert, constantFrom, integer, property, tuple } from "fast-check";
import t from "tap";
import { grownOldMiB } from "../../../test/support/generations.ts";
import { Roster, type Place } from "./roster.ts";

const steps = array(tuple(constantFrom("add", "leave", "renew"), integer({ min: 0, max: 9 })), {
  maxLength: 60,
});

t.test(
  "Roster has those who are there in the order of coming, and of coming again, after any steps (R1)",
  async (t) => {
    assert(
      property(steps, (steps) => {
        const roster = new Roster<{ readonly name: string }>();
        const places: Place[] = [];
        let model: string[] = [];
        for (const [step, number] of steps) {
          if (step === "add") {
            const name = `${places.length}`;
            model.push(name);
            places.push(roster.add({ name }));
          } else {
            const name = `${number}`;
            const isThere = model.includes(name);
            if (step === "leave") places[number]?.leave();
            else places[number]?.renew();
            model = model.filter((other) => other !== name);
            if (step === "renew" && isThere) model.push(name);
          }
          if (roster.size !== model.length || roster.oldest?.name !== model[0]) return false;
        }
        return [...roster].map(({ name }) => name).join() === model.join();
      }),
    );
    t.pass();
  },
);

t.test("Roster is walked to its end where others leave meanwhile, and without them", async (t) => {
  const roster = new Roster<{ readonly name: string }>();
  const [, b, c] = ["a", "b", "c", "d"].map((name) => roster.add({ name }));
  const seen: string[] = [];
  for (const { name } of roster) {
    seen.push(name);
    b?.leave();
    c?.leave();
  }
  t.strictSame(seen, ["a", "d"]);
});

t.test("Roster lets the one at hand leave while it is walked", async (t) => {
  const roster = new Roster<{ readonly name: string }>();
  const places = new Map(["a", "b", "c"].map((name) => [name, roster.add({ name })]));
  const seen: string[] = [];
  for (const { name } of roster) {
    seen.push(name);
    places.get(name)?.leave();
  }
  t.strictSame(seen, ["a", "b", "c"]);
  t.equal(roster.size, 0);
  t.equal(roster.oldest, undefined);
});

t.test("Roster holds nothing of who has left, however old it has grown (R2)", async (t) => {
  const roster = new Roster<readonly number[]>();
  const rows = (from: number): readonly number[] => Array.from({ length: 1_000 }, (_, row) => from + row);
  let places = Array.from({ length: 10 }, (_, index) => roster.add(rows(index)));
  const grownMiB = await grownOldMiB(100, async (turn) => {
    for (const place of places) place.leave();
    places = Array.from({ length: 10 }, (_, index) => roster.add(rows(turn + index)));
  });
  t.ok(grownMiB < 2, `of 8 MiB of rows, ${grownMiB.toFixed(1)} MiB are still there`);
});
