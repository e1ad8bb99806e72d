// Each check of the kit, proved by an entity that is wrong in just that way.
import { Code } from "@connectrpc/connect";
import * as fc from "fast-check";
import t from "tap";
import {
  RecordResponseSchema,
  type Found,
  type RecordRequest,
  type Specimen,
} from "../../../test/gen/samspel/test/v1/specimen_pb.ts";
import {
  keepFinding,
  persisting,
  specimen,
  type Handlers,
  type SpecimenEntity,
} from "../../../test/support/specimen.ts";
import { detail, reject } from "../errors/index.ts";
import { EntityDefect, testEntity, type Check } from "./index.ts";

async function defectOf(run: () => unknown): Promise<{ check: Check | undefined; message: string }> {
  try {
    await run();
    return { check: undefined, message: "no defect was found" };
  } catch (error) {
    if (!(error instanceof EntityDefect)) throw error;
    return { check: error.defects[0]?.check, message: error.message };
  }
}

const record = (wrong: Handlers, finding: object = { label: "a" }) =>
  defectOf(() => testEntity(specimen(wrong)).when("record", { finding }));

t.test("the right specimen has no defect", async (t) => {
  t.match(await record({}), { check: undefined });
});

t.test("an event handler that reads the clock is not pure", async (t) => {
  const wrong = { found: (state: Specimen) => ({ ...state, finding: { serial: BigInt(Date.now()) } }) };
  t.match(await record(wrong), {
    check: "pure",
    message:
      /^Entity specimen: event handler found is not pure: .*finding\.serial was \d+n and a day later it is \d+n$/,
  });
  const dated = { found: (state: Specimen) => ({ ...state, finding: { label: new Date().toISOString() } }) };
  t.match(await record(dated), { check: "pure" });
});

t.test("an event handler that draws lots, or counts, is not pure", async (t) => {
  const random = { found: (state: Specimen) => ({ ...state, finding: { length: Math.random() } }) };
  t.match(await record(random), { check: "pure" });
  let count = 0;
  const counting = { found: (state: Specimen) => ({ ...state, finding: { count: ++count } }) };
  t.match(await record(counting), { check: "pure", message: /finding\.count was 1 and a day later it is 2/ });
});

t.test("an event handler that changes what it is given is found", async (t) => {
  const state = {
    found(state: Specimen) {
      state.counts["a"] = 1;
      return state;
    },
  };
  t.match(await record(state), {
    check: "immutable",
    message: /event handler found changes what it was given: Cannot add property a/,
  });
  const event = {
    found(state: Specimen, { finding }: Found) {
      finding?.notes.push("seen");
      return state;
    },
  };
  t.match(await record(event), { check: "immutable", message: /object is not extensible/ });
});

t.test("an event handler that changes bytes, which cannot be frozen, is found", async (t) => {
  const image = Uint8Array.of(1, 2);
  const event = {
    found(state: Specimen, { finding }: Found) {
      finding?.image.fill(0);
      return state;
    },
  };
  t.match(await record(event, { image }), { check: "immutable", message: /the bytes of the event/ });
  const state = {
    found(state: Specimen, found: Found) {
      state.finding?.image.fill(9);
      return keepFinding(state, found);
    },
  };
  const story = testEntity(specimen({})).given({ case: "found", value: { finding: { image } } });
  t.same(story.state.finding?.image, image);
  const twice = defectOf(() =>
    testEntity(specimen(state)).given(
      { case: "found", value: { finding: { image } } },
      { case: "found", value: { finding: { label: "b" } } },
    ),
  );
  t.match(await twice, { check: "immutable", message: /the bytes of the state/ });
});

t.test("a command handler that changes what it is given is found", async (t) => {
  const state = {
    record(state: Specimen) {
      state.counts["a"] = 1;
      return {};
    },
  };
  t.match(await record(state), { check: "immutable", message: /command handler record changes/ });
  const request = {
    record(_: Specimen, { finding }: RecordRequest) {
      finding?.image.fill(0);
      return {};
    },
  };
  t.match(await record(request, { image: Uint8Array.of(1) }), {
    check: "immutable",
    message: "Entity specimen: command handler record changes bytes that it was given",
  });
});

t.test("an event that is rounded, cut or does not encode is named with its field", async (t) => {
  const finding = (finding: object) => ({
    record: () => persisting({ case: "found", value: { finding } }),
  });
  t.match(await record(finding({ weight: 0.1 })), {
    check: "serialisation",
    message:
      /^Entity specimen: event found of command record does not survive serialisation: samspel\.test\.v1\.SpecimenEvent\.event\.value\.finding\.weight was 0\.1 and comes back as 0\.1000000014/,
  });
  t.match(await record(finding({ label: "\ud800" })), {
    message: /finding\.label was "\\ud800" and comes back as "\ufffd"/,
  });
  t.match(await record(finding({ count: 2 ** 32 })), {
    check: "serialisation",
    message: /event found of command record does not encode: .*count.*invalid uint32: 4294967296/,
  });
  t.match(await record(finding({ count: 1.5 })), { check: "serialisation" });
  t.match(await record(finding({ serial: 5 })), { message: /serial was 5 and comes back as 5n/ });
  t.match(await record(finding({ serial: 2n ** 63n })), { check: "serialisation" });
});

