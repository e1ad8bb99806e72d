import { create } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import t from "tap";
import { SamspelError, toConnectError } from "../errors/index.ts";
import { RetryInfoSchema } from "../gen/google/rpc/error_details_pb.ts";
import { pushbackMs } from "./pushback.ts";

function pushed(value: string, details: ConnectError["details"] = []): ConnectError {
  const error = new ConnectError("not now", Code.Unavailable, { "grpc-retry-pushback-ms": value });
  error.details = details;
  return error;
}

t.test("pushbackMs() reads gRPC's trailer, and takes what is negative or no number for a no", async (t) => {
  for (const [value, ms] of [
    ["0", 0],
    [" 250 ", 250],
    ["-1", Infinity],
    ["", Infinity],
    ["soon", Infinity],
    ["1e3", Infinity],
    ["1.5", Infinity],
    ["9".repeat(40), Infinity],
  ] as const) {
    t.equal(pushbackMs(pushed(value)), ms, JSON.stringify(value));
  }
});

t.test(
  "pushbackMs() reads the details of a status, ours and Google's, unless the trailer says something",
  async (t) => {
    const ours = toConnectError(new SamspelError("SAMSPEL_OVERLOADED", "full", { retryAfterMs: 120 }));
    const value = create(RetryInfoSchema, { retryDelay: { seconds: 1n, nanos: 5e8 } });
    const googles = new ConnectError("full", Code.Unavailable, {}, [{ desc: RetryInfoSchema, value }]);
    t.equal(pushbackMs(ours), 120);
    t.equal(pushbackMs(googles), 1_500);
    t.equal(pushbackMs(pushed("7", googles.details)), 7);
    t.equal(pushbackMs(new ConnectError("no", Code.Unavailable)), undefined);
  },
);
