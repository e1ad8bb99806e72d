// What a server asks of those whose call it did not take: to wait, or not to come back (gRFC A6). It says so in a trailer,
// which every gRPC knows and which is of this server alone, or in the details of its status, ours or Google's.
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import { RetryInfoSchema } from "../gen/google/rpc/error_details_pb.ts";
import { errorDetail } from "./error-detail.ts";

const trailer = "grpc-retry-pushback-ms";

/** In milliseconds; Infinity for "do not send it again", undefined where nothing is asked. */
export function pushbackMs(error: ConnectError): number | undefined {
  const said = error.metadata.get(trailer);
  // What is negative or no number is a no, says the gRFC.
  if (said !== null) return /^\d{1,15}$/.test(said.trim()) ? Number(said) : Infinity;
  const asked = errorDetail(error)?.retryAfter ?? error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  return asked === undefined ? undefined : Math.max(0, durationMs(asked));
}
