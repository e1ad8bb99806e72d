import t from "tap";
import { nodeConditions } from "./node-conditions.ts";

t.test("nodeConditions() finds each way of writing them, and nothing else", async (t) => {
  t.same(
    nodeConditions([
      "--conditions=a",
      "--import",
      "x",
      "--conditions",
      "b",
      "--conditions",
      "development",
      "-C",
      "c",
      "--conditions",
    ]),
    ["--conditions=a", "--conditions=b", "--conditions=c"],
  );
});
