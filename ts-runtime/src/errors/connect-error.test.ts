import { Code } from "@connectrpc/connect";
import t from "tap";
import { ErrorDetailSchema } from "../gen/samspel/v1/errors_pb.ts";
import { reject, toConnectError } from "./index.ts";

t.test("toConnectError() gives callers a rejection's own reason, else the stable code (C5)", async (t) => {
  const codeOf = (error: Error): string | undefined =>
    toConnectError(error).findDetails(ErrorDetailSchema)[0]?.code;
  t.equal(codeOf(reject(Code.FailedPrecondition, "cart is empty")), "SAMSPEL_REJECTED");
  t.equal(codeOf(reject(Code.FailedPrecondition, "cart is empty", { reason: "CART_EMPTY" })), "CART_EMPTY");
});

t.test("toConnectError() tells nothing of an unknown error", async (t) => {
  const error = toConnectError(new Error("secret"));
  t.equal(error.code, Code.Internal);
  t.equal(error.rawMessage, "internal error");
  t.same(error.findDetails(ErrorDetailSchema), []);
});
