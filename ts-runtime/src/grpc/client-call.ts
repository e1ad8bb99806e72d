// What calls of all kinds have in common at the client: their way to a stream, and their one end. Invariants:
//   L1. A call ends once: by the server's status, its deadline, its signal, or what became of its stream.
//   L2. Whatever ends it here ends it there: the stream is cancelled, and the handler's signal aborts.
//   L3. Of a call that failed without a status of the server's, the error's cause is the `StreamFailure` that says how.
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Place } from "../roster/index.ts";
import type { Authority, ClientCarrier, ClientStream, ClientStreamUser } from "./carrier.ts";
import { isGrpcAnswer } from "./content-type.ts";
import { compressionOf, type Compression } from "./compression.ts";
import type { Deadline, Deadlines } from "./deadlines.ts";
import { failedCall } from "./failed-call.ts";
import { fieldOf, toHeaders, type Fields, type RawFields } from "./fields.ts";
import { codeOfHttpStatus } from "./http-status.ts";
import { requestHead } from "./request-head.ts";
import { hasStatus, readStatus } from "./status.ts";
import type { StreamFailure } from "./stream-failure.ts";

export interface ClientCallOptions {
  readonly carrier: ClientCarrier;
  readonly deadlines: Deadlines;
  /** The largest message that is taken. */
  readonly maxBytes: number;
  /** What requests are compressed with: servers that do not know it refuse the call. Default: nothing. */
  readonly requestEncoding?: "gzip" | "br";
  /** From which size on they are. Default 64 KiB. */
  readonly compressMinBytes?: number;
}

export interface CallRequest {
  readonly method: DescMethod;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | undefined;
  readonly headers: Headers | undefined;
}

export abstract class ClientCall implements ClientStreamUser, Deadline {
  readonly method: DescMethod;
  protected readonly maxBytes: number;
  protected stream: ClientStream | undefined;
  protected answerHead: Fields = {};
  protected hasHead = false;
  protected trailers: Fields | undefined;
  protected isOver = false;
  /** Of the answers. */
  protected compression: Compression | undefined;
  protected readonly requestCompression: Compression | undefined;
  protected readonly compressMinBytes: number | undefined;
  /** Then the head is not the end as well, whatever is in it. */
  protected hasBody = false;
  readonly #signal: AbortSignal | undefined;
  readonly #headers: Headers | undefined;
  readonly #endMs: number | undefined;
  readonly #deadline: Place | undefined;
  #leaveQueue: (() => void) | undefined;
  #hasEnded = false;

  constructor(
    { maxBytes, deadlines, requestEncoding, compressMinBytes }: ClientCallOptions,
    { method, signal, timeoutMs, headers }: CallRequest,
  ) {
    this.requestCompression = compressionOf(requestEncoding);
    this.compressMinBytes = compressMinBytes;
    this.method = method;
    this.maxBytes = maxBytes;
    this.#signal = signal;
    this.#headers = headers;
    if (timeoutMs !== undefined) {
      this.#endMs = performance.now() + timeoutMs;
      this.#deadline = deadlines.note(this, timeoutMs);
    }
  }

  /** The stream is there: what is to be said can be. */
  abstract onOpen(stream: ClientStream): void;
  abstract onData(chunk: Buffer): void;
  abstract onDrain(): void;
  /** The server has said all, and its status is good. */
  protected abstract succeed(): void;
  /** The call is over, and this is why. */
  protected abstract settleFailed(error: ConnectError): void;

  /** Begins; what is not possible is a failure like any other. */
  begin(carrier: ClientCarrier): void {
    const signal = this.#signal;
    if (signal?.aborted === true) return this.handleEvent();
    signal?.addEventListener("abort", this);
    try {
      const leave = carrier.open(this);
      if (!this.isOver) this.#leaveQueue = leave;
    } catch (error) {
      this.fail(ConnectError.from(error, Code.Unavailable));
    }
  }

  head(authority: Authority): RawFields {
    return requestHead(this.method, authority, {
      headers: this.#headers,
      endMs: this.#endMs,
      encoding: this.requestCompression?.name,
    });
  }

  onHead(fields: Fields): void {
    if (this.isOver) return;
    this.answerHead = fields;
    this.hasHead = true;
    const status = Number(fields[":status"]);
    if (status !== 200) {
      // A proxy may have put gRPC's own word into it.
      const said = hasStatus(fields) ? readStatus(fields, fields) : undefined;
      return this.fail(
        said ?? new ConnectError(`HTTP ${status}`, codeOfHttpStatus(status), toHeaders(fields)),
      );
    }
    const type = fieldOf(fields, "content-type");
    if (!isGrpcAnswer(type)) {
      return this.fail(new ConnectError(`unsupported content type ${type}`, Code.Unknown, toHeaders(fields)));
    }
    const encoding = fieldOf(fields, "grpc-encoding");
    if (encoding === undefined || encoding === "identity") return;
    this.compression = compressionOf(encoding);
    if (this.compression === undefined) {
      this.fail(
        new ConnectError(`unsupported response encoding "${encoding}"`, Code.Internal, toHeaders(fields)),
      );
    }
  }

  onTrailers(fields: Fields): void {
    this.trailers = fields;
  }

  onEnd(): void {
    if (this.isOver) return;
    this.#hasEnded = true;
    const error = readStatus(this.trailers ?? (this.hasBody ? {} : this.answerHead), this.answerHead);
    if (error === undefined) this.succeed();
    else this.fail(error);
  }

  onClosed(failure: StreamFailure | undefined): void {
    // A message may still be on its way through its compression.
    if (this.isOver || this.#hasEnded) return;
    if (failure === undefined)
      return this.fail(new ConnectError("protocol error: missing status", Code.Internal));
    // A server that ends the call at its deadline may be quicker than we are.
    if (this.#endMs !== undefined && performance.now() >= this.#endMs) return this.onDeadline();
    this.fail(failedCall(failure));
  }

  onDeadline(): void {
    this.fail(new ConnectError("the operation timed out", Code.DeadlineExceeded));
  }

  /** The signal of the call has aborted. */
  handleEvent(): void {
    this.fail(ConnectError.from(this.#signal?.reason, Code.Canceled));
  }

  /** L1, L2 */
  protected fail(error: ConnectError): void {
    if (this.isOver) return;
    this.end();
    this.stream?.cancel();
    this.settleFailed(error);
  }

  protected end(): void {
    this.isOver = true;
    this.#deadline?.leave();
    this.#signal?.removeEventListener("abort", this);
    this.#leaveQueue?.();
  }
}
