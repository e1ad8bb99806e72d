import t from "tap";
import { refused, unreachable } from "./errors.ts";
import type { RegistryEvent } from "./events.ts";
import { tellingOnce } from "./tell-once.ts";

t.test("tellingOnce() makes one event of an outage that many notice, and one of its end", async (t) => {
  const told: string[] = [];
  let now = 0;
  const onEvent = tellingOnce(
    (event) => told.push(`${event.type} ${"what" in event ? event.what : ""}`),
    () => now,
  );
  const lose = (what: string): void =>
    onEvent({ type: "unreachable", what, error: unreachable("http://r", what, new Error("gone")) });
  const refuse = (what: string): void =>
    onEvent({ type: "unreachable", what, error: refused("http://r", what, 403, "") });
  const back = (what: string): void => onEvent({ type: "recovered", what });
  const expect = (events: readonly string[], why: string): void => void t.same(told.splice(0), events, why);

  for (const what of ["watch a", "watch b", "keep c registered"]) lose(what);
  expect(["unreachable watch a"], "the first of them");
  for (const what of ["watch b", "watch a", "keep c registered"]) back(what);
  expect(["recovered watch b"], "the first that is back: the one that was told may never be");
  for (const what of ["watch a", "watch b"]) refuse(what);
  expect(["unreachable watch a", "unreachable watch b"], "what is refused is a matter of each");
  back("watch b");
  expect(["recovered watch b"], "and so is its end");
  lose("watch b");
  expect(["unreachable watch b"], "another outage");
  now = 10_001;
  lose("watch c");
  expect(["unreachable watch c"], "long after the first one nobody would connect the two");
  const other: RegistryEvent = { type: "deregistered", id: "x" };
  onEvent(other);
  expect(["deregistered "], "all else passes");
});
