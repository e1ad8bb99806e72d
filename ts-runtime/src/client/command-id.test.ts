import * as fc from "fast-check";
import t from "tap";
import { commandId, commandIdHeader } from "./command-id.ts";

t.test("commandId() makes a new id each time, and keeps a given one", async (t) => {
  t.not(commandId().headers[commandIdHeader], commandId().headers[commandIdHeader]);
  t.equal(commandId("order 7").headers[commandIdHeader], "order 7");
});

t.test("commandId() takes only what arrives as it was sent", async (t) => {
  for (const bad of ["", " a", "a ", "ü", "a\nb", "a\0", "x".repeat(257)]) {
    t.throws(() => commandId(bad), RangeError, JSON.stringify(bad));
  }
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 300, unit: "grapheme" }), (id) => {
      let accepted: string | undefined;
      try {
        accepted = commandId(id).headers[commandIdHeader];
      } catch {
        return true;
      }
      return accepted === id && new Headers({ [commandIdHeader]: id }).get(commandIdHeader) === id;
    }),
  );
});
