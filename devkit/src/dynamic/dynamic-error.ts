/** Why a call was not made. */
export type DynamicErrorReason =
  /** No such method, service or instance; or nothing says what an instance serves. */
  | "unknown"
  /** The method can be called, but not with this: a request that does not fit, several for a unary method. */
  | "invalid";

/** Why a call was not made at all; the message says all. */
export class DynamicError extends Error {
  override readonly name: string = "DynamicError";
  readonly reason: DynamicErrorReason;

  constructor(reason: DynamicErrorReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
