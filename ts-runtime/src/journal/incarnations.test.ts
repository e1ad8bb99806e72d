import t from "tap";
import { createIncarnations } from "./incarnations.ts";

t.test("note() begins a new incarnation with each server, and with each backend that is new", async (t) => {
  const incarnations = createIncarnations();
  const after = (since: string, pid: number): number => {
    incarnations.note({ since, pid });
    return incarnations.current;
  };
  t.equal(incarnations.current, 0);
  t.equal(after("monday", 1), 1);
  t.equal(after("monday", 1), 1, "known");
  t.equal(after("monday", 2), 2, "another backend");
  t.equal(after("monday", 1), 2, "both are known");
  t.same(incarnations.pids, [1, 2]);
  t.equal(after("tuesday", 2), 3, "another server");
  t.same({ since: incarnations.since, pids: incarnations.pids }, { since: "tuesday", pids: [2] });
});
