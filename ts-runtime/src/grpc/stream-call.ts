// Calls with a stream of requests, of answers, or of both, at the client.
import type { DescMessage, DescMethodStreaming, MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type StreamResponse } from "@connectrpc/connect";
import type { ClientStream } from "./carrier.ts";
import { ClientCall, type CallRequest, type ClientCallOptions } from "./client-call.ts";
import { toHeaders, type Fields } from "./fields.ts";
import { MessageSink } from "./message-sink.ts";
import { MessageSource } from "./message-source.ts";
import { encodeFrame } from "./message.ts";
import { hasStatus } from "./status.ts";

export class StreamCall<I extends DescMessage, O extends DescMessage> extends ClientCall {
  /** Resolves when the head of the answer has come. */
  readonly answer: Promise<StreamResponse<I, O>>;
  readonly #method: DescMethodStreaming<I, O>;
  readonly #requests: AsyncIterable<MessageInitShape<I>>;
  #iterator: AsyncIterator<MessageInitShape<I>> | undefined;
  #sink: MessageSink | undefined;
  #source: MessageSource<O> | undefined;
  #hasSaidAll = false;
  /** Node may bring the first data before the head. */
  readonly #early: Buffer[] = [];
  readonly #trailer = new Headers();
  #resolve: (answer: StreamResponse<I, O>) => void = () => {};
  #reject: (error: ConnectError) => void = () => {};

  constructor(
    options: ClientCallOptions,
    call: CallRequest,
    method: DescMethodStreaming<I, O>,
    requests: AsyncIterable<MessageInitShape<I>>,
  ) {
    super(options, call);
    this.#method = method;
    this.#requests = requests;
    this.answer = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  onOpen(stream: ClientStream): void {
    this.stream = stream;
    this.#say(stream).catch((error: unknown) => this.fail(ConnectError.from(error)));
  }

  override onHead(fields: Fields): void {
    super.onHead(fields);
    // Where the head is the end as well, it says whether there is an answer at all.
    if (!this.isOver && (this.hasBody || !hasStatus(fields))) this.#open();
  }

  onData(chunk: Buffer): void {
    if (this.isOver) return;
    this.hasBody = true;
    if (this.#source !== undefined) return this.#source.push(chunk);
    this.#early.push(chunk);
    if (this.hasHead) this.#open();
  }

  onDrain(): void {
    this.#sink?.onDrain();
  }

  protected succeed(): void {
    const source = this.#source ?? this.#open();
    this.end();
    this.#fillTrailer();
    source.end();
    if (this.#hasSaidAll) return;
    this.#sink?.close();
    // The server does not want the rest.
    this.stream?.cancel();
    this.#leave(undefined);
  }

  protected settleFailed(error: ConnectError): void {
    this.#fillTrailer();
    this.#sink?.close();
    this.#reject(error);
    if (error.isWireError) this.#source?.fail(error);
    else this.#source?.abort(error);
    if (!this.#hasSaidAll) this.#leave(error);
  }

  #open(): MessageSource<O> {
    const source = new MessageSource(
      { desc: this.#method.output, maxBytes: this.maxBytes, compression: this.compression },
      this.stream,
      () => this.fail(new ConnectError("the answers are no longer read", Code.Canceled)),
    );
    this.#source = source;
    for (const chunk of this.#early.splice(0)) source.push(chunk);
    this.#resolve({
      stream: true,
      service: this.#method.parent,
      method: this.#method,
      header: toHeaders(this.answerHead),
      trailer: this.#trailer,
      message: source,
    });
    return source;
  }

  async #say(stream: ClientStream): Promise<void> {
    const sink = new MessageSink(stream, this.requestCompression, this.compressMinBytes);
    this.#sink = sink;
    const iterator = this.#requests[Symbol.asyncIterator]();
    this.#iterator = iterator;
    for (;;) {
      const next = await iterator.next();
      if (this.isOver) return;
      if (next.done === true) break;
      const full = sink.add(encodeFrame(this.#method.input, next.value));
      if (full === undefined) continue;
      await full;
      if (this.isOver) return;
    }
    this.#hasSaidAll = true;
    sink.flush();
    stream.end();
  }

  /** Tells the writer that nobody reads on; what it does then is its affair. */
  #leave(reason: ConnectError | undefined): void {
    this.#hasSaidAll = true;
    const iterator = this.#iterator ?? this.#requests[Symbol.asyncIterator]();
    if (reason !== undefined) iterator.throw?.(reason).then(undefined, () => {});
    iterator.return?.().then(undefined, () => {});
  }

  #fillTrailer(): void {
    if (this.trailers === undefined) return;
    toHeaders(this.trailers).forEach((value, name) => this.#trailer.append(name, value));
  }
}
