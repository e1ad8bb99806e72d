// A handler's "no": a refusal that the caller can act on.
import type { Code } from "@connectrpc/connect";
import { SamspelError, type SamspelErrorOptions } from "./samspel-error.ts";

/**
 * Makes the error with which a handler refuses a request: `throw reject(Code.FailedPrecondition, "cart is empty")`.
 * The caller gets the code, the message, the reason, the metadata and the details, such as `{ details: [detail(QuotaSchema, { left:
 * 2 })] }`; nothing is persisted.
 */
export function reject(
  code: Code,
  message: string,
  options: Omit<SamspelErrorOptions, "grpc"> = {},
): SamspelError {
  return new SamspelError("SAMSPEL_REJECTED", message, { ...options, grpc: code });
}
