// The end of a call comes over the wire as it was, and no peer's end is more than an error (S1, S2).
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import * as fc from "fast-check";
import t from "tap";
import { StatusSchema } from "../gen/google/rpc/status_pb.ts";
import { ErrorDetailSchema } from "../gen/samspel/v1/errors_pb.ts";
import type { Fields } from "./fields.ts";
import { okStatus, readStatus, statusFields } from "./status.ts";

const code = fc.integer({ min: 1, max: 16 }).map((number): Code => number);
const detail = fc
  .record({ code: fc.string(), retryable: fc.boolean(), metadata: fc.dictionary(fc.string(), fc.string()) })
  .map((init) => create(ErrorDetailSchema, init));

/** As a carrier gives them. */
function fieldsOf(raw: readonly string[]): Fields {
  const fields: Record<string, string> = {};
  for (let index = 0; index < raw.length; index += 2) fields[raw[index] ?? ""] = raw[index + 1] ?? "";
  return fields;
}

t.test("readStatus() reads what statusFields() writes", async (t) => {
  fc.assert(
    fc.property(
      code,
      fc.string({ unit: "binary" }),
      fc.array(detail, { maxLength: 3 }),
      (code, message, details) => {
        const error = new ConnectError(
          message,
          code,
          { "x-own": "1" },
          details.map((value) => ({ desc: ErrorDetailSchema, value })),
        );
        const read = readStatus(fieldsOf(statusFields(error)), {});
        return (
          read?.code === code &&
          read.rawMessage === message.toWellFormed() &&
          read.metadata.get("x-own") === "1" &&
          JSON.stringify(
            read.findDetails(ErrorDetailSchema).map((it) => [...toBinary(ErrorDetailSchema, it)]),
          ) === JSON.stringify(details.map((it) => [...toBinary(ErrorDetailSchema, it)]))
        );
      },
    ),
  );
  t.equal(readStatus(fieldsOf(okStatus), {}), undefined);
});

t.test("readStatus() makes an error of anything, and fails on nothing (S1)", async () => {
  const anything = fc.string({ unit: "grapheme-ascii" });
  fc.assert(
    fc.property(fc.option(anything), anything, fc.option(fc.base64String()), (status, message, details) => {
      const fields: Fields = {
        ...(status === null ? {} : { "grpc-status": status }),
        "grpc-message": message.trim(),
        ...(details === null ? {} : { "grpc-status-details-bin": details }),
      };
      const read = readStatus(fields, {});
      return read === undefined ? /^00?$/.test(status ?? "") : Code[read.code] !== undefined;
    }),
  );
});

t.test(
  "readStatus() believes who says that a call failed, though the details have no code (S3)",
  async (t) => {
    for (const details of [
      "",
      "AA",
      Buffer.from(toBinary(StatusSchema, create(StatusSchema, { message: "other" }))).toString("base64"),
    ]) {
      const read = readStatus(
        { "grpc-status": "5", "grpc-message": "gone", "grpc-status-details-bin": details },
        {},
      );
      t.match(read, { code: Code.NotFound, rawMessage: "gone" }, `details of "${details}"`);
    }
  },
);

t.test("readStatus() knows an end without a status, and a code that is none", async (t) => {
  t.match(readStatus({}, {}), { code: Code.Internal, rawMessage: "protocol error: missing status" });
  for (const status of ["17", "-1", "1.0", "", "OK", "00000000001"])
    t.match(readStatus({ "grpc-status": status }, {}), { code: Code.Internal });
});

t.test("statusFields() passes no headers of another call on (S2), and none that are gRPC's", async (t) => {
  const other = readStatus(
    { "grpc-status": "5", "grpc-message": "gone", "x-secret": "1" },
    { "x-head": "1" },
  );
  if (other === undefined) throw new Error("an error was expected");
  t.same(statusFields(other), ["grpc-status", "5", "grpc-message", "gone"]);
  const own = new ConnectError("no", Code.Aborted, { "grpc-status": "0", "content-type": "x", "x-own": "1" });
  t.same(statusFields(own), ["x-own", "1", "grpc-status", "10", "grpc-message", "no"]);
});
