import * as fc from "fast-check";
import t from "tap";
import { assignRanges } from "./assign-ranges.ts";
import { rangeCount } from "./ranges.ts";

const member = fc.string({ minLength: 1, maxLength: 12 });
const members = fc.uniqueArray(member, { minLength: 1, maxLength: 20 });
const work = fc.string({ maxLength: 12 });

/** Who has each range. */
function owners(name: string, among: readonly string[]): readonly (string | undefined)[] {
  const assigned = assignRanges(name, among, rangeCount);
  return Array.from(
    { length: rangeCount },
    (_, range) => [...assigned].find(([, ranges]) => ranges.includes(range))?.[0],
  );
}

const moved = (a: readonly unknown[], b: readonly unknown[]): number =>
  a.filter((owner, range) => owner !== b[range]).length;

t.test("assignRanges() gives each range to one member, and each member its share (A2)", async () => {
  fc.assert(
    fc.property(work, members, fc.constantFrom(1, rangeCount), (name, among, ranges) => {
      const assigned = assignRanges(name, among, ranges);
      const all = [...assigned.values()].flat().toSorted((a, b) => a - b);
      const counts = [...assigned.values()].map(({ length }) => length);
      return (
        all.join() === Array.from({ length: ranges }, (_, range) => range).join() &&
        Math.max(...counts) === Math.ceil(ranges / among.length) &&
        Math.min(...counts) === Math.floor(ranges / among.length)
      );
    }),
  );
});

t.test(
  "assignRanges() says the same on all instances, in whatever order they see each other (A1)",
  async () => {
    const shuffled = members.chain((among) =>
      fc.tuple(
        fc.constant(among),
        fc.shuffledSubarray(among, { minLength: among.length, maxLength: among.length }),
      ),
    );
    fc.assert(
      fc.property(
        work,
        shuffled,
        (name, [one, other]) => owners(name, one).join("\n") === owners(name, other).join("\n"),
      ),
    );
  },
);

t.test("assignRanges() moves few ranges when a member comes or goes (A3)", async (t) => {
  for (const count of [1, 2, 3, 4, 7, 15]) {
    let sum = 0;
    const rounds = 300;
    for (let round = 0; round < rounds; round++) {
      const among = Array.from({ length: count }, (_, index) => `cart@host/${round}/${index}`);
      sum += moved(owners("w", among), owners("w", [...among, `cart@host/${round}/new`]));
    }
    const mean = sum / rounds;
    const least = rangeCount / (count + 1);
    t.comment(
      `${count} -> ${count + 1} members: ${mean.toFixed(1)} ranges move, ${least.toFixed(1)} at least`,
    );
    t.ok(mean <= 2 * least + 1.5, `${mean} of at least ${least}`);
  }
});

t.test("assignRanges() spreads works of one lease over the members", async (t) => {
  const counts = new Map<string, number>();
  for (let work = 0; work < 400; work++) {
    for (const [name, ranges] of assignRanges(`publication:topic-${work}`, ["a", "b", "c", "d"], 1)) {
      counts.set(name, (counts.get(name) ?? 0) + ranges.length);
    }
  }
  for (const count of counts.values()) t.ok(count > 60 && count < 140, `${count} of 400`);
});
