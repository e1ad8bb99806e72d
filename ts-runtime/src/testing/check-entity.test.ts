import t from "tap";
import type { Found, Specimen } from "../../../test/gen/samspel/test/v1/specimen_pb.ts";
import { keepFinding, specimen } from "../../../test/support/specimen.ts";
import { checkEntity } from "./index.ts";

t.test("checkEntity() finds nothing wrong with what is right", async () => {
  checkEntity(specimen({}));
});

t.test("checkEntity() names every case that is wrong, each once", async (t) => {
  const entity = specimen({
    found: () => ({ finding: { weight: Math.random() } }),
    lost: () => undefined,
  });
  t.throws(() => checkEntity(entity), {
    name: "EntityDefect",
    message:
      /^Entity specimen has 2 defects:\n- event handler found is not pure: .*\n- event handler lost fails: TypeError: /,
  });
});

t.test("checkEntity() tries what it is told to, behind what is given", async (t) => {
  const seen: unknown[] = [];
  const entity = specimen({
    found(state: Specimen, found: Found) {
      if (state.finding === undefined && found.finding?.label !== "first") throw new Error("too early");
      seen.push(found.finding?.label);
      return keepFinding(state, found);
    },
  });
  t.throws(() => checkEntity(entity), { message: /event handler found fails: Error: too early/ });
  checkEntity(entity, {
    given: [{ case: "found", value: { finding: { label: "first" } } }],
    samples: { found: [{ finding: { label: "second" } }] },
  });
  t.ok(seen.includes("second"));
  checkEntity(entity, { given: [{ case: "found", value: { finding: { label: "first" } } }], count: 1 });
});
