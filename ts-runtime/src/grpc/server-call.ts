// One gRPC call at the server, from its head to its end. Invariants:
//   V1. A call has one end: what came first of an answer, a failure, its deadline, a stop, or its caller's leaving.
//   V2. At its end the caller is answered at once, whatever the handler does, and the handler's signal aborts.
//   V3. A unary handler begins when the request is whole: with one message, no less and no more.
import type { DescMessage, DescMethod, Message, MessageInitShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { asRequestFault } from "../errors/index.ts";
import type { Place } from "../roster/index.ts";
import type { RunningSpan } from "../telemetry/index.ts";
import { answerHead, answerTrailers, bareHead } from "./answer-fields.ts";
import { CallContext, type CallOrigin } from "./call-context.ts";
import type { ServerStream, ServerStreamUser } from "./carrier.ts";
import {
  answerCompression,
  deflate,
  isWorthCompressing,
  requestCompression,
  type Compression,
} from "./compression.ts";
import type { Deadline } from "./deadlines.ts";
import { fieldOf } from "./fields.ts";
import { soleFrame } from "./frame.ts";
import { isPromise } from "./is-promise.ts";
import { MessageSink } from "./message-sink.ts";
import { MessageSource } from "./message-source.ts";
import { decodeMessage, encodeFrame } from "./message.ts";
import { extraRequest, missingRequest, soleRequest } from "./request-count.ts";
import { okStatus, statusFields } from "./status.ts";
import type { CallEdge, ServedMethod } from "./served-method.ts";
import { parseTimeout } from "./timeout.ts";

type Init = MessageInitShape<DescMessage>;

export class ServerCall<O extends CallOrigin> implements ServerStreamUser, Deadline {
  readonly method: DescMethod;
  readonly origin: O;
  /** Whether the caller has set a deadline. */
  readonly hasOwnDeadline: boolean;
  readonly context: CallContext;
  // For the edge to say: since when it holds a place, as `performance.now()`; where it stands in the roster of calls; its span.
  placedMs = 0;
  rosterPlace: Place | undefined;
  span: RunningSpan | undefined;
  /** What the handler does, where it takes its time: it may go on when the call is over. */
  work: PromiseLike<unknown> | undefined;
  readonly #stream: ServerStream;
  readonly #served: ServedMethod<O>;
  readonly #edge: CallEdge<O>;
  #deadline: Place | undefined;
  #compression: Compression | undefined;
  #answerCompression: Compression | undefined;
  /** The one request, where it came in one piece. */
  #sole: Buffer | undefined;
  #source: MessageSource<DescMessage> | undefined;
  #sink: MessageSink | undefined;
  #answers: AsyncIterator<Init> | undefined;
  #abortReason: unknown;
  #isWatched = false;
  #headSent = false;
  #isOver = false;

  constructor(stream: ServerStream, origin: O, served: ServedMethod<O>, edge: CallEdge<O>) {
    this.#stream = stream;
    this.#served = served;
    this.#edge = edge;
    this.method = served.method;
    this.origin = origin;
    const timeout = fieldOf(stream.fields, "grpc-timeout");
    this.hasOwnDeadline = timeout !== undefined;
    let timeoutMs = served.timeoutMs;
    let refusal: ConnectError | undefined;
    try {
      if (timeout !== undefined) timeoutMs = parseTimeout(timeout);
      this.#negotiate();
    } catch (error) {
      refusal = ConnectError.from(error);
    }
    this.context = new CallContext(served.method, stream.fields, origin, timeoutMs);
    if (refusal === undefined && timeoutMs !== undefined)
      this.#deadline = edge.deadlines.note(this, timeoutMs);
    stream.listen(this);
    if (refusal !== undefined) this.#refuse(refusal);
    else if (served.takes === "many") this.#begin(this.#openSource());
  }

  /** A header of the request, without all of them being made. */
  header(name: string): string | undefined {
    return fieldOf(this.#stream.fields, name);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Ends the call with a failure that is not the handler's. */
  abort(reason: unknown): void {
    if (this.#isOver) return;
    // Before the answer is made: what the edge says depends on it.
    this.#abortReason = reason;
    this.#fail(reason);
  }

  /** Why the call was ended from outside; undefined where it was not. */
  get abortReason(): unknown {
    return this.#abortReason;
  }

  /** Gives up an answer that nobody reads. */
  cut(): void {
    this.#stream.cut();
  }

  onDeadline(): void {
    this.abort(new ConnectError("the operation timed out", Code.DeadlineExceeded));
  }

  onData(chunk: Buffer): void {
    if (this.#isOver) return;
    if (this.#source === undefined) {
      if (this.#sole !== undefined) return this.#refuse(extraRequest(this.method));
      this.#sole = soleFrame(chunk, this.#edge.maxBytes(this.method));
      if (this.#sole !== undefined) return;
    }
    this.#openSource().push(chunk);
    if (this.#served.takes === "one") this.#watchOne();
  }

  onEnd(): void {
    if (this.#isOver) return;
    if (this.#source !== undefined) return this.#source.end();
    if (this.#sole === undefined) return this.#refuse(missingRequest(this.method));
    let request: Message;
    try {
      request = decodeMessage(this.method.input, this.#sole);
    } catch (error) {
      return this.#refuse(ConnectError.from(error));
    }
    this.#begin(request);
  }

  onDrain(): void {
    this.#sink?.onDrain();
  }

  onClosed(): void {
    if (!this.#isOver) this.abort(new ConnectError("the caller has gone", Code.Canceled));
    this.#edge.closed(this);
  }

  #negotiate(): void {
    const { fields } = this.#stream;
    const accepted = fieldOf(fields, "grpc-accept-encoding");
    this.#compression = requestCompression(fieldOf(fields, "grpc-encoding"));
    this.#answerCompression = answerCompression(accepted, this.#compression);
  }

  #openSource(): MessageSource<DescMessage> {
    const [desc, compression] = [this.method.input, this.#compression];
    const maxBytes = this.#edge.maxBytes(this.method);
    const options = { desc, maxBytes, compression, memory: this.#edge.memory, onFault: asRequestFault };
    return (this.#source ??= new MessageSource(options, this.#stream));
  }

  /** The one request, where it came in pieces or compressed (V3). */
  #watchOne(): void {
    if (this.#isWatched || this.#source === undefined) return;
    this.#isWatched = true;
    soleRequest(this.#source, this.method)
      .then((request) => {
        if (!this.#isOver) this.#begin(request);
      })
      .catch((error: unknown) => this.#refuse(ConnectError.from(error)));
  }

  #begin(input: Message | MessageSource<DescMessage>): void {
    try {
      const admitted = this.#edge.admit(this);
      if (admitted === undefined) return this.#run(input);
      admitted.then(
        () => this.#run(input),
        (error: unknown) => this.#fail(error),
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  #run(input: Message | MessageSource<DescMessage>): void {
    if (this.#isOver) return;
    const served = this.#served;
    try {
      const result: unknown =
        served.takes === "many" ? served.run(this.#openSource(), this) : served.run(input as Message, this);
      if (!isPromise(result)) return this.#give(result);
      this.work = result;
      result.then(
        (value) => this.#give(value),
        (error: unknown) => this.#fail(error),
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  #give(result: unknown): void {
    if (this.#served.gives === "many") {
      this.#giveMany(result as AsyncIterable<Init>).catch((error: unknown) => this.#fail(error));
      return;
    }
    if (this.#isOver) return;
    try {
      const frame = encodeFrame(this.method.output, result as Init);
      const compression = this.#answerCompression;
      if (compression === undefined || !isWorthCompressing(frame)) return this.#answer(frame, undefined);
      deflate(frame, compression).then(
        (compressed) => this.#answer(compressed, compression),
        (error: unknown) => this.#fail(error),
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  #answer(frame: Buffer, compression: Compression | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stream.answer(answerHead(this.context, compression), frame, answerTrailers(this.context, okStatus));
    this.#end(undefined);
  }

  async #giveMany(answers: AsyncIterable<Init>): Promise<void> {
    const iterator = answers[Symbol.asyncIterator]();
    this.#answers = iterator;
    if (this.#isOver) return this.#leave();
    const sink = new MessageSink(this.#stream, this.#answerCompression);
    this.#sink = sink;
    for (;;) {
      const next = await iterator.next();
      if (this.isOver) return;
      if (next.done === true) break;
      const frame = encodeFrame(this.method.output, next.value);
      this.#sendHead();
      const full = sink.add(frame);
      if (full !== undefined) {
        await full;
        if (this.isOver) return;
      }
    }
    this.#sendHead();
    this.#isOver = true;
    sink.flush();
    this.#stream.end(answerTrailers(this.context, okStatus));
    this.#end(undefined);
  }

  #sendHead(): void {
    if (this.#headSent) return;
    this.#headSent = true;
    this.#stream.head(answerHead(this.context, this.#answerCompression));
  }

  /** V2 */
  #fail(error: unknown): void {
    if (!this.#isOver) this.#refuse(this.#edge.failed(error, this));
  }

  /** What is wrong with the request itself is no failure of a handler. */
  #refuse(error: ConnectError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const status = answerTrailers(this.context, statusFields(error));
    if (this.#headSent) {
      this.#sink?.flush();
      this.#stream.end(status);
    } else if (CallContext.written(this.context).header === undefined) {
      this.#stream.refuse([...bareHead, ...status]);
    } else {
      this.#stream.head(answerHead(this.context, undefined));
      this.#stream.end(status);
    }
    this.#end(error);
  }

  #end(error: ConnectError | undefined): void {
    this.#deadline?.leave();
    this.#edge.ended(this, error);
    CallContext.end(this.context, error === undefined ? undefined : (this.#abortReason ?? error));
    this.#source?.abort(this.#abortReason ?? endedCall);
    this.#sink?.close();
    if (error !== undefined) this.#leave();
  }

  /** Tells a stream of answers that nobody waits for it; what it does then is its affair. */
  #leave(): void {
    this.#answers?.return?.().then(undefined, () => {});
  }
}

const endedCall = new ConnectError("the call has ended", Code.Canceled);