t.test("a state that does not come back from its bytes is named with its field and event", async (t) => {
  const third = { found: (state: Specimen) => ({ ...state, finding: { weight: 1 / 3 } }) };
  t.match(await record(third), {
    check: "serialisation",
    message: /the state after event found does not survive .*Specimen\.finding\.weight was 0\.333/,
  });
  const overflow = { found: (state: Specimen) => ({ ...state, counts: { a: 2 ** 31 } }) };
  t.match(await record(overflow), { message: /the state after event found does not encode: .*counts/ });
});

t.test("a reply that does not come back from its bytes is named with its command", async (t) => {
  const lossy = { record: () => ({ weight: 0.1 }) };
  t.match(await record(lossy), {
    check: "serialisation",
    message: /the reply of command record does not survive .*RecordResponse\.weight was 0\.1/,
  });
  const wrong = { record: () => persisting({ case: "lost", value: {} }, () => ({ label: 5 })) };
  t.match(await record(wrong), {
    message: /the reply of command record .*label was 5 and comes back as "5"/,
  });
});

t.test("the details of a rejection come with it, and must survive too", async (t) => {
  const refusing = (finding: object) => ({
    record() {
      const details = [detail(RecordResponseSchema, finding)];
      throw reject(Code.ResourceExhausted, "no room", { metadata: { left: "0" }, details });
    },
  });
  const outcome = await testEntity(specimen(refusing({ weight: 0.5 }))).when("record", {});
  t.match(outcome, {
    type: "rejected",
    code: Code.ResourceExhausted,
    metadata: { left: "0" },
    details: [{ $typeName: "samspel.test.v1.RecordResponse", weight: 0.5 }],
  });
  t.match(await record(refusing({ weight: 0.1 })), {
    check: "serialisation",
    message: /a detail of the rejection of command record does not survive .*weight was 0\.1/,
  });
});

t.test("what a test itself gives must survive too", async (t) => {
  t.match(await record({}, { weight: 0.1 }), { message: /the request of command record does not survive/ });
  const given = defectOf(() =>
    testEntity(specimen({})).given({ case: "found", value: { finding: { weight: 0.1 } } }),
  );
  t.match(await given, { message: /event found of what was given does not survive/ });
});

t.test("a handler that fails, or returns no answer, is named", async (t) => {
  const fails = () => {
    throw new RangeError("oh");
  };
  t.match(await record({ record: fails }), {
    check: "handler",
    message: "Entity specimen: command handler record fails: RangeError: oh",
  });
  t.match(await record({ found: fails }), {
    check: "handler",
    message: "Entity specimen: event handler found fails: RangeError: oh",
  });
  t.match(await record({ record: () => undefined }), { check: "handler", message: /must return a reply/ });
  t.match(await record({ found: () => undefined }), {
    check: "handler",
    message: /must return the next state/,
  });
  t.match(await record({ found: () => ({ weigth: 1 }) }), { check: "handler", message: /no field "weigth"/ });
});

t.test("a reply that fails leaves the entity where it stood (J2)", async (t) => {
  const failing = {
    record: () =>
      persisting({ case: "lost", value: {} }, () => {
        throw new RangeError("oh");
      }),
  };
  const story = testEntity(specimen(failing)).given();
  t.match(await defectOf(() => story.when("record", {})), { check: "handler" });
  t.equal(story.revision, 0n);
  t.match(await story.when("getSpecimen", {}), { type: "accepted" }, "and the story goes on");
});

t.test("a handler to which a state from a snapshot is another one is found (J5)", async (t) => {
  const known = new WeakSet<object>();
  const remembering = {
    found(state: Specimen, { finding }: Found) {
      const next = { ...state, counts: { ...state.counts } };
      if (finding !== undefined) next.finding = finding;
      next.counts[known.has(state) || state.finding === undefined ? "known" : "unknown"] = 1;
      return next;
    },
  };
  const entity = specimen(remembering);
  const evolve: SpecimenEntity["evolve"] = (state, event) => {
    const next = entity.evolve(state, event);
    if (known.has(state) || event.case === "found") known.add(next);
    return next;
  };
  const restoring = { ...entity, evolve };
  const found = { case: "found", value: { finding: { label: "a" } } } as const;
  t.match(await defectOf(() => testEntity(restoring).given(found, found)), {
    check: "snapshot",
    message: /event handler found goes on differently from a snapshot: counts/,
  });
});

t.test("any finding that its fields can hold passes, and is found again", async (t) => {
  const finding = fc.record({
    weight: fc.float(),
    length: fc.double(),
    serial: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    count: fc.nat(),
    label: fc.string({ unit: "binary" }).filter((text) => text !== "__proto__"),
    image: fc.uint8Array(),
    notes: fc.array(fc.string({ unit: "binary" })),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(finding, { maxLength: 4 }), async (findings) => {
      const story = testEntity(specimen({})).given();
      for (const finding of findings) await story.when("record", { finding });
      t.equal(story.revision, BigInt(findings.length));
      t.same(Buffer.from(story.state.finding?.image ?? []), Buffer.from(findings.at(-1)?.image ?? []));
    }),
    { numRuns: 50 },
  );
});

t.test("any double that a float cannot hold is named", async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.double({ noNaN: true }).filter((value) => Math.fround(value) !== value),
      async (weight) => {
        const outcome = await record({ record: () => ({ weight }) });
        t.match(outcome, { check: "serialisation", message: /weight/ });
      },
    ),
    { numRuns: 50 },
  );
});
