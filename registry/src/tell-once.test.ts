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
  const lose = (what: string, cause = "refused"): void =>
    onEvent({ type: "unreachable", what, error: unreachable("http://r", what, new Error(cause)) });
  const back = (what: string): void => onEvent({ type: "recovered", what });
  lose("watch a");
  lose("watch b");
  lose("keep c registered");
  onEvent({ type: "unreachable", what: "watch d", error: refused("http://r", "watch d", 403, "") });
  t.same(told.splice(0), ["unreachable watch a", "unreachable watch d"], "another reason is another event");
  for (const what of ["watch b", "watch a", "watch d", "keep c registered"]) back(what);
  t.same(told.splice(0), ["recovered watch a", "recovered watch d"]);
  lose("watch b");
  t.same(told.splice(0), [], "it fails again within the same moments");
  now = 10_001;
  lose("watch a");
  t.same(told.splice(0), ["unreachable watch a"], "a later outage is told");
  const other: RegistryEvent = { type: "deregistered", id: "x" };
  onEvent(other);
  t.same(told.splice(0), ["deregistered "]);
});
