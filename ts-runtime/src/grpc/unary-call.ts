// One request, one answer, at the client.
import type { DescMessage, DescMethodUnary, DescService, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type UnaryResponse } from "@connectrpc/connect";
import type { ClientStream } from "./carrier.ts";
import { ClientCall, type CallRequest, type ClientCallOptions } from "./client-call.ts";
import { deflate, inflate, isWorthCompressing } from "./compression.ts";
import { toHeaders, type Fields } from "./fields.ts";
import { FrameReader, soleFrame, type Frame } from "./frame.ts";
import { decodeMessage } from "./message.ts";

/** What came; its headers are made when somebody looks. */
class Answer<I extends DescMessage, O extends DescMessage> implements UnaryResponse<I, O> {
  readonly stream = false;
  readonly method: DescMethodUnary<I, O>;
  readonly message: MessageShape<O>;
  readonly #head: Fields;
  readonly #trailers: Fields;
  #header: Headers | undefined;
  #trailer: Headers | undefined;

  constructor(method: DescMethodUnary<I, O>, message: MessageShape<O>, head: Fields, trailers: Fields) {
    this.method = method;
    this.message = message;
    this.#head = head;
    this.#trailers = trailers;
  }

  get service(): DescService {
    return this.method.parent;
  }

  get header(): Headers {
    return (this.#header ??= toHeaders(this.#head));
  }

  get trailer(): Headers {
    return (this.#trailer ??= toHeaders(this.#trailers));
  }
}

export class UnaryCall<I extends DescMessage, O extends DescMessage> extends ClientCall {
  readonly answer: Promise<UnaryResponse<I, O>>;
  readonly #method: DescMethodUnary<I, O>;
  readonly #request: Buffer;
  #resolve: (answer: UnaryResponse<I, O>) => void = () => {};
  #reject: (error: ConnectError) => void = () => {};
  #sole: Buffer | undefined;
  /** Where the answer comes in pieces, or is compressed. */
  #frames: FrameReader | undefined;
  #frame: Frame | undefined;

  /** @param request the frame of the one request. */
  constructor(options: ClientCallOptions, call: CallRequest, method: DescMethodUnary<I, O>, request: Buffer) {
    super(options, call);
    this.#method = method;
    this.#request = request;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  onOpen(stream: ClientStream): void {
    this.stream = stream;
    if (this.requestCompression === undefined || !isWorthCompressing(this.#request, this.compressMinBytes)) {
      return stream.end(this.#request);
    }
    deflate(this.#request, this.requestCompression).then(
      (compressed) => stream.end(compressed),
      (error: unknown) => this.fail(ConnectError.from(error)),
    );
  }

  onData(chunk: Buffer): void {
    if (this.isOver) return;
    this.hasBody = true;
    if (this.#frames === undefined && this.#sole === undefined) {
      this.#sole = soleFrame(chunk, this.maxBytes);
      if (this.#sole !== undefined) return;
    }
    try {
      if (this.#sole !== undefined) throw extraAnswer();
      this.#frames ??= new FrameReader(this.maxBytes);
      this.#frames.push(chunk);
      for (let frame = this.#frames.next(); frame !== undefined; frame = this.#frames.next()) {
        if (this.#frame !== undefined) throw extraAnswer();
        this.#frame = frame;
      }
    } catch (error) {
      this.fail(ConnectError.from(error));
    }
  }

  onDrain(): void {}

  protected succeed(): void {
    try {
      if (this.#sole !== undefined) return this.#settle(this.#sole);
      this.#frames?.end();
      const frame = this.#frame;
      if (frame === undefined) throw this.#missingAnswer();
      if (!frame.compressed) return this.#settle(frame.data);
      inflate(frame, this.compression, this.maxBytes).then(
        (data) => this.#settle(data),
        (error: unknown) => this.fail(ConnectError.from(error)),
      );
    } catch (error) {
      this.fail(ConnectError.from(error));
    }
  }

  protected settleFailed(error: ConnectError): void {
    this.#reject(error);
  }

  #settle(data: Uint8Array): void {
    if (this.isOver) return;
    let message: MessageShape<O>;
    try {
      message = decodeMessage(this.#method.output, data);
    } catch (error) {
      return this.fail(ConnectError.from(error));
    }
    this.end();
    this.#resolve(new Answer(this.#method, message, this.answerHead, this.trailers ?? {}));
  }

  #missingAnswer(): ConnectError {
    return new ConnectError(
      "protocol error: missing output message for unary method",
      this.trailers === undefined ? Code.Unknown : Code.Unimplemented,
    );
  }
}

function extraAnswer(): ConnectError {
  return new ConnectError(
    "protocol error: received extra output message for unary method",
    Code.Unimplemented,
  );
}
