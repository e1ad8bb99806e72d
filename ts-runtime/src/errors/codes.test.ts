import { readFile } from "node:fs/promises";
import { Code } from "@connectrpc/connect";
import t from "tap";
import { errorCodes } from "./codes.ts";

t.test(
  "each error code stands in docs/reference/errors.md with its gRPC code and whether a retry helps",
  async (t) => {
    const page = await readFile(new URL("../../../docs/reference/errors.md", import.meta.url), "utf8");
    const rows = new Map(
      page
        .split("\n")
        .filter((line) => line.startsWith("| `SAMSPEL_"))
        .map((line) => line.split("|").map((cell) => cell.trim()))
        .map(([, code, grpc, retry]) => [code?.replaceAll("`", ""), { grpc, retry }]),
    );
    for (const [code, { grpc, retryable }] of Object.entries(errorCodes)) {
      t.same(rows.get(code), { grpc: Code[grpc], retry: retryable ? "yes" : "no" }, code);
    }
    t.same(new Set(rows.keys()), new Set(Object.keys(errorCodes)), "and nothing else does");
  },
);
