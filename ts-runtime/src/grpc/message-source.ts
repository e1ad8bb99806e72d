// The messages that come on a stream, for one who reads them one after the other. Invariants:
//   M1. What came before an end or a status is read before it. A call that is over fails at once.
//   M2. Unread bytes are bounded: from 64 KiB on the other side is asked to wait, unless a larger message is on its way.
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Compression } from "./compression.ts";
import { inflate } from "./compression.ts";
import { FrameReader, type Frame } from "./frame.ts";
import { decodeMessage } from "./message.ts";
import type { RequestMemory } from "./request-memory.ts";

const mostUnreadBytes = 64 * 1024;

export interface SourceOptions<D extends DescMessage> {
  readonly desc: D;
  readonly maxBytes: number;
  readonly compression: Compression | undefined;
  /** Of all requests of a server. */
  readonly memory?: RequestMemory;
  /** Told of each error that is made of what came. */
  readonly onFault?: ((error: unknown) => void) | undefined;
}

/** Whom to ask for less, or for more. */
interface Flow {
  pause(): void;
  resume(): void;
}

interface Reader<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (reason: unknown) => void;
}

type Ending = { readonly type: "open" | "done" } | { readonly type: "failed"; readonly error: unknown };

const done = { done: true, value: undefined } as const;

export class MessageSource<D extends DescMessage> implements AsyncIterableIterator<
  MessageShape<D>,
  undefined
> {
  readonly #options: SourceOptions<D>;
  readonly #frames: FrameReader;
  readonly #readers: Reader<MessageShape<D>>[] = [];
  readonly #flow: Flow | undefined;
  readonly #onReturn: (() => void) | undefined;
  #ending: Ending = { type: "open" };
  #paused = false;

  /** @param onReturn is told when the reader leaves before the end. */
  constructor(options: SourceOptions<D>, flow: Flow | undefined, onReturn?: () => void) {
    this.#options = options;
    this.#frames = new FrameReader(options.maxBytes, options.memory);
    this.#flow = flow;
    this.#onReturn = onReturn;
  }

  push(chunk: Buffer): void {
    if (this.#ending.type !== "open") return;
    this.#frames.push(chunk);
    for (let reader = this.#readers[0]; reader !== undefined; reader = this.#readers[0]) {
      const result = this.#tryRead();
      if (result === undefined) return;
      this.#readers.shift();
      result.then(reader.resolve, reader.reject);
    }
    if (this.#frames.buffered < mostUnreadBytes) return;
    const { memory } = this.#options;
    if (memory?.isFull === true) return this.abort(memory.refusal());
    if (this.#paused) return;
    this.#paused = true;
    this.#flow?.pause();
  }

  /** The other side has said all; or nothing of what it goes on to say is of interest. */
  end(): void {
    this.#close({ type: "done" });
  }

  /** What fails after what came (M1). */
  fail(error: unknown): void {
    this.#close({ type: "failed", error });
  }

  /** What fails now: what came is forgotten (M1). */
  abort(error: unknown): void {
    this.#frames.clear();
    this.fail(error);
  }

  next(): Promise<IteratorResult<MessageShape<D>, undefined>> {
    const result = this.#readers.length === 0 ? this.#tryRead() : undefined;
    if (result !== undefined) {
      if (this.#paused && this.#frames.buffered < mostUnreadBytes) this.#resume();
      return result;
    }
    if (this.#paused) this.#resume();
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  /** Who stops to read leaves the rest. */
  return(): Promise<IteratorResult<MessageShape<D>, undefined>> {
    const isOpen = this.#ending.type === "open";
    this.#frames.clear();
    this.#ending = { type: "done" };
    this.#resume();
    if (isOpen) this.#onReturn?.();
    return Promise.resolve(done);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #close(ending: Ending): void {
    if (this.#ending.type !== "open") return;
    this.#ending = ending;
    for (const reader of this.#readers.splice(0)) this.#read().then(reader.resolve, reader.reject);
  }

  #read(): Promise<IteratorResult<MessageShape<D>, undefined>> {
    return this.#tryRead() ?? Promise.resolve(done);
  }

  /** Undefined where there is nothing yet. */
  #tryRead(): Promise<IteratorResult<MessageShape<D>, undefined>> | undefined {
    try {
      const frame = this.#frames.next();
      if (frame !== undefined) return this.#decoded(frame);
      if (this.#ending.type === "open") return undefined;
      if (this.#ending.type === "failed") throw this.#ending.error;
      this.#frames.end();
      return Promise.resolve(done);
    } catch (error) {
      return Promise.reject(this.#broken(error));
    }
  }

  /** Once is enough: who reads on finds the end. */
  #broken(error: unknown): unknown {
    const isGiven = this.#ending.type === "failed" && this.#ending.error === error;
    if (!isGiven) this.#options.onFault?.(error);
    this.#frames.clear();
    this.#ending = { type: "done" };
    return error;
  }

  #endReaders(): void {
    for (const reader of this.#readers.splice(0)) reader.resolve(done);
  }

  #decoded(frame: Frame): Promise<IteratorResult<MessageShape<D>, undefined>> {
    const { desc, maxBytes, compression } = this.#options;
    if (!frame.compressed) return Promise.resolve({ done: false, value: decodeMessage(desc, frame.data) });
    return inflate(frame, compression, maxBytes)
      .then((data) => ({ done: false, value: decodeMessage(desc, data) }) as const)
      .catch((error: unknown) => {
        const broken = this.#broken(error);
        this.#endReaders();
        throw broken;
      });
  }

  #resume(): void {
    this.#paused = false;
    this.#flow?.resume();
  }
}
