// What a failed attempt means. Two questions decide about a retry (C2): did the handler surely not run, and whose answer is
// it, the peer's or the connection's? Our own carrier says how a stream ended that has no status; what is left to tell apart
// here is a certificate that either side refuses, which shows late with TLS 1.3, when a request has been written that
// nobody reads.
import { ConnectError } from "@connectrpc/connect";
import { IdentityError } from "@samspel/registry";
import { neverRanTrailer, SamspelError, toConnectError } from "../errors/index.ts";
import { StreamFailure } from "../grpc/index.ts";

export interface Failure {
  readonly error: ConnectError;
  /** The request provably never reached a handler. */
  readonly neverRan: boolean;
  /**
   * Whose failure it is: the caller's, who left or asked for what cannot be sent; the connection's, which did not take the
   * request to an instance; or the instance's, which is all else.
   */
  readonly of: "caller" | "connection" | "instance";
  /** The attempt took longer than one may, and the call has time left. */
  readonly timedOut?: boolean;
}

export interface Attempt {
  /** The full name of the method, for messages. */
  readonly method: string;
  /** `host:port`, for messages. */
  readonly target: string;
  /** The call was ended on this side, by its signal or its deadline. */
  readonly ended: "left" | "late" | undefined;
}

export function judge(reason: unknown, attempt: Attempt): Failure {
  const error = ConnectError.from(reason);
  if (attempt.ended !== undefined) {
    return { error, neverRan: false, of: attempt.ended === "left" ? "caller" : "instance" };
  }
  if (isFromPeer(error)) return { error, neverRan: error.metadata.has(neverRanTrailer), of: "instance" };
  const { method, target } = attempt;
  if (wasTurnedAway(error)) {
    return {
      error: toConnectError(
        new SamspelError(
          "SAMSPEL_IDENTITY_REFUSED",
          `Cannot call ${method} at ${target} as one side does not accept who the other is: ${reasonOf(error)}`,
          { cause: error, metadata: { instance: target } },
        ),
      ),
      neverRan: true,
      of: "connection",
    };
  }
  const { cause } = error;
  if (!(cause instanceof StreamFailure)) {
    // An answer that is none has no cause. What has one was thrown here, by who made the request or by what encodes it.
    return { error, neverRan: false, of: cause === undefined ? "instance" : "caller" };
  }
  const neverRan = cause.kind === "refused" || cause.kind === "unreachable";
  const what = neverRan ? "Cannot reach" : "Lost the connection to";
  return {
    error: toConnectError(
      new SamspelError(
        neverRan ? "SAMSPEL_INSTANCE_UNREACHABLE" : "SAMSPEL_CONNECTION_LOST",
        `${what} ${target} for ${method}: ${error.rawMessage}`,
        { cause: error, metadata: { instance: target } },
      ),
    ),
    neverRan,
    of: neverRan ? "connection" : "instance",
  };
}

/** The peer sent a status of its own; all else was made up on this side. */
export function isFromPeer(error: ConnectError): boolean {
  return error.metadata.has("grpc-status") || error.metadata.has("grpc-status-details-bin");
}

/** By us, which OpenSSL or `checkServerIdentity` says, or by the peer, in an alert or in the GOAWAY of our servers. */
function wasTurnedAway(error: ConnectError): boolean {
  return chainOf(error).some(
    (it) =>
      it instanceof IdentityError ||
      certificateCodes.test(codeOf(it)) ||
      it.message.includes("INADEQUATE_SECURITY") ||
      it.message.includes("with error code 12"),
  );
}

const certificateCodes =
  /^(CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|INVALID_PURPOSE|ERR_TLS_CERT_|ERR_SSL_.*(ALERT_.*CERTIFICATE|ALERT_UNKNOWN_CA|ALERT_ACCESS_DENIED))/;

function reasonOf(error: ConnectError): string {
  return chainOf(error).findLast(({ message }) => message !== "")?.message ?? error.rawMessage;
}

function chainOf(error: Error): readonly Error[] {
  const chain: Error[] = [];
  for (let it: unknown = error; it instanceof Error && !chain.includes(it); it = it.cause) chain.push(it);
  return chain;
}

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}
