import * as fc from "fast-check";
import t from "tap";
import { parseArray, textArray } from "./array-text.ts";

t.test("parseArray() gives back what textArray() was given", async () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.string({ unit: "binary" }), { nil: undefined })), (values) => {
      const parsed = parseArray(textArray(values));
      return (
        parsed.length === values.length && values.every((value, index) => parsed[index] === (value ?? null))
      );
    }),
  );
});
