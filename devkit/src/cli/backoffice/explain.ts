// What went wrong, for people, and the exit code that says so to scripts.
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorDetailSchema } from "@samspel/runtime/gen/samspel/v1/errors_pb.js";
import { UsageError } from "./usage-error.ts";

const refused = 1;
const notAsked = 2;

export function explain(error: unknown): { readonly message: string; readonly code: 1 | 2 } {
  if (error instanceof UsageError) return { message: error.message, code: notAsked };
  if (!(error instanceof ConnectError)) {
    // A defect, and its stack helps.
    return {
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      code: notAsked,
    };
  }
  if (error.code === Code.Unimplemented) {
    return {
      message:
        "The service has no backoffice: in production it is off unless SAMSPEL_BACKOFFICE=true, and services in other languages have none",
      code: notAsked,
    };
  }
  const [detail] = error.findDetails(ErrorDetailSchema);
  const message = detail === undefined ? error.message : `${detail.code}: ${error.rawMessage}`;
  const isAway = error.code === Code.Unavailable && detail === undefined;
  return isAway
    ? { message: `The service does not answer: ${error.rawMessage}`, code: notAsked }
    : { message, code: refused };
}
