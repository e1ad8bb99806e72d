// The one base of all errors that Samspel throws on purpose.
import { create, type DescMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";
import type { Code } from "@connectrpc/connect";
import { errorCodes, type ErrorCode } from "./codes.ts";

const brand = Symbol.for("samspel.error");

/** What an error carries beside its message. */
export interface SamspelErrorOptions extends ErrorOptions {
  /** A service's own gRPC code in place of the table's. */
  readonly grpc?: Code;
  /**
   * The stable code that callers get in place of ours: a service's own, such as `CART_CHECKED_OUT`, for callers that tell
   * its refusals apart.
   */
  readonly reason?: string;
  /** Overrides whether a retry may help. */
  readonly retryable?: boolean;
  /** How long a caller should wait before it tries again, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Facts for programs; they travel to the caller. Put no secret here. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Messages of your own for the caller, who reads them with `error.findDetails(Schema)` of Connect, in any language. */
  readonly details?: readonly OutgoingDetail[];
}

/** A message in the details of a failed call's status. */
export interface OutgoingDetail {
  readonly desc: DescMessage;
  readonly value: Message;
}

/** A detail for `reject`: `detail(QuotaSchema, { left: 2 })`. */
export function detail<M extends DescMessage>(desc: M, value: MessageInitShape<M>): OutgoingDetail {
  return { desc, value: create(desc, value) };
}

/**
 * An error with a stable code (C5). Its message, code and metadata travel to callers; its `cause` stays here, in
 * the log. `instanceof` holds across copies of this package.
 */
export class SamspelError extends Error {
  static {
    Object.defineProperty(this.prototype, brand, { value: true });
    this.prototype.name = "SamspelError";
  }

  readonly code: ErrorCode;
  readonly grpc: Code;
  /** What callers get as `code` of the detail. */
  readonly reason: string;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly details: readonly OutgoingDetail[];

  constructor(code: ErrorCode, message: string, options: SamspelErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.grpc = options.grpc ?? errorCodes[code].grpc;
    this.reason = options.reason ?? code;
    this.retryable = options.retryable ?? errorCodes[code].retryable;
    this.retryAfterMs = options.retryAfterMs;
    this.metadata = options.metadata ?? {};
    this.details = options.details ?? [];
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === "object" && value !== null && brand in value;
  }
}
