import { mock } from "node:test";
import { createFileRegistry, create, type DescMethod } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { refreshUsesMs, type CallerOfRecord } from "@samspel/registry";
import t, { type Test } from "tap";
import { createLogger } from "../telemetry/index.ts";
import { createCallerNotes } from "./caller-notes.ts";

/** Methods of a service. */
function methodsOf(packageName: string): readonly DescMethod[] {
  const method = (name: string) => ({
    name,
    inputType: `.${packageName}.M`,
    outputType: `.${packageName}.M`,
  });
  const set = create(FileDescriptorSetSchema, {
    file: [
      {
        name: `${packageName}.proto`,
        package: packageName,
        syntax: "proto3",
        messageType: [{ name: "M" }],
        service: [{ name: "S", method: [method("A"), method("B")] }],
      },
    ],
  });
  return createFileRegistry(set).getService(`${packageName}.S`)?.methods ?? [];
}

const logger = createLogger({ service: "test", level: "silent" });

/** Notes on a clock of the test's own, and what they wrote. */
function notesOf(t: Test) {
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
  t.teardown(() => mock.timers.reset());
  const written: Omit<CallerOfRecord, "seenAt">[] = [];
  const state = { away: false };
  const notes = createCallerNotes({
    caller: "cart",
    version: "1.0.0",
    logger,
    descriptors: {
      async publish() {
        if (state.away) throw new Error("no registry");
        return "a".repeat(64);
      },
      async noteCaller(_, caller) {
        written.push(caller);
      },
    },
  });
  /** Lets time pass, and what is due then. */
  const pass = async (ms: number): Promise<void> => {
    mock.timers.tick(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { notes, written, state, pass, methods: () => written.map(({ methods }) => methods.join(",")) };
}

t.test("note() writes once for all methods that are used within a second, and not again", async (t) => {
  const { notes, written, pass } = notesOf(t);
  const [a, b] = methodsOf("stock.v1");
  if (a === undefined || b === undefined) throw new Error("no methods");
  notes.note(a);
  notes.note(b);
  notes.note(a);
  await pass(999);
  t.same(written, []);
  await pass(1);
  t.same(written, [{ caller: "cart", version: "1.0.0", sha256: "a".repeat(64), methods: ["A", "B"] }]);
  notes.note(a);
  await pass(10_000);
  t.equal(written.length, 1);
  await notes[Symbol.asyncDispose]();
});

t.test("a method that is used later is added, and all is written again each day", async (t) => {
  const { notes, pass, methods } = notesOf(t);
  const [a, b] = methodsOf("stock.v1");
  if (a === undefined || b === undefined) throw new Error("no methods");
  notes.note(a);
  await pass(1_000);
  notes.note(b);
  await pass(1_000);
  t.same(methods(), ["A", "A,B"]);
  await pass(refreshUsesMs);
  await pass(1_000);
  t.same(methods(), ["A", "A,B", "A,B"]);
  await notes[Symbol.asyncDispose]();
});

t.test("a registry that takes no note is asked again a minute later; a stop asks once more", async (t) => {
  const { notes, pass, methods, state } = notesOf(t);
  const [a, b] = methodsOf("stock.v1");
  if (a === undefined || b === undefined) throw new Error("no methods");
  state.away = true;
  notes.note(a);
  await pass(1_000);
  t.same(methods(), []);
  state.away = false;
  await pass(59_999);
  t.same(methods(), []);
  await pass(1);
  t.same(methods(), ["A"]);
  notes.note(b);
  await notes[Symbol.asyncDispose]();
  t.same(methods(), ["A", "A,B"]);
});

t.test("what all services have is not noted, and nothing after the end", async (t) => {
  const { notes, pass, written } = notesOf(t);
  for (const method of methodsOf("samspel.v1")) notes.note(method);
  await pass(1_000);
  await notes[Symbol.asyncDispose]();
  for (const method of methodsOf("stock.v1")) notes.note(method);
  await pass(100_000);
  t.same(written, []);
});
